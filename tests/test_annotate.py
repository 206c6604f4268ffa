"""Labelling and explaining a data set row by row."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from hatelens.annotate import Annotator, Source, annotate, annotator
from hatelens.data import catalog
from hatelens.detect import Pipeline, load
from hatelens.errors import DataError
from hatelens.models.decision import Thresholds
from tests.hostile import strings
from tests.test_detect import TenCharacters

TEXTS = ["fine", "bad", 'a "quoted"\nbad one', "", "well and well and then bad", "\u2028 é"]


class Stops(TenCharacters):
    """Breaks down at a text."""

    def predict(self, texts):
        if "stop" in texts:
            raise KeyboardInterrupt
        return super().predict(texts)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "posts.jsonl"
    rows = [
        {"id": f"p{n}", "text": text, "label": "said before", "votes": n}
        for n, text in enumerate(TEXTS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path):
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def by(model=None, **values):
    return Annotator(Pipeline(model or TenCharacters()), "ten", **values)


def test_every_row_is_labelled_with_the_model_that_did_it(table, tmp_path):
    done = annotate(by(prompt="Is it bad?"), Source(table), tmp_path / "out.jsonl")
    rows = read(done.path)
    assert (done.rows, done.found) == (6, 0)
    assert [row["text"] for row in rows] == TEXTS
    assert [round(row["hateful"], 1) for row in rows] == [0.1, 0.9, 0.9, 0.1, 0.9, 0.1]
    assert {row["label"] for row in rows} == {"bad"}
    for number, row in enumerate(rows):
        assert row["id"] == f"p{number}"
        assert row["line"] == number + 1
        assert row["row"] == {"id": f"p{number}", "label": "said before", "votes": number}
        assert (row["model"], row["model_version"], row["policy_version"]) == ("ten", "m", "p")
        assert (row["prompt"], row["explained"]) == ("Is it bad?", False)
    assert not (tmp_path / "out.jsonl.part").exists()


def test_targets_are_those_that_the_model_is_sure_of(table, tmp_path):
    done = annotate(by(), Source(table), tmp_path / "out.jsonl")
    assert [row["targets"] for row in read(done.path)][:5] == [
        [],
        [],
        ["Quendari"],
        [],
        ["Quendari"],
    ]


def test_an_explanation_and_its_characters_are_written_too(table, tmp_path):
    done = annotate(by(explain=True), Source(table), tmp_path / "out.jsonl")
    rows = read(done.path)
    assert rows[1]["explanation"] == {"method": "occlusion"}
    assert rows[1]["spans"] == [0, 1, 2]
    assert rows[0]["spans"] == []


def test_words_that_raise_the_score_of_a_cleared_text_are_not_to_be_learned(table, tmp_path):
    class Lenient(TenCharacters):
        thresholds = Thresholds(0.95, 0.95)

    done = annotate(by(Lenient(), explain=True), Source(table), tmp_path / "out.jsonl")
    assert {row["decision"] for row in read(done.path)} == {"clear"}
    assert [row["spans"] for row in read(done.path)] == [[]] * len(TEXTS)


@pytest.mark.parametrize("stop", range(6))
def test_a_run_that_was_stopped_goes_on_behind_its_last_row(table, tmp_path, stop):
    out = tmp_path / "out.jsonl"
    whole = annotate(by(), Source(table), tmp_path / "whole.jsonl")
    written = whole.path.read_bytes().splitlines(keepends=True)
    part = tmp_path / "out.jsonl.part"
    part.write_bytes(b"".join(written[:stop]) + written[stop][: len(written[stop]) // 2])
    model = TenCharacters()
    done = annotate(by(model), Source(table), out)
    assert (done.rows, done.found) == (6, stop)
    assert out.read_bytes() == whole.path.read_bytes()
    again = sum(model.batches)
    fresh = TenCharacters()
    list(Pipeline(fresh).stream(TEXTS[stop:]))
    assert again == sum(fresh.batches)


def test_rows_are_kept_when_the_model_breaks_down(tmp_path, monkeypatch):
    monkeypatch.setattr("hatelens.detect.BATCH", 2)
    path = tmp_path / "posts.txt"
    path.write_text("one\ntwo\nthree\nstop\nfive\n", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        annotate(by(Stops()), Source(path), tmp_path / "out.jsonl")
    assert [row["text"] for row in read(tmp_path / "out.jsonl.part")] == ["one", "two"]
    done = annotate(by(), Source(path), tmp_path / "out.jsonl")
    assert (done.rows, done.found) == (5, 2)


def test_a_run_that_had_only_to_be_named_is_named(table, tmp_path):
    whole = annotate(by(), Source(table), tmp_path / "out.jsonl").path
    whole.rename(tmp_path / "again.jsonl.part")
    model = TenCharacters()
    done = annotate(by(model), Source(table), tmp_path / "again.jsonl")
    assert (done.rows, done.found, model.batches) == (6, 6, [])


def test_rows_of_another_model_prompt_or_file_are_not_mixed_in(table, tmp_path):
    part = tmp_path / "out.jsonl.part"
    annotate(by(), Source(table), tmp_path / "out.jsonl").path.rename(part)
    with pytest.raises(DataError, match="begun with prompt '', not 'Is it bad"):
        annotate(by(prompt="Is it bad?"), Source(table), tmp_path / "out.jsonl")
    with pytest.raises(DataError, match="begun with explained 'False', not 'True'"):
        annotate(by(explain=True), Source(table), tmp_path / "out.jsonl")
    other = tmp_path / "other.txt"
    other.write_text("fine\nanother\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: it was begun for another file"):
        annotate(by(), Source(other), tmp_path / "out.jsonl")
    assert part.is_file()


def test_texts_of_any_kind_are_read_back_as_they_were(tmp_path):
    texts = [text for text in strings(60, longest=3000) if text.strip()]
    path = tmp_path / "hostile.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    done = annotate(by(), Source(path), tmp_path / "out.jsonl")
    # JSON itself makes one character of two halves that stand together
    assert [row["text"] for row in read(done.path)] == json.loads(json.dumps(texts))


def test_lines_of_a_text_file_and_columns_of_a_table_are_texts(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_bytes(b"bad\r\nfine\n\xff\xfe\n")
    done = annotate(by(), Source(lines), tmp_path / "one.jsonl")
    assert [row["text"] for row in read(done.path)] == ["bad", "fine", "\udcff\udcfe"]
    table = tmp_path / "table.csv"
    table.write_text("comment,thread\nbad,a\nfine,b\n", encoding="utf-8")
    done = annotate(
        by(), Source(table, {"text": "comment", "group": "thread"}), tmp_path / "two.jsonl"
    )
    assert [(row["text"], row["group"]) for row in read(done.path)] == [("bad", "a"), ("fine", "b")]


def test_mistakes_are_said_plainly(table, tmp_path):
    good = tmp_path / "out.jsonl"
    with pytest.raises(DataError, match=r"--out takes a \.jsonl file; found 'out\.csv'"):
        annotate(by(), Source(table), tmp_path / "out.csv")
    with pytest.raises(DataError, match="There is no folder"):
        annotate(by(), Source(table), tmp_path / "no" / "out.jsonl")
    with pytest.raises(DataError, match="There is no file"):
        annotate(by(), Source(tmp_path / "no.txt"), good)
    with pytest.raises(DataError, match="No column named 'comment'"):
        annotate(by(), Source(table, {"text": "comment"}), good)
    with pytest.raises(DataError, match="No role of a column named 'label'"):
        annotate(by(), Source(table, {"label": "label"}), good)
    good.write_text("kept", encoding="utf-8")
    with pytest.raises(DataError, match="exists already"):
        annotate(by(), Source(table), good)
    assert good.read_text("utf-8") == "kept"


def test_the_prompts_of_a_model_folder_are_told(trained_linear, tmp_path, monkeypatch):
    from tests.test_detect import Wordy

    assert annotator(str(trained_linear)).prompt == ""
    asked = tmp_path / "model"
    shutil.copytree(trained_linear, asked)
    (asked / "prompt.txt").write_text("Is {{ text }} bad?", encoding="utf-8")
    assert annotator(str(asked)).prompt == "Is {{ text }} bad?"
    monkeypatch.setattr("hatelens.detect._writer", lambda model: Wordy())
    assert annotator(str(asked)).prompt == "Is {{ text }} bad?"
    assert annotator(str(asked), explain=True).prompt == "Is {{ text }} bad?\n\nWhy?"


def test_what_was_annotated_is_a_data_set_to_train_on(trained_linear, tmp_path):
    from hatelens.config.compose import compose
    from hatelens.training.run import run

    source = tmp_path / "sample.jsonl"
    examples = catalog.load("sample").examples
    source.write_text(
        "".join(json.dumps({"text": one.text}) + "\n" for one in examples), encoding="utf-8"
    )
    pipeline = load(str(trained_linear))
    out = tmp_path / "said.jsonl"
    annotate(Annotator(pipeline, str(trained_linear)), Source(source), out)
    said = catalog.load(out)
    assert len(said) == len(examples)
    assert set(said.card.labels.names) <= set(pipeline.labels.names)
    hateful = ",".join(pipeline.labels.hateful)
    folder = run(
        compose(
            [
                "recipe=demo_linear",
                f"data.train=[{out}]",
                f"data.hateful=[{hateful}]",
                f"out={tmp_path / 'model'}",
            ]
        )
    )
    again = load(str(folder))
    agree = [
        one.label == other.label
        for one, other in zip(
            pipeline.predict([one.text for one in examples]),
            again.predict([one.text for one in examples]),
            strict=True,
        )
    ]
    assert sum(agree) / len(agree) > 0.9


def test_explained_rows_keep_their_marks_and_groups_as_a_data_set(table, tmp_path):
    done = annotate(by(explain=True), Source(table), tmp_path / "out.jsonl")
    said = {one.id: one for one in catalog.load(done.path).examples}
    assert said["p1"].spans == ((0, 3),)
    assert said["p1"].label == "bad"
    assert said["p2"].targets == ("Quendari",)
    assert "p3" not in said  # an empty text is no example


@pytest.mark.slow
def test_a_killed_process_loses_nothing(trained_linear, tmp_path):
    source, out = tmp_path / "many.txt", tmp_path / "out.jsonl"
    count = 20_000
    source.write_text("".join(f"text number {n}\n" for n in range(count)), encoding="utf-8")
    script = "from hatelens.cli.main import run; run()"
    arguments = ["data", "annotate", str(source), "--model", str(trained_linear), "--out", str(out)]
    command = [sys.executable, "-c", script, *arguments]
    part = out.with_name(out.name + ".part")
    running = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL)
    while not (part.is_file() and part.stat().st_size > 100_000):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = len(part.read_bytes().splitlines())
    assert 0 < before < count
    subprocess.run(command, env=os.environ, check=True, stdout=subprocess.DEVNULL)
    rows = read(out)
    assert [row["text"] for row in rows] == [f"text number {n}" for n in range(count)]
