"""Where recipes and the parts they choose from lie: the package's folder and one of your own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hatelens.errors import ConfigError, unknown

GROUPS = ("model", "data", "training", "recipe")
PACKAGED = Path(__file__).parents[1] / "conf"
SUFFIX = ".yaml"


@dataclass(frozen=True)
class Option:
    """One file that a group such as ``recipe`` can be set to.

    Attributes:
        name: what stands after ``recipe=``; a subfolder becomes part of it, as in ``team/mine``.
        path: the file.
        own: whether it comes from a folder of your own.
    """

    name: str
    path: Path
    own: bool

    @property
    def description(self) -> str:
        """The file's first comment line; empty without one."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        first = next((line for line in lines if line.strip()), "")
        return first.removeprefix("#").strip() if first.startswith("#") else ""


def own_folder() -> Path | None:
    """Return the folder with groups of your own: ``HATELENS_CONF``, else ``./conf``; None without.

    Raises:
        ConfigError: ``HATELENS_CONF`` names no folder.
    """
    named = os.environ.get("HATELENS_CONF")
    folder = Path(named).expanduser() if named else Path("conf")
    if folder.is_dir():
        return folder.resolve()
    if named:
        raise ConfigError(
            f"HATELENS_CONF is {named!r}, which is no folder; "
            "point it at a folder that holds recipe/NAME.yaml, or unset it."
        )
    return None


def options(group: str) -> dict[str, Option]:
    """Return what a group can be set to, by name, in order of names.

    Raises:
        ConfigError: a file of your own has the name of one that hatelens carries.
    """
    found = {option.name: option for option in _in_folder(PACKAGED, group, own=False)}
    folder = own_folder()
    for option in _in_folder(folder, group, own=True) if folder else ():
        if option.name in found:
            raise ConfigError(
                f"{option.path} has the name of a {group} that hatelens carries; rename the file."
            )
        found[option.name] = option
    return dict(sorted(found.items()))


def find(group: str, name: str) -> Option:
    """Return one option of a group.

    Raises:
        ConfigError: there is none of that name; the message lists those there are.
    """
    there = options(group)
    if name not in there:
        do = "'hatelens config list' says what each does." if group == "recipe" else ""
        raise ConfigError(unknown(group, name, there, do=do))
    return there[name]


def _in_folder(folder: Path, group: str, *, own: bool) -> Iterator[Option]:
    """Yield the options that one folder holds for a group."""
    root = folder / group
    for path in root.rglob(f"*{SUFFIX}"):
        name = path.relative_to(root).with_suffix("").as_posix()
        yield Option(name, path, own)
