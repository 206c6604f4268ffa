"""``hatelens models reference``."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import DataError, ModelError
from hatelens.models import folder as folders
from hatelens.monitoring.reference import Reference
from tests import running
from tests.monitoring import traffic


@pytest.fixture
def folder(tmp_path):
    return running.made(tmp_path / "linear")


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "rows.jsonl"
    lines = [
        {"text": text, "label": ("neutral", "hateful")[number % 2]}
        for number, text in enumerate(traffic.texts(120, 0))
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def call(*arguments):
    return CliRunner().invoke(main.app, ["models", "reference", *map(str, arguments)])


def test_a_folder_gets_a_reference_and_stays_the_same_model(folder, rows):
    before = folders.read(folder)
    found = call(folder, "--data", rows, "--split", "all")
    assert found.exit_code == 0, found.output
    after = folders.read(folder)
    assert after.model_version == before.model_version
    made = Reference.from_dict(after.reference)
    assert made.texts == 96  # a fifth of a file without splits is set aside as a test
    limit = made.histograms["score"].limit
    assert f"reference of 96 texts. An alarm is a PSI of 250 texts above: score {limit:.2f}" in (
        found.stdout
    )


def test_a_test_split_makes_none(folder, rows):
    found = call(folder, "--data", rows, "--split", "test")
    assert isinstance(found.exception, DataError)
    assert str(found.exception) == (
        "--split is 'test'; a reference is made from one of validation, train, all: "
        "test splits only measure."
    )


def test_too_few_texts_are_refused(folder, tmp_path):
    before = folders.read(folder).reference
    file = tmp_path / "few.jsonl"
    file.write_text('{"text": "a quiet walk", "label": "neutral"}\n', encoding="utf-8")
    found = call(folder, "--data", file, "--split", "all")
    assert "50 texts or more" in str(found.exception)
    assert folders.read(folder).reference == before


def test_without_data_the_validation_texts_of_the_recipe_make_it(folder, monkeypatch):
    monkeypatch.setenv("HATELENS_DATA", "")
    written = folders.read(folder)
    made_by_training = written.reference
    folders.write_manifest(folder, replace(written, reference={}))
    assert call(folder).exit_code == 0
    again = folders.read(folder).reference
    assert again["texts"] == made_by_training["texts"]
    assert again["length"] == made_by_training["length"]
    assert again["projected"] == made_by_training["projected"]


def test_a_folder_that_does_not_say_what_it_was_trained_on_asks_for_data(folder):
    (folder / folders.CONFIG).unlink()
    found = call(folder)
    assert isinstance(found.exception, DataError)
    assert "give --data" in str(found.exception)


def test_a_folder_that_is_none_is_named(tmp_path):
    assert isinstance(call(tmp_path / "nothing").exception, ModelError)
