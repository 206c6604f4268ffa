from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hatelens.cli import evaluate, figures
from hatelens.errors import ModelError, UserError
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.heads import HeadScores, OutputScores
from hatelens.evaluation.spans import SpanScores
from hatelens.labels import LabelSet
from hatelens.models import manifest
from hatelens.models.folder import write_manifest
from hatelens.models.manifest import Source

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(evaluate.command)
SAMPLE = LabelSet(("normal", "offensive", "hateful"), ("hateful",))


@pytest.fixture
def model(tmp_path: Path, linear_folder) -> str:
    return str(linear_folder(tmp_path / "model", "vermin", "mould", labels=SAMPLE))


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def run(*arguments: object, catch: bool = True):
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=catch)


def own_file(folder: Path, *rows: str) -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join(["text,label,split", *rows]) + "\n", encoding="utf-8")
    return path


def test_tables_go_to_stdout_and_the_last_line_says_where_the_report_is(model, tmp_path):
    out = tmp_path / "out"
    result = run(model, "--data", "sample", "--out", out, "--resamples", 20, catch=False)

    assert result.exit_code == 0
    assert "macro_f1" in result.stdout
    assert "Decisions: flag from 0.700, clear below 0.400" in result.stdout
    assert result.stdout.splitlines()[-1] == f"Report: {out / 'report.html'}"
    assert (out / "report.html").is_file()


def test_columns_of_a_file_can_be_named(model, tmp_path):
    rows = ["body,verdict", "vermin and mould,hateful", "good tea,normal", "a fool,offensive"]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    named = ("--column", "text=body", "--column", "label=verdict", "--split", "all")
    out = tmp_path / "out"
    result = run(model, "--data", path, *named, "--out", out, "--resamples", 5, catch=False)

    assert result.exit_code == 0
    assert json.loads((out / "report.json").read_text())["rows"] == 3


def test_json_alone_goes_to_stdout_when_it_is_asked_for(model, tmp_path):
    result = run(
        model, "--data", "sample", "--split", "validation", "--out", tmp_path / "out", "--json",
        "--limit", 20, "--resamples", 20, "--group", "kind", catch=False,
    )  # fmt: skip
    found = json.loads(result.stdout)

    assert (found["data"], found["split"], found["rows"]) == ("sample", "validation", 20)
    assert found["model"]["name"] == model
    assert found["classes"]["summary"]["macro_f1"]["value"] is not None
    assert [table["column"] for table in found["groups"]] == ["kind"]
    assert found == json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))


def test_all_measures_every_split_and_groups_of_enough_texts_get_a_table(model, tmp_path):
    result = run(
        model, "--data", "sample", "--split", "all", "--out", tmp_path / "out", "--group", "kind",
        "--resamples", 5, catch=False,
    )  # fmt: skip

    assert "598 texts" in result.stdout
    assert "Groups: kind, of at least 30 texts" in result.stdout
    assert "largest gap" in result.stdout
    assert "(empty)" not in result.stdout


def test_a_file_of_ones_own_is_measured(model, tmp_path):
    path = own_file(tmp_path, "they are vermin,hateful,test", "good tea,normal,test")
    result = run(
        model, "--data", path, "--out", tmp_path / "out", "--json", "--resamples", 5, catch=False
    )

    assert json.loads(result.stdout)["classes"]["summary"]["accuracy"]["value"] == 1.0


