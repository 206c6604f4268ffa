from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hatelens.cli.config import app
from hatelens.config.schema import Recipe
from hatelens.errors import ConfigError

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HATELENS_CONF", raising=False)


def test_every_recipe_is_listed_on_a_line_with_what_it_does():
    done = RUNNER.invoke(app, ["list"])

    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert "demo_linear" in {line.split(maxsplit=1)[0] for line in lines}
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_the_list_as_json_tells_ones_own_recipes_from_the_others():
    path = Path("conf/recipe/mine.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("# Mine.\nseed: 3\n", encoding="utf-8")

    rows = json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout)

    assert {"name": "mine", "description": "Mine.", "own": True} in rows
    assert [row["name"] for row in rows if row["own"]] == ["mine"]


def test_show_prints_the_yaml_that_would_run():
    done = RUNNER.invoke(
        app,
        ["show", "recipe=two_stage_davidson", "training.lr=3e-3", "thresholds.target=fpr<=0.01"],
    )

    shown = yaml.safe_load(done.stdout)
    assert done.exit_code == 0
    assert shown["training"]["lr"] == 0.003
    assert shown["thresholds"]["target"] == "fpr<=0.01"
    assert Recipe.model_validate(shown).name == "two_stage_davidson"


def test_show_prints_the_same_as_json():
    as_yaml = RUNNER.invoke(app, ["show", "recipe=demo_linear"])
    as_json = RUNNER.invoke(app, ["show", "recipe=demo_linear", "--json"])

    assert json.loads(as_json.stdout) == yaml.safe_load(as_yaml.stdout)


def test_a_mistake_reaches_the_command_line_as_a_plain_error():
    done = RUNNER.invoke(app, ["show", "recipe=demo_two_stage", "training.lrr=1"])

    assert isinstance(done.exception, ConfigError)
    assert "did you mean 'training.lr'?" in str(done.exception)


def test_show_without_a_recipe_is_refused():
    assert RUNNER.invoke(app, ["show"]).exit_code == 2
