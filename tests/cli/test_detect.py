"""``hatelens detect``."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from itertools import islice

import pytest
from typer.testing import CliRunner

from hatelens.cli.main import app
from hatelens.cli.records import lines, rows
from hatelens.errors import DataError, UserError
from hatelens.labels import LabelSet
from hatelens.models.detector import Prediction, Span
from tests.hostile import strings

LABELS = LabelSet(("normal", "hateful"), ("hateful",))


@pytest.fixture
def model(linear_folder, tmp_path):
    return str(linear_folder(tmp_path / "model", "vermin worthless", labels=LABELS))


def detect(*arguments, **options):
    return CliRunner().invoke(
        app, ["detect", *map(str, arguments)], catch_exceptions=False, **options
    )


def test_texts_are_labelled_in_order(model):
    lines = detect("--model", model, "vermin", "good tea").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["flag", "clear"]
    assert lines[0].endswith("hateful  vermin")


def test_an_explanation_names_the_words(model):
    lines = detect("--model", model, "--explain", "they are vermin", "good tea").stdout.splitlines()
    assert "vermin (0." in lines[1]
    assert "no single word" in lines[3]


def test_json_gives_the_one_record_per_line(model):
    result = detect("--model", model, "--json", "--explain", "vermin <b>")
    record = json.loads(result.stdout)
    assert record["text"] == "vermin <b>"
    assert record["spans"][0]["begin"] == 0
    assert record["explanation"] == {"method": "occlusion"}


def test_stdin_is_read_line_by_line_whatever_its_bytes(model):
    lines = b"vermin\r\nbroken \xff\xfe bytes\n\ngood tea"
    result = detect("--model", model, "--json", "-", input=lines)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["text"] for record in records] == [
        "vermin",
        "broken \udcff\udcfe bytes",
        "",
        "good tea",
    ]


def test_a_file_is_labelled_into_a_file(model, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("id,comment\n1,vermin\n2,good tea\n")
    out = tmp_path / "out.jsonl"
    detect("--model", model, "--file", source, "--column", "comment", "--out", out)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["decision"] for record in records] == ["flag", "clear"]


def test_a_csv_has_a_column_per_label(model, tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("vermin\ngood, tea\n")
    detect("--model", model, "--file", source, "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert found[1]["text"] == "good, tea"
    assert float(found[0]["score_hateful"]) == float(found[0]["hateful"])


def test_a_csv_has_the_language_and_a_column_per_attribute_and_target():
    file = io.StringIO()
    write = rows(file)
    heads = {"attributes": {"insult": 0.7}, "targets": {"Quendari": 0.2}}
    more = {"language": "de", "note": "A note."}
    write("text", Prediction("bad", 0.9, "unsure", {"bad": 0.9}, "m", "p", **heads, **more))
    (row,) = csv.DictReader(io.StringIO(file.getvalue()))
    assert list(row) == [
        "text", "label", "hateful", "decision", "language", "note", "model_version",
        "policy_version", "score_bad", "attribute_insult", "target_Quendari",
    ]  # fmt: skip
    assert (row["language"], row["note"]) == ("de", "A note.")
    assert (row["attribute_insult"], row["target_Quendari"]) == ("0.7", "0.2")


def test_a_text_does_not_steer_the_terminal(model):
    shown = detect("--model", model, "\x1b[2J\x07 vermin \u202e [bold]").stdout
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2J" in shown
    assert "[bold]" in shown


def test_a_terminal_gets_colours(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    spans = (Span(5, 11, 0.9),)
    found = Prediction("hateful", 0.9, "flag", {"hateful": 0.9}, "m", "p", spans=spans)
    lines(terminal, {}, explain=True)("good vermin\x1b[2J", found)
    assert "mvermin\x1b[0m\\x1b[2J" in terminal.getvalue()
    assert "vermin (0.90)" in terminal.getvalue()


def test_a_long_text_is_shown_in_part(model):
    assert "(5,000 characters)" in detect("--model", model, "x" * 5000).stdout


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([], UserError, "nothing to label"),
        (["text", "--file", "x.csv"], UserError, "not both"),
        (["--file", "nowhere.csv"], DataError, "no file nowhere.csv"),
        (["--file", "nowhere.txt"], DataError, "no file nowhere.txt"),
        (["text", "--out", "out.xlsx"], UserError, ".jsonl or .csv"),
        (["text", "--out", "no/such/folder/out.csv"], UserError, "no folder"),
    ],
)
def test_mistakes_are_said_plainly(model, arguments, error, words):
    with pytest.raises(error, match=words):
        detect("--model", model, *arguments)


def test_a_missing_column_names_those_there_are(model, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "good tea"}\n{"comment": "vermin"}\n')
    with pytest.raises(DataError, match=r"line 2: there is no column 'text'; there are comment"):
        detect("--model", model, "--file", source, "--out", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert (tmp_path / "out.csv.part").exists()


def test_hostile_texts_get_one_answer_each(model, tmp_path):
    check_hostile(model, tmp_path, list(islice(strings(300, longest=50_000), 300)))


@pytest.mark.slow
def test_ten_thousand_hostile_texts_get_one_answer_each(trained_linear, tmp_path):
    check_hostile(str(trained_linear), tmp_path, list(strings(10_000)))


def check_hostile(model, folder, texts):
    source = folder / "hostile.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    command = [sys.executable, "-c", "from hatelens.cli.main import run; run()", "detect"]
    out = folder / "out.jsonl"
    done = subprocess.run(
        [*command, "--model", model, "--file", source, "--out", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8", newline="\n") as file:
        answers = [json.loads(line) for line in file]
    # JSON joins two surrogates that stand side by side into the character they make.
    expected = [json.loads(json.dumps(text)) for text in texts]
    assert [answer["text"] for answer in answers] == expected
    assert all(0 <= answer["hateful"] <= 1 for answer in answers)
