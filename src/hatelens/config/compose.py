"""From ``recipe=NAME key=value ...`` to a checked recipe, and back to YAML."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from hatelens.config import mistakes, overrides
from hatelens.config.options import PACKAGED, SUFFIX, Option, find, options, own_folder
from hatelens.config.overrides import Override
from hatelens.config.schema import Recipe
from hatelens.errors import ConfigError

Values = dict[str, Any]

SWITCHES = {
    "model": ("model", "model.kind"),
    "training": ("training", "training.kind"),
    "model.layer": ("model.layer.type",),
}
"""Sections that come in kinds, and the overrides that choose another kind of them."""

FILE_OPTION = "named-by-file"
"""What Hydra calls a recipe that was named by the path of its file."""


def compose(texts: Sequence[str]) -> Recipe:
    """Put a recipe together and check it, before any training library is imported.

    Args:
        texts: ``recipe=NAME`` (or the path of a file) and further ``key=value``.

    Raises:
        ConfigError: a name, a key or a value is wrong; one line says what is allowed.
    """
    given = [overrides.read(text) for text in texts]
    recipe = _recipe(given)
    values = _composed(recipe, given)
    values.setdefault("name", Path(recipe).stem)
    _check_choices(given, values)
    _drop_other_kinds(given, values)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise ConfigError(mistakes.word(error, Recipe, values)) from None


def names() -> list[str]:
    """Return the names of all recipes, your own included."""
    return list(options("recipe"))


def render(recipe: Recipe) -> str:
    """Write a recipe as YAML; ``recipe=FILE`` reads it back."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _recipe(given: Sequence[Override]) -> str:
    """Return the recipe that was named, and check that every choice exists."""
    chosen = [override.value for override in given if override.key == "recipe"]
    if len(chosen) != 1 or not isinstance(chosen[0], str):
        found = "Several recipes were named" if len(chosen) > 1 else "No recipe was named"
        raise ConfigError(f"{found}; say recipe=NAME once. There are {', '.join(names())}.")
    for override in given:
        if override.is_choice and not (override.key == "recipe" and _is_file(override.value)):
            find(override.key, override.value)
    return chosen[0]


def _is_file(recipe: str) -> bool:
    """Say whether a recipe is named by the path of its file."""
    return Path(recipe).suffix in {SUFFIX, ".yml"}


def _composed(recipe: str, given: Sequence[Override]) -> Values:
    """Let Hydra compose the choices, and lay the settings over them.

    Raises:
        ConfigError: Hydra refuses a file, or a value is missing.
    """
    try:
        with _search_path(recipe) as places:
            lines = [f"hydra.searchpath=[{','.join(places)}]", *_choices(recipe, given)]
            with hydra.initialize_config_dir(str(PACKAGED), version_base=None):
                composed = hydra.compose("config", overrides=lines)
        for override in given:
            if not override.is_choice:
                OmegaConf.update(composed, override.key, override.value, force_add=True)
        values = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise ConfigError(f"The configuration cannot be read: {words}") from None
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def _choices(recipe: str, given: Sequence[Override]) -> list[str]:
    """Return the choices as Hydra takes them; a recipe's keys stand at the top of the settings."""
    name = FILE_OPTION if _is_file(recipe) else recipe
    chosen = {o.key: o.value for o in given if o.is_choice} | {"recipe@_global_": name}
    return [f"{key}={overrides.quoted(value)}" for key, value in chosen.items() if key != "recipe"]


@contextmanager
def _search_path(recipe: str) -> Iterator[list[str]]:
    """Give the folders to search beside the package's own, as Hydra takes them."""
    own = own_folder()
    folders = [own] if own else []
    with tempfile.TemporaryDirectory() as scratch:
        if _is_file(recipe):
            folders.insert(0, _lay_out(Path(recipe).expanduser(), Path(scratch)))
        yield [overrides.quoted(f"file://{folder}") for folder in folders]


def _lay_out(file: Path, folder: Path) -> Path:
    """Copy a recipe's file to where Hydra finds a recipe, and return the folder to search.

    Raises:
        ConfigError: there is no such file.
    """
    if not file.is_file():
        raise ConfigError(f"There is no file {str(file)!r}; name a recipe or a YAML file.")
    (folder / "recipe").mkdir()
    shutil.copyfile(file, folder / "recipe" / f"{FILE_OPTION}{SUFFIX}")
    return folder


def _check_choices(given: Sequence[Override], values: Values) -> None:
    """Refuse a choice that the recipe itself overrules, rather than ignore it.

    Raises:
        ConfigError: the recipe sets a key that ``data=NAME`` or the like should have set.
    """
    keys = {override.key for override in given}
    for override in given:
        section = _inside(values, override.key)
        if not override.is_choice or override.key == "recipe" or section is None:
            continue
        for name, value in _plain(find(override.key, override.value)).items():
            key = f"{override.key}.{name}"
            if key not in keys and section.get(name) != value:
                raise ConfigError(
                    f"{override.key}={override.value} does not reach {key}, which the recipe "
                    f"itself sets to {section.get(name)!r}; set it with {key}=VALUE."
                )


def _plain(option: Option) -> Values:
    """Return what an option sets at its top, without sections and what Hydra itself reads."""
    chosen = yaml.safe_load(option.path.read_text(encoding="utf-8")) or {}
    return {
        str(key): value
        for key, value in chosen.items()
        if key != "defaults" and not isinstance(value, dict) and "${" not in str(value)
    }


def _drop_other_kinds(given: Sequence[Override], values: Values) -> None:
    """Drop settings of the recipe that belong to a kind that an override replaced."""
    named = {override.key for override in given}
    for path, switches in SWITCHES.items():
        section = _inside(values, path)
        if section is None or not named.intersection(switches):
            continue
        allowed = set(mistakes.keys(Recipe, values))
        for name in list(section):
            key = f"{path}.{name}"
            if key not in allowed and not any(other.startswith(key) for other in named):
                del section[name]


def _inside(values: Values, path: str) -> Values | None:
    """Return the section at a dotted key; None where there is none."""
    section: Any = values
    for step in path.split("."):
        section = section.get(step) if isinstance(section, dict) else None
    return section if isinstance(section, dict) else None
