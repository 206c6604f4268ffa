"""``hatelens evaluate BASE --zero-shot``."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from hatelens.cli import evaluate
from hatelens.cli.zero_shot import answers
from hatelens.data import catalog
from hatelens.errors import ConfigError, DataError, UserError
from tests import language_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(evaluate.command)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(language_model.write(tmp_path_factory.mktemp("lm")))


def run(*arguments: object, catch: bool = True):
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=catch)


def test_a_base_model_gets_the_same_report_as_a_trained_one(base, tmp_path):
    out = tmp_path / "out"
    result = run(
        base, "--zero-shot", "--data", "sample", "--limit", 12, "--out", out, "--json",
        "--resamples", 5, catch=False,
    )  # fmt: skip
    found = json.loads(result.stdout)
    assert found["model"]["name"].endswith("(zero-shot)")
    assert found["model"]["labels"]["names"] == ["normal", "offensive", "hateful"]
    assert found["classes"]["summary"]["macro_f1"]["value"] is not None
    assert (out / "report.html").is_file()


def test_examples_are_shown_before_the_text(base, tmp_path):
    options = ("--data", "sample", "--limit", 6, "--out", tmp_path / "out", "--json")
    result = run(base, "--zero-shot", "--shots", 1, *options, "--resamples", 5, catch=False)
    assert json.loads(result.stdout)["model"]["name"].endswith("(1-shot)")


def test_a_mapped_label_is_what_the_model_answers_with(base, tmp_path):
    result = run(
        base, "--zero-shot", "--data", "sample", "--limit", 6, "--map", "offensive=normal",
        "--out", tmp_path / "out", "--json", "--resamples", 5, catch=False,
    )  # fmt: skip
    found = json.loads(result.stdout)
    assert found["model"]["labels"]["names"] == ["normal", "hateful"]
    assert found["classes"]["summary"]["accuracy"]["value"] is not None


def test_generated_answers_report_their_unparsable_share(base, tmp_path):
    out = tmp_path / "out"
    options = ("--data", "sample", "--limit", 4, "--out", out, "--json", "--resamples", 5)
    result = run(base, "--zero-shot", "--decode", "generate", *options, catch=False)
    assert json.loads(result.stdout)["unparsable"] == 1.0
    assert "Answers that were no label: 100.0" in (out / "report.md").read_text()


def test_injections_get_a_table(base, tmp_path):
    out = tmp_path / "out"
    options = ("--data", "injections_en", "--out", out, "--resamples", 5)
    result = run(base, "--zero-shot", *options, catch=False)
    assert "Prompt injections, 40 pairs" in result.stdout


def mistake(kind: type[UserError], words: str, *arguments: object) -> None:
    error = run(*arguments).exception
    assert isinstance(error, kind)
    assert words in str(error)
    assert "\n" not in str(error)


def test_mistakes_are_said_in_one_line(base, tmp_path):
    rest = ("--out", tmp_path / "out", "--data", "sample")
    shots = ("--zero-shot", "--shots", 1)
    mistake(ConfigError, "go with --zero-shot", base, *rest, "--shots", 1)
    mistake(ConfigError, "which is measured too", base, *rest, *shots, "--split", "all")
    mistake(ConfigError, "probability", base, *rest, "--zero-shot", "--decode", "guess")
    mistake(UserError, "did you mean 'classify'", base, *rest, "--zero-shot", "--prompt", "clasify")
    mistake(
        DataError,
        "no train split",
        base,
        "--out",
        tmp_path / "o",
        "--data",
        "injections_en",
        *shots,
    )


def test_a_file_without_labels_gives_nothing_to_answer_with(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("text,label\ntea,normal\n")
    with pytest.raises(DataError, match="no labels to answer with"):
        answers(catalog.load(path), {})
