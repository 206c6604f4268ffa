"""The comparison with installable detectors: the runner with a trivial peer, figures, tables."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.peers import __main__ as command
from benchmarks.peers import (
    answers,
    environment,
    material,
    peer,
    quality,
    report,
    run,
    speed,
    table,
)
from benchmarks.peers.adapters import better_profanity
from benchmarks.peers.conversation import Conversation
from benchmarks.peers.environment import Environment, PeerError
from benchmarks.peers.peer import Peer
from benchmarks.peers.run import Outcome
from benchmarks.peers.speed import Speed

from hatelens.data import catalog
from hatelens.errors import DataError
from hatelens.evaluation.selection import select

HERE = Environment(Path(sys.executable))

TRIVIAL = """
print("a library greets on standard output")

def load(word):
    def one(text):
        at = text.find(word)
        spans = [[at, at + len(word)]] if at >= 0 else []
        return {"score": float(at >= 0), "hateful": at >= 0, "spans": spans}
    return lambda texts: [one(text) for text in texts]
"""

HEAD = (
    "functionality,case_id,test_case,label_gold,target_ident,direction,templ_id,ref_case_id,"
    "ref_templ_id\n"
)
CASES = (
    HEAD
    + """derog_h,1,Zorblaxians are worthless,hateful,Zorblaxians,,,,
derog_h,2,Zorblaxians are the worst,hateful,Zorblaxians,,,,
neutral_nh,3,I met two Zorblaxians,non-hateful,Zorblaxians,,,,
object_nh,4,this kettle is worthless,non-hateful,,,,,
"""
)

PUBLISHED = """case_id,pred_perspective
1,hateful
2,hateful
3,non-hateful
4,hateful
"""


@pytest.fixture
def trivial(tmp_path) -> Peer:
    adapter = tmp_path / "adapter.py"
    adapter.write_text(TRIVIAL, encoding="utf-8")
    return Peer("trivial", adapter, arguments=("worthless",), note="knows one word")


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """Hold a HateCheck of four cases and marked comments of two."""
    folder = tmp_path / "data"
    for name in ("hatecheck", "toxic_spans"):
        (folder / name).mkdir(parents=True)
    (folder / "hatecheck" / "test_suite_cases.csv").write_text(CASES, encoding="utf-8")
    (folder / "hatecheck" / "baseline_predictions.csv").write_text(PUBLISHED, encoding="utf-8")
    (folder / "toxic_spans" / "tsd_test.csv").write_text(
        'spans,text\n"[4, 5, 6, 7, 8, 9, 10, 11, 12]","so, worthless folk"\n[],a fine day\n',
        encoding="utf-8",
    )
    for part in ("train", "trial"):
        (folder / "toxic_spans" / f"tsd_{part}.csv").write_text(
            f"spans,text\n[],nothing of {part}\n", encoding="utf-8"
        )
    monkeypatch.setenv("HATELENS_DATA", str(folder))
    return folder


def test_a_peer_answers_in_a_process_of_its_own(trivial):
    with Conversation(trivial, HERE) as talk:
        found = talk.answers(["worthless marsh", "a lone \ud800 surrogate\x00"])
    assert [one["hateful"] for one in found] == [True, False]
    assert found[0]["spans"] == [[0, 9]]


def test_a_peer_that_ends_is_named_with_its_last_line(trivial):
    trivial.adapter.write_text("raise RuntimeError('no such locale')", encoding="utf-8")
    with Conversation(trivial, HERE) as talk, pytest.raises(PeerError, match="no such locale"):
        talk.answers(["anything"])


def test_a_peer_that_loses_texts_is_an_error(trivial):
    trivial.adapter.write_text("def load(word):\n    return lambda texts: []\n", encoding="utf-8")
    with Conversation(trivial, HERE) as talk, pytest.raises(PeerError, match="0 of 1"):
        talk.answers(["anything"])


def test_a_pinned_peer_is_asked_once_and_hatelens_every_time(trivial):
    def asked(one: Peer, word: str) -> bool:
        with Conversation(replace(one, arguments=(word,)), HERE) as talk:
            return answers.of(talk, ["worthless marsh"])[0]["hateful"]

    assert asked(trivial, "worthless")
    assert asked(trivial, "another word"), "the answer of the first time was kept"
    assert not asked(replace(trivial, own=True), "another word")


def test_costs_are_of_this_process_and_not_of_the_one_that_started_it(trivial):
    ballast = bytearray(300_000_000)
    cost = speed.measure(trivial, HERE, ["worthless marsh", "fine"] * 20)
    assert len(ballast) > cost.memory * 1e6
    assert cost.texts_per_second > 1
    assert 0 < cost.milliseconds < 1000
    assert cost.start > 0.005


def test_two_marks_are_compared_by_their_characters():
    assert quality.character_f1(frozenset(), frozenset()) == 1.0
    assert quality.character_f1(frozenset({1}), frozenset()) == 0.0
    assert quality.character_f1(frozenset({1, 2}), frozenset({2, 3})) == 0.5
    assert quality.characters([[0, 2], [1, 4]]) == {0, 1, 2, 3}


def test_pooled_figures_take_the_verdict_for_f1_and_the_score_for_auroc():
    import numpy as np

    said = [{"score": score, "hateful": False} for score in (0.4, 0.3, 0.2, 0.1)]
    found = quality.pooled(np.array([True, True, False, False]), said)
    assert found["auroc"].value == 1.0
    assert found["hateful_f1"].value == 0.0
    assert found["macro_f1"].value == pytest.approx((2 * 2 / (2 + 4)) / 2)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Time short passes: the figures matter to nobody here."""
    monkeypatch.setattr(speed, "SECONDS", 0.05)


