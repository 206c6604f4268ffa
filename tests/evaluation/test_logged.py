"""A log of another service's scores."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Sequence

import pytest

from hatelens.detect import Pipeline
from hatelens.errors import DataError
from hatelens.evaluation import migration_report
from hatelens.evaluation.logged import Log, harmless, scored, write_changed
from hatelens.evaluation.migration import migrate
from tests.hostile import strings
from tests.serving.conftest import Keywords


def hateful(prediction) -> float:
    return round(prediction.hateful, 6)


def score(log: Log):
    return scored(log, Pipeline(Keywords()), hateful)


def values(array) -> list[object]:
    assert array is not None
    return array.tolist()


def written(folder, rows: Sequence[Sequence[object]], header=("text", "score")):
    path = folder / "log.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_log_is_scored_anew(tmp_path):
    path = written(tmp_path, [("A stupid film.", 0.7), ("A lovely film.", 0.1), ("Ok", "0.5")])
    found = score(Log(path, threshold=0.5))

    assert found.lines.tolist() == [2, 3, 4]
    assert found.ours.tolist() == [0.8, 0.1, 0.1]
    assert values(found.theirs) == [0.7, 0.1, 0.5]
    assert found.flagged.tolist() == [True, False, True]
    assert (found.review, found.truth, found.left_out) == (None, None, {})
    assert found.model_version == "keywords-1"


def test_their_second_threshold_is_what_a_person_looked_at(tmp_path):
    path = written(tmp_path, [("a", 0.7), ("b", 0.4), ("c", 0.1)])
    found = score(Log(path, threshold=0.5, review=0.4))
    assert values(found.review) == [True, True, False]


def test_decisions_and_labels_are_read_as_words(tmp_path):
    rows = [("a", "Flag", "yes"), ("b", "clear", "0"), ("c", "TRUE", "Hateful"), ("d", "0", "no")]
    path = written(tmp_path, rows, ("text", "verdict", "truth"))
    found = score(Log(path, score="", decision="verdict", label="truth"))
    assert found.flagged.tolist() == [True, False, True, False]
    assert values(found.truth) == [True, False, True, False]
    assert found.theirs is None


def test_values_of_ones_own_can_be_named(tmp_path):
    path = written(tmp_path, [("a", "gone", "bad"), ("b", "stays", "fine")], ("text", "d", "l"))
    options = {"flagged": frozenset(["gone"]), "hateful": frozenset(["bad"])}
    found = score(Log(path, score="", decision="d", label="l", **options))
    assert values(found.flagged) == values(found.truth) == [True, False]


def test_rows_that_cannot_be_compared_are_left_out_and_counted(tmp_path):
    german = "Das war gestern Abend doch ein ziemlich langweiliger Film."
    rows = [("", 0.4), ("a", ""), (german, 0.9), ("b", 0.3), ("  ", 0.2)]
    found = score(Log(written(tmp_path, rows), threshold=0.5))
    assert found.lines.tolist() == [5]
    assert found.left_out == {
        "no text": 2, "no score": 1, "in a language that the model does not know": 1,
    }  # fmt: skip


def test_json_lines_are_a_log_too(tmp_path):
    path = tmp_path / "log.jsonl"
    rows = [{"text": "a", "score": 1}, {"text": "stupid \ud800", "score": 0.25}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = score(Log(path, threshold=0.5))
    assert values(found.theirs) == [1.0, 0.25]
    assert found.ours.tolist() == [0.1, 0.8]


@pytest.mark.parametrize(
    ("rows", "header", "words"),
    [
        ([("a", "high")], ("text", "score"), r"line 2: score is 'high'; it must be a number"),
        ([("a", "nan")], ("text", "score"), "it must be a number"),
        ([("a", "1e999")], ("text", "score"), "it must be a number"),
        ([("a", 1)], ("body", "score"), r"No column .* named 'text'.* --column text=COLUMN"),
        ([], ("text", "score"), "holds no text that can be compared"),
        ([("", 1)], ("text", "score"), r"no text that can be compared \(1 no text\)"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, rows, header, words):
    with pytest.raises(DataError, match=words) as caught:
        score(Log(written(tmp_path, rows, header), threshold=0.5))
    assert "\n" not in str(caught.value)


def test_a_word_that_is_no_decision_is_told_how_to_say_what_it_means(tmp_path):
    path = written(tmp_path, [("a", "ga\nga")], ("text", "d"))
    with pytest.raises(DataError, match=r"d is 'ga\\nga'; .* say --flagged VALUE"):
        score(Log(path, score="", decision="d"))


def test_texts_that_change_sides_are_listed_for_their_owner_only(tmp_path):
    rows = [("A stupid film", 0.2), ("Lovely, stupid film", 0.9), ("=1+1", 0.8), ("tea", 0.1)]
    log = Log(written(tmp_path, rows), threshold=0.5)
    out = tmp_path / "changed.csv"
    out.write_text("what was there before")

    assert write_changed(log, score(log), 0.5, out) == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["line"] for row in found] == ["2", "4"]
    assert [row["text"] for row in found] == ["A stupid film", "'=1+1"]
    assert [(row["their_decision"], row["our_decision"]) for row in found] == [
        ("clear", "flag"), ("flag", "clear"),
    ]  # fmt: skip
    assert (found[0]["theirs"], found[0]["ours"]) == ("0.2", "0.8")


def test_hostile_texts_are_logged_scored_and_listed(tmp_path):
    path = tmp_path / "log.jsonl"
    texts = list(strings(200, longest=20_000))
    rows = [{"text": text, "score": place % 2} for place, text in enumerate(texts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = Log(path, threshold=0.5)
    found = score(log)
    assert len(found.ours) + sum(found.left_out.values()) == 200
    made = migrate(found, resamples=5)
    out = tmp_path / "out"
    out.mkdir()

    changed = migration_report.write(log, found, made, out)
    assert changed == made.flag.raised + made.flag.lowered > 0
    with (out / "changed.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == changed
    assert not any(row["text"].startswith(("=", "+", "-", "@")) for row in listed)
    assert json.loads((out / "migration.json").read_text())["rows"] == len(found.ours)
    assert {path.name for path in out.iterdir()} == {
        "changed.csv", "migration.json", "migration.png", "sides.png",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra"])
def test_a_formula_is_made_a_text(text):
    assert harmless(text) == "'" + text
    assert harmless("a" + text) == "a" + text
