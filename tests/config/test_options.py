from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hatelens.config.options import GROUPS, PACKAGED, find, options, own_folder
from hatelens.errors import ConfigError


def write(path: Path, text: str = "seed: 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_option_that_hatelens_carries_says_what_it_is(here: Path):
    carried = [option for group in GROUPS for option in options(group).values()]

    assert [option.path for option in carried if not option.description] == []
    assert [option.path for option in carried if option.own] == []


def test_without_a_folder_of_ones_own_only_the_package_is_searched(here: Path):
    assert own_folder() is None
    assert list(options("recipe")) == sorted(p.stem for p in (PACKAGED / "recipe").glob("*.yaml"))


def test_recipes_in_the_working_directory_are_found(here: Path):
    write(here / "conf/recipe/mine.yaml", "\n# My own.\nseed: 1\n")
    write(here / "conf/recipe/team/ours.yaml")

    found = options("recipe")

    assert found["mine"].own
    assert found["mine"].description == "My own."
    assert found["team/ours"].description == ""


def test_a_variable_names_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch):
    write(here / "elsewhere/recipe/mine.yaml")
    monkeypatch.setenv("HATELENS_CONF", "elsewhere")

    assert find("recipe", "mine").path == (here / "elsewhere/recipe/mine.yaml").resolve()


def test_a_variable_that_names_no_folder_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HATELENS_CONF", "nowhere")

    with pytest.raises(ConfigError, match="HATELENS_CONF is 'nowhere', which is no folder"):
        own_folder()


def test_a_recipe_of_ones_own_cannot_hide_one_that_hatelens_carries(here: Path):
    write(here / "conf/recipe/demo_linear.yaml")

    with pytest.raises(ConfigError, match=r"demo_linear\.yaml has the name of a recipe.*rename"):
        options("recipe")


def test_an_unknown_option_says_which_was_meant_and_which_there_are(here: Path):
    with pytest.raises(ConfigError, match=r"No data named 'sampel'; did you mean 'sample'\?"):
        find("data", "sampel")
    with pytest.raises(ConfigError, match=r"There are cascade, .*hatelens config list"):
        find("recipe", "zzz")


def test_an_empty_file_has_no_description(here: Path):
    write(here / "conf/recipe/mine.yaml", "")

    assert options("recipe")["mine"].description == ""


def test_every_file_that_hatelens_carries_is_yaml():
    for path in PACKAGED.rglob("*.yaml"):
        assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict), path