def test_the_whole_run_measures_a_peer_and_keeps_one_that_cannot_be_installed(trivial, data):
    texts = material.load(["hatecheck", "toxic_spans", "ghc"])
    broken = replace(trivial, name="broken", reason="There is no such model.", own=True)
    good = run.measured(trivial, HERE, texts)
    (bad,) = run.measure([broken], texts, lambda line: None)
    assert good.quality is not None
    assert good.quality.hatecheck is not None
    assert good.quality.hatecheck.overall == 0.5
    assert good.quality.spans is not None
    assert good.quality.spans.value == 1.0
    page = report.markdown(report.Report.of([good, bad], texts))
    assert "| trivial | 0.500 |" in page
    assert "| Perspective (published) | 0.750 |" in page
    assert "broken was not measured: There is no such model." in page
    assert "ghc is not on this machine" in page
    assert "worthless" not in page


def test_a_peer_that_marks_nothing_has_no_character_f1(data):
    chosen = select(catalog.load("toxic_spans", split="test"), "test")
    assert quality.span_f1(chosen, [{"spans": []}, {}]) is None


def test_no_data_at_hand_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("HATELENS_DATA", str(tmp_path))
    with pytest.raises(DataError, match="stormfront is not on this machine"):
        material.load(["stormfront"])


def test_timed_texts_are_drawn_from_every_set_and_the_same_every_time(data):
    texts = material.load(["hatecheck", "toxic_spans"], limit=4)
    assert len(texts.timed) == 4
    assert texts.timed == material.load(["hatecheck", "toxic_spans"], limit=4).timed
    assert {"so, worthless folk", "a fine day"} <= set(texts.timed)


def test_costs_stand_beside_their_ratio_to_hatelens(trivial):
    ours = Outcome(
        replace(trivial, name="hatelens | x", own=True), speed=Speed(100, 4, 100, 1, 200)
    )
    theirs = Outcome(trivial, speed=Speed(12_345, 1, 50, 0.5, 100))
    shown = table.cost([theirs, ours])
    assert "| trivial | 12,345 (123) | 1 (0.25) | 50 (0.5) | 0.5 (0.5) | 100 (0.5) |" in shown
    assert "| hatelens \\| x | 100 (1) |" in shown
    assert "| trivial | 12,345 | 1 |" in table.cost([theirs])


def test_every_listed_peer_has_its_adapter_and_pinned_packages():
    for one in filter(None, peer.PEERS.values()):
        assert one.adapter.is_file()
        assert one.requirements is not None
        lines = one.requirements.read_text(encoding="utf-8").split("\n")
        assert all("==" in line for line in lines if line)


def test_a_model_that_is_not_there_is_chosen_with_the_reason():
    (ours, theirs) = peer.choose(["hatelens", "profanex"], ["no/such/folder"])
    assert "no model folder" in ours.reason
    assert theirs.name == "profanex"
    with pytest.raises(PeerError, match="no model folder"):
        environment.make(ours)


def test_censored_words_are_found_again_in_the_text():
    hidden = better_profanity_marks("a bad word, very bad", "bad", "very bad")
    assert hidden == ["bad", "very bad"]
    assert better_profanity_marks("bad", "bad") == ["bad"]
    assert better_profanity_marks("bad bad good", "bad", "bad") == ["bad", "bad"]


def better_profanity_marks(text: str, *words: str) -> list[str]:
    """Censor words one after the other from the left, as the peer does, and mark them again."""
    kept, rest = "", text
    for word in words:
        before, _, rest = rest.partition(word)
        kept += before + better_profanity.CENSOR * 4
    return [text[b:e] for b, e in better_profanity.marks(text, kept + rest)]


def test_uv_takes_local_wheels_from_pip_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert environment.settings()["UV_TORCH_BACKEND"] == "auto"
    (tmp_path / "torch-2.13.0-py3-none-any.whl").touch()
    assert environment.settings() == {"UV_SYSTEM_CERTS": "1", "UV_FIND_LINKS": str(tmp_path)}


def test_what_cannot_be_installed_is_one_line(trivial, tmp_path):
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("no such requirement ===\n", encoding="utf-8")
    with pytest.raises(PeerError, match="cannot be installed") as caught:
        environment.make(replace(trivial, requirements=wanted))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_better_profanity_is_installed_and_measured(data, tmp_path, capsys):
    chosen = ["--peers", "better-profanity", "--data", "hatecheck", "--out", str(tmp_path)]
    command.main(chosen)
    command.main(chosen)  # the second time from the cache
    values = json.loads((tmp_path / "peers.json").read_text(encoding="utf-8"))
    (found,) = values["outcomes"]
    assert found["reason"] == ""
    assert found["quality"]["hatecheck"]["non_hateful"] == 1.0
    assert 0.05 < found["speed"]["size"] < 5
    assert "| better-profanity |" in capsys.readouterr().out
