"""``hatelens data export-verdicts``, and training on what it writes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hatelens import detect
from hatelens.cli import main
from hatelens.config.compose import compose
from hatelens.errors import ConfigError, DataError
from hatelens.labels import LabelSet
from hatelens.storage import database as databases
from hatelens.storage import reviews, sealing, verdicts
from hatelens.storage.ledger import Ledger
from hatelens.storage.reviews import Waiting
from hatelens.storage.texts import Kept
from hatelens.training import run as training
from tests.serving.recorded import SPRING, an_answer, url

SECRET = "a secret of the tests, long enough"
PEOPLE = ("Zorblaxians", "Veluvians", "Quarrons", "Mistrals", "Tandorians", "Ulmites")
PLACES = ("the market", "our street", "the old bridge", "this forum", "the school")


@pytest.fixture
def record(tmp_path, monkeypatch, linear_folder):
    """Sixty texts, judged kind and unkind by turns, and a model of these labels."""
    monkeypatch.setenv("HATELENS_DATABASE", url(tmp_path))
    monkeypatch.setenv("HATELENS_SECRET", SECRET)
    monkeypatch.setenv("HATELENS_DATA", "")
    labels = LabelSet(("kind", "not so kind"), ("not so kind",))
    monkeypatch.setenv("HATELENS_MODEL", str(linear_folder(tmp_path / "m", "mean", labels=labels)))
    database = databases.opened(url(tmp_path))
    ledger = Ledger(database)
    for number, (people, place) in enumerate((a, b) for a in PEOPLE for b in PLACES):
        judge(database, ledger, f"Lovely {people} sang at {place} today.", "kind", number)
        judge(database, ledger, f"Throw those {people} out of {place}!", "not so kind", number)
    ledger.close()
    database.close()


def judge(database, ledger, text, label, number):
    sealer = sealing.sealer(database, SECRET)
    answer = an_answer(text_hash=sealer.hash(text), decision="unsure")
    kept = Kept(answer.text_hash, sealer.seal(text), None)
    waiting = Waiting(answer.id, answer.time, answer.text_hash, "", 0.5)
    ledger.write([answer], [kept], [waiting]).result(30)
    assert reviews.claim(database, "anna", SPRING, 60_000_000) is not None
    now, side = SPRING + number * 1_000_000, label != "kind"
    given = verdicts.give(database, answer.id, "anna", label, note="", now=now, side=side)
    assert given is not None


def call(*arguments):
    return CliRunner().invoke(main.app, ["data", "export-verdicts", *map(str, arguments)])


def rows(path: Path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_was_judged_is_written_and_can_be_learned_from(record, tmp_path):
    out = tmp_path / "verdicts.jsonl"
    done = call(out)
    assert done.exit_code == 0, done.exception
    assert done.stdout == f"{out}\n"
    found = rows(out)
    assert len(found) == 60
    assert found[0] == {
        "text": "Lovely Zorblaxians sang at the market today.", "label": "kind",
        "source": "verdict", "time": "2026-03-01T12:00:00Z", "model": "keywords-1",
        "hateful": 0.1, "community": "", "reviewer": "anna",
    }  # fmt: skip
    line = shlex.split(done.stderr.splitlines()[-1])
    assert line[:2] == ["hatelens", "train"]
    folder = training.run(compose([*line[2:], f"out={tmp_path / 'learned'}"]))
    learned = detect.load(str(folder))
    assert learned.labels == LabelSet(("kind", "not so kind"), ("not so kind",))
    said = learned.predict(
        ["Throw those Norrians out of the park!", "Lovely Norrians sang at the park today."]
    )
    assert [one.label for one in said] == ["not so kind", "kind"]


def test_two_labels_or_a_part_of_the_time_are_written_where_asked_for(record, tmp_path):
    call(tmp_path / "a.csv", "--pooled", "--since", "2026-03-01T12:00:05Z")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == ('"text","label","source","time","model","hateful","community","reviewer"')
    assert len(lines) == 1 + 50
    assert {line.split('","')[1] for line in lines[1:]} == {"hateful", "not hateful"}
    told = json.loads(call(tmp_path / "b.jsonl", "--until", "2026-02-01", "--json").stdout)
    assert told == {"path": str(tmp_path / "b.jsonl"), "rows": 0, "left_out": {}}


def test_the_line_names_the_labels_that_the_file_has(record, tmp_path, linear_folder):
    labels = LabelSet(("rude", "kind", "not so kind"), ("not so kind",))
    model = linear_folder(tmp_path / "three", "mean", labels=labels)
    line = shlex.split(call(tmp_path / "a.jsonl", "--model", model).stderr.splitlines()[-1])
    assert line[-2:] == ['data.labels=["kind", "not so kind"]', 'data.hateful=["not so kind"]']


def test_labels_that_the_model_lacks_are_counted(record, tmp_path, linear_folder):
    labels = LabelSet(("normal", "rude", "hateful"), ("hateful",))
    model = linear_folder(tmp_path / "three", "mean", labels=labels)
    done = call(tmp_path / "a.jsonl", "--model", model)
    assert "left out, label unknown to the model: 30\n" in done.stderr
    assert "30 texts; to learn from them, some must be hateful and some not.\n" in done.stderr
    assert {row["label"] for row in rows(tmp_path / "a.jsonl")} == {"hateful"}


@pytest.mark.parametrize("secret", ["", "another secret, which is long enough"])
def test_without_the_right_secret_nothing_is_written(record, tmp_path, monkeypatch, secret):
    monkeypatch.setenv("HATELENS_SECRET", secret)
    done = call(tmp_path / "a.jsonl")
    assert isinstance(done.exception, ConfigError)
    assert "HATELENS_SECRET" in str(done.exception)
    assert not (tmp_path / "a.jsonl").exists()


def test_a_file_that_is_there_is_one_line(record, tmp_path):
    (tmp_path / "a.jsonl").write_text("mine")
    assert isinstance(call(tmp_path / "a.jsonl").exception, DataError)
