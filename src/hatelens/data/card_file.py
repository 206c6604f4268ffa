"""Reads cards from YAML: every key must be known, and every label must be text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from hatelens.data.card import (
    KINDS,
    SPLITS,
    Card,
    Columns,
    Extract,
    LabelRule,
    Seeded,
    Source,
    SourceFile,
)
from hatelens.data.files import Layout
from hatelens.errors import DataError, unknown
from hatelens.labels import LabelSet, check_names

T = TypeVar("T", bound=Any)
PARTS = {"columns": Columns, "rule": LabelRule, "layout": Layout, "seeded": Seeded}
MAPS = {"label_map", "votes", "attributes", "target_flags", "meta", "replace", "split_map"}
NUMBERS = {"validation", "test"}
SWITCHES = {"test_only", "soft_labels", "quoting"}


def read(path: Path) -> Card:
    """Read a card.

    Raises:
        DataError: it is no YAML, has an unknown key, or a value of the wrong kind, as a label that
            YAML took for a boolean.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} must hold the keys of a card; found {content!r}.")
    try:
        return parse({"name": path.stem, **content})
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from None


def parse(content: Mapping[str, object]) -> Card:
    """Make a card of the keys and values of its YAML file.

    Raises:
        DataError: a key is unknown or a value of the wrong kind.
    """
    rest = dict(content)
    labels = LabelSet.from_dict(
        {"names": rest.pop("labels", ()), "hateful": rest.pop("hateful", ())}
    )
    sources = tuple(_source(source) for source in _list(rest.pop("sources", []), "sources"))
    extract = {
        name: _part(Extract, value, f"extract.{name}")
        for name, value in _mapping(rest.pop("extract", {}), "extract").items()
    }
    text = json.dumps(content, default=str)
    card = _part(
        Card,
        rest,
        "card",
        labels=labels,
        sources=sources,
        extract=extract,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    return _checked(card)


def _checked(card: Card) -> Card:
    named = [*card.label_map.values(), *card.votes, *card.rule.flags, *card.rule.precedence]
    named += [*card.rule.above, *card.rule.at_least, *card.rule.below]
    named += [card.votes_rest or "", card.rule.otherwise or "", card.rule.marked or ""]
    for label in named:
        if label and label not in card.labels.names:
            raise DataError(unknown("label", label, card.labels.names))
    splits = [*card.split_map.values(), *(f.split for s in card.sources for f in s.files)]
    for split in splits:
        if split and split not in SPLITS:
            raise DataError(unknown("split", split, SPLITS))
    return card


def _source(value: object) -> Source:
    source = _mapping(value, "a source")
    kind = next((kind for kind in KINDS if kind in source), None)
    if kind is None:
        raise DataError(f"A source must name one of {', '.join(KINDS)}; found {list(source)}.")
    for key in source:
        if key not in {kind, "files", "revision"}:
            raise DataError(unknown("key of a source", key, [kind, "files", "revision"]))
    files = [
        _part(SourceFile, {"path": file} if isinstance(file, str) else file, "a file")
        for file in _list(source.get("files", []), "files")
    ]
    revision = source.get("revision")
    return Source(
        kind, str(source[kind]), tuple(files), None if revision is None else str(revision)
    )


def _part(kind: type[T], value: object, what: str, **ready: object) -> T:
    """Make a dataclass of a mapping; every key must be one of its fields."""
    given = _mapping(value, what)
    names = [one.name for one in fields(kind)]
    for key in given:
        if key not in names or key in ready:
            raise DataError(unknown(f"key of {what}", key, names))
    return kind(**{key: _value(key, found) for key, found in given.items()}, **ready)


def _value(key: str, value: object) -> object:
    """Turn a YAML value into what the field of that name holds."""
    if key in PARTS:
        return _part(PARTS[key], value, key)
    if key in MAPS:
        return _names(value, key)
    if key in {"above", "at_least", "below"}:
        return {label: _number(key, one) for label, one in _mapping(value, key).items()}
    if key == "flags":
        return {label: _strings(one, key) for label, one in _mapping(value, key).items()}
    if key in {"group", "precedence", "header"}:
        return _strings(value, key)
    return _scalar(key, value)


def _scalar(key: str, value: object) -> object:
    if key in NUMBERS:
        return _number(key, value)
    if key == "rows":
        return int(_number(key, value))
    if key in SWITCHES:
        if not isinstance(value, bool):
            raise DataError(f"{key} must be true or false; found {value!r}.")
        return value
    if value is None:
        return None
    return check_names([value], key)[0] if value != "" else ""


def _names(value: object, key: str) -> dict[str, str]:
    if isinstance(value, list):
        return {name: name for name in check_names(value, f"name in {key}")}
    return {
        _text(name, f"key of {key}"): _text(one, f"value of {key}")
        for name, one in _mapping(value, key).items()
    }


def _text(value: object, what: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "" if value == "" else check_names([value], what)[0]


def _strings(value: object, what: str) -> tuple[str, ...]:
    return check_names([value] if isinstance(value, str) else value, what)


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{key} must be a number; found {value!r}.")
    return float(value)


def _mapping(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DataError(f"{what} must hold keys and values; found {value!r}.")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise DataError(f"{what} must be a list; found {value!r}.")
    return value
