from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hatelens.cli import compare, evaluate
from hatelens.errors import DataError
from hatelens.labels import LabelSet
from hatelens.models import folder, manifest
from tests.cli.conftest import model_folder

app = typer.Typer(pretty_exceptions_enable=False)
app.command("compare")(compare.command)
app.command("evaluate")(evaluate.command)
SAMPLE = LabelSet(("normal", "offensive", "hateful"), ("hateful",))


@pytest.fixture
def models(tmp_path: Path, linear_folder) -> list[str]:
    few = linear_folder(tmp_path / "few", "vermin", labels=SAMPLE)
    more = linear_folder(tmp_path / "more", "vermin", "mould", "rats", labels=SAMPLE)
    return [str(few), str(more)]


def run(*arguments: object, catch: bool = True):
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=catch)


def test_models_stand_side_by_side_with_their_difference(models, tmp_path):
    result = run(
        "compare", *models, "--data", "sample", "--out", tmp_path / "out", "--resamples", 20,
        catch=False,
    )  # fmt: skip

    assert result.exit_code == 0
    assert "sample test, 118 texts, classes" in result.stdout
    assert "Difference to" in result.stdout
    assert "texts/s" in result.stdout
    assert result.stdout.splitlines()[-1] == f"Report: {tmp_path / 'out' / 'comparison.html'}"


def test_json_alone_goes_to_stdout_and_no_folder_is_needed(models):
    result = run(
        "compare", *models, "--data", "sample", "--json", "--resamples", 20, "--limit", 60,
        catch=False,
    )  # fmt: skip
    found = json.loads(result.stdout)

    assert found["rows"] == 60
    assert [model["model"] for model in found["models"]] == models
    assert "accuracy" in found["models"][1]["differences"]


def test_one_model_without_a_folder_prints_its_table_alone(models):
    result = run("compare", models[0], "--data", "sample", "--resamples", 5, catch=False)

    assert "Difference" not in result.stdout
    assert "Report:" not in result.stdout


def test_a_report_stands_for_its_model(models, tmp_path):
    out = tmp_path / "report"
    run("evaluate", models[0], "--data", "sample", "--out", out, "--resamples", 5, catch=False)
    result = run(
        "compare", out, models[0], "--data", "sample", "--resamples", 5, "--json", catch=False
    )
    found = json.loads(result.stdout)["models"]

    assert found[0]["figures"] == found[1]["figures"]
    assert found[0]["model_version"] == found[1]["model_version"]


def test_a_model_is_read_with_the_label_maps_that_it_was_trained_with(models, tmp_path):
    maps = {"sample": {"normal": "fine", "offensive": "rude", "hateful": "hate"}}
    other = Path(models[0]).parent / "other"
    names = LabelSet(("fine", "rude", "hate"), ("hate",))
    written = model_folder(other, "vermin", labels=names)
    read = manifest.read(written)
    folder.write_manifest(written, replace(read, training={"label_maps": maps}))
    result = run(
        "compare", models[0], other, "--data", "sample", "--resamples", 5, "--json", catch=False
    )
    found = json.loads(result.stdout)

    assert found["question"] == "classes"
    assert found["models"][1]["figures"]["accuracy"] == found["models"][0]["figures"]["accuracy"]


def test_a_report_on_other_texts_is_an_error(models, tmp_path):
    out = tmp_path / "report"
    run("evaluate", models[0], "--data", "sample", "--out", out, "--split", "validation",
        "--resamples", 5, catch=False)  # fmt: skip
    result = run("compare", out, "--data", "sample")

    assert isinstance(result.exception, DataError)
    assert "measured on other texts" in str(result.exception)


def test_a_functional_test_adds_a_table(models, hatecheck):
    result = run("compare", *models, "--data", hatecheck, "--resamples", 5)

    assert "Functional test, accuracy in %" in result.stdout