def test_a_functional_test_shows_its_functions(model, hatecheck, tmp_path):
    result = run(model, "--data", hatecheck, "--out", tmp_path / "out", "--resamples", 5)

    assert "derog_h" in result.stdout
    assert "Perspective" in result.stdout
    assert "always hateful" in result.stdout
    assert "target: Veluvians" in result.stdout
    assert (tmp_path / "out/functions.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--data", "sampel", "--out", "out"), "did you mean 'sample'"),
        (("--data", "sample", "--split", "tset", "--out", "out"), "'test'"),
        (("--data", "sample", "--out", "taken"), "is a file"),
        (("--data", "sample", "--out", "out", "--limit", "0"), "at least 1"),
    ],
)
def test_a_mistake_is_said_in_one_line(model, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("x", encoding="utf-8")
    result = run(model, *arguments)

    assert isinstance(result.exception, UserError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_missing_model_is_said_before_the_data_is_predicted(tmp_path):
    result = run(tmp_path / "none", "--data", "sample", "--out", tmp_path / "out")

    assert isinstance(result.exception, ModelError)


def test_the_command_is_known_without_loading_what_it_needs():
    code = (
        "import sys; import hatelens.cli.evaluate, hatelens.cli.compare; "
        "print(sorted({'sklearn', 'matplotlib', 'jinja2', 'torch', 'scipy', 'numpy'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_several_data_sets_get_a_folder_each_and_a_pooled_figure(model, tmp_path):
    mine = own_file(tmp_path, "they are vermin,hateful,test", "good tea,normal,test")
    out = tmp_path / "out"
    result = run(model, "--data", "sample", mine, "--out", out, "--resamples", 5, catch=False)

    assert result.exit_code == 0
    assert (out / "sample" / "report.html").is_file()
    assert (out / "mine" / "report.html").is_file()
    assert (out / "pooled.png").is_file()
    assert json.loads((out / "pooled.json").read_text())["parts"][1]["rows"] == 2
    assert "Pooled: expected calibration error of hateful" in result.stdout


def test_several_reports_are_one_json_object(model, tmp_path):
    (tmp_path / "b").mkdir()
    mine = own_file(tmp_path, "they are vermin,hateful,test", "good tea,normal,test")
    again = own_file(tmp_path / "b", "they are vermin,hateful,test", "good tea,normal,test")
    result = run(
        model, "--data", mine, "--data", again, "--out", tmp_path / "out", "--json",
        "--resamples", 5, catch=False,
    )  # fmt: skip
    found = json.loads(result.stdout)

    assert [one["rows"] for one in found["reports"]] == [2, 2]
    assert found["pooled"]["rows"] == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == [
        "mine-1", "mine-2",
    ]  # fmt: skip


def test_labels_can_be_mapped_to_those_of_the_model(model, tmp_path):
    mine = own_file(tmp_path, "they are vermin,bad,test", "good tea,fine,test")
    options = ("--map", "bad=hateful", "--map", "fine=normal", "--resamples", 5, "--json")
    result = run(model, "--data", mine, "--out", tmp_path / "out", *options, catch=False)
    found = json.loads(result.stdout)

    assert found["classes"]["summary"]["accuracy"]["value"] == 1.0
    assert found["model"]["label_map"] == {"bad": "hateful", "fine": "normal"}
    wrong = run(model, "--data", mine, "--out", tmp_path / "out", "--map", "bda=hateful")
    assert "did you mean 'bad'" in str(wrong.exception)


def test_measuring_on_what_was_learned_from_is_said(model, tmp_path):
    folder = Path(model)
    learned = replace(manifest.read(folder), data=(Source("sample", "", "", 9, 1),))
    write_manifest(folder, learned)
    options = ("--data", "sample", "--out", tmp_path / "out", "--resamples", 5)

    assert "trained on texts of sample" in run(model, *options, "--split", "train").stderr
    assert "trained on" not in run(model, *options).stderr


def test_heads_and_spans_get_tables():
    one = Estimate(0.5, 0.4, 0.6)
    output = OutputScores("north", 9, 3, 0.5, one, one, one)
    head = HeadScores("targets", 9, (output,), (), one, one, one)
    spans = SpanScores(5, 2, one, one, one, one, one)

    assert figures._head(head).row_count == 3
    assert figures._spans(spans).row_count == 5


def test_a_model_without_a_folder_has_no_maps():
    assert evaluate._manifest("no-such-folder") is None
