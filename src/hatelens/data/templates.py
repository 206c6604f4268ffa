"""Sentence templates as they lie in ``grammars/*.yaml``: groups, words and, per function, frames.

What a detector should learn about a function is its label. How frames read is told in ``grammar``,
how texts are made of them in ``readers.templates``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hatelens.data import grammar
from hatelens.data.grammar import GROUP_FORMS, Frame, Group, Words
from hatelens.data.registers import Phrases
from hatelens.errors import DataError, unknown

KEYS = ("label", "count", "attributes", "frames", "from", "tricks")
CORE = "*"
"""In front of a group's name that is drawn more often than others."""

OFTEN = 3


@dataclass(frozen=True)
class Function:
    """One way of saying a thing.

    Attributes:
        name: what it is called in figures.
        label: of all of its texts.
        count: how many texts to write.
        attributes: those that hold for all of its texts.
        frames: its sentences.
        tricks: spelling tricks that each text gets; empty for none.
    """

    name: str
    label: str
    count: int
    attributes: frozenset[str]
    frames: tuple[Frame, ...]
    tricks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Templates:
    """All that a data set is written with."""

    groups: tuple[Group, ...]
    words: Words
    functions: tuple[Function, ...]
    phrases: Phrases


def load(paths: Sequence[Path]) -> Templates:
    """Read the files of a grammar.

    Raises:
        DataError: one is no YAML or lacks what it must hold.
    """
    held: dict[str, dict[str, Any]] = {"groups": {}, "words": {}, "functions": {}, "context": {}}
    for path in paths:
        for part, content in _yaml(path).items():
            if part not in held:
                raise DataError(f"{path.name}: {unknown('part', str(part), list(held))}")
            held[part] |= content
    groups = tuple(group for name, line in held["groups"].items() for group in _groups(name, line))
    words = Words(
        {form: found for names, line in held["words"].items() for form, found in _rows(names, line)}
    )
    functions = _functions(held["functions"], words)
    for frame in (frame for function in functions for frame in function.frames):
        if frame.forms and not any(frame.takes(group) for group in groups):
            raise DataError(f"Frame {frame.id} can name none of the groups.")
    phrases = {name: lines.strip().splitlines() for name, lines in held["context"].items()}
    return Templates(groups, words, functions, phrases)


def _yaml(path: Path) -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506  # a safe loader
    except yaml.YAMLError as error:
        raise DataError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} must hold the parts of a grammar; found {content!r:.60}.")
    return content


def _rows(names: str, line: str) -> list[tuple[str, list[str]]]:
    """Read a list of words: names of forms divided by "/", and words with as many forms."""
    forms = names.split("/")
    rows = [[part.strip() for part in word.split("/")] for word in line.split(",")]
    for row in rows:
        if len(row) != len(forms):
            raise DataError(f"A word of {names} must have {len(forms)} forms; found {row}.")
    return [(form, [row[n] for row in rows]) for n, form in enumerate(forms)]


def _groups(name: str, line: str) -> list[Group]:
    kind, target = name.split(" ")
    found: list[Group] = []
    for row in zip(*(words for _, words in _rows("/".join(GROUP_FORMS), line)), strict=True):
        forms = dict(zip(GROUP_FORMS, row, strict=True))
        core = forms["groups"].startswith(CORE)
        forms["groups"] = forms["groups"].removeprefix(CORE)
        group = Group(kind, target, {form: word for form, word in forms.items() if word != "-"})
        found += [group] * (OFTEN if core else 1)
    return found


def _functions(content: Mapping[str, Any], words: Words) -> tuple[Function, ...]:
    found: dict[str, Function] = {}
    for name, values in content.items():
        for key in values:
            if key not in KEYS:
                raise DataError(f"{name}: {unknown('key of a function', key, KEYS)}")
        lines = values.get("frames", "").strip().splitlines()
        frames = tuple(
            grammar.parse(line.strip(), f"{name}-{n:02d}", words) for n, line in enumerate(lines, 1)
        )
        function = Function(
            name,
            values["label"],
            int(values["count"]),
            frozenset(values.get("attributes", "").split()),
            frames,
            tuple(values.get("tricks", "").split()),
        )
        found[name] = _borrowed(function, values.get("from", "").split(), found)
    return tuple(found.values())


def _borrowed(function: Function, names: Sequence[str], found: Mapping[str, Function]) -> Function:
    """Give a function the frames of earlier ones, with the attributes that these share."""
    if not names:
        return function
    for name in names:
        if name not in found:
            raise DataError(f"{function.name}: {unknown('function', name, list(found))}")
    return Function(
        function.name,
        function.label,
        function.count,
        frozenset.intersection(*(found[name].attributes for name in names)),
        tuple(frame for name in names for frame in found[name].frames),
        function.tricks,
    )
