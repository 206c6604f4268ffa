"""The data sets that hatelens knows, where they are on this machine, and how to load them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

from hatelens.config import paths
from hatelens.data import dataset, files, splits
from hatelens.data.card import SPLITS, Card, Columns, Seeded, Source, SourceFile
from hatelens.data.card_file import read as read_card
from hatelens.data.dataset import Dataset
from hatelens.data.example import Example
from hatelens.data.readers import READERS, Located
from hatelens.errors import DataError, unknown
from hatelens.labels import LabelSet

HERE = Path(__file__).parent
CARDS = HERE / "cards"
SEED = 0
"""Of the split of a card without official splits, so that everybody has the same test."""

HATEFUL = {"1", "true", "yes", "hate", "hateful", "hatespeech", "hate speech", "toxic", "abusive"}
"""Labels that count as hateful in a file of one's own unless the recipe says otherwise."""


def names() -> list[str]:
    """Name the cards, in order."""
    return sorted(path.stem for path in CARDS.glob("*.yaml"))


@cache
def card(name: str) -> Card:
    """Return the card of a name.

    Raises:
        DataError: there is none, or it is wrong.
    """
    if name not in names():
        raise DataError(
            unknown("data set", name, names(), do="For a file of your own give its path.")
        )
    return read_card(CARDS / f"{name}.yaml")


def folder() -> Path | None:
    """Return the folder with data of one's own: ``HATELENS_DATA``, else ``shared/data`` nearby."""
    named = os.environ.get("HATELENS_DATA")
    if named is not None:
        return Path(named).expanduser() if named else None
    nearby = (Path("shared/data"), Path("../shared/data"))
    return next((path for path in nearby if path.is_dir()), None)


def fetched(one: Card) -> Path:
    """Return the folder that ``hatelens data fetch`` puts the files of a card into."""
    return paths.cache() / "data" / one.name


def locate(one: Card) -> tuple[Located, ...]:
    """Find the files of a card: the first of its sources of which all files are there.

    Returns:
        Empty where none is at hand.
    """
    for source in one.sources:
        root = _root(one, source)
        found = [_matches(root, file) for file in source.files] if root else []
        if found and all(found):
            return tuple(located for some in found for located in some)
    return ()


def _matches(root: Path, file: SourceFile) -> list[Located]:
    """Find the file of a path, or all files of a pattern, as the hub cuts large files up."""
    paths_found = sorted(root.glob(file.path)) if "*" in file.path else [root / file.path]
    return [Located(path, file.split) for path in paths_found if path.is_file()]


def _root(one: Card, source: Source) -> Path | None:
    if source.kind == "package":
        return HERE / source.where
    if source.kind == "folder":
        data = folder()
        return data / source.where if data else None
    return fetched(one) / source.kind


def load(
    name: str | Path, split: str | None = None, columns: Mapping[str, str] | None = None
) -> Dataset:
    """Load a data set or one of its splits.

    Args:
        name: of a card, or the path of a file of one's own.
        split: ``train``, ``validation`` or ``test``: the official one, or where there are none
            the card's seeded one; None for all of it.
        columns: for a file of one's own: which column holds ``text``, ``label``, ``id``,
            ``group`` and so on; what is not named is looked for under that name.

    Raises:
        DataError: there is no such set or split, it is not at hand, or a row is wrong.
    """
    whole = _file(Path(name), columns or {}) if is_file(name) else _card(card(str(name)))
    return whole if split is None else part(whole, split)


def is_file(name: str | Path) -> bool:
    """Say whether a name means a file of one's own: it has a suffix or a folder before it."""
    return isinstance(name, Path) or Path(name).suffix != "" or Path(name).name != name


def part(whole: Dataset, split: str) -> Dataset:
    """Cut one split out of a data set that was loaded whole.

    Raises:
        DataError: it has no such split.
    """
    if split not in SPLITS:
        raise DataError(unknown("split", split, SPLITS))
    found = parts(whole)
    if not found[split]:
        there = [name for name, examples in found.items() if examples]
        raise DataError(
            f"{whole.name} has no {split} split; there is {', '.join(there) or 'none'}. "
            "Leave the split out for all of it."
        )
    return dataset.make(whole.card, found[split], whole.left_out)


def parts(whole: Dataset) -> Mapping[str, Sequence[Example]]:
    """Return the three splits: the official ones, else the seeded ones of the card.

    A data set with neither is training text as a whole.
    """
    if any(one.split for one in whole.examples):
        return {name: [one for one in whole.examples if one.split == name] for name in SPLITS}
    seeded = whole.card.seeded
    if seeded is None:
        return {"train": whole.examples, "validation": (), "test": ()}
    made = splits.split(whole.examples, validation=seeded.validation, test=seeded.test, seed=SEED)
    return {"train": made.train, "validation": made.validation, "test": made.test}


def _card(one: Card) -> Dataset:
    located = locate(one)
    if not located:
        raise DataError(f"{one.name} is not on this machine. {cure(one)}")
    reading = READERS.load(one.reader)(one, located)
    return dataset.make(one, reading.examples, reading.left_out)


def cure(one: Card) -> str:
    """Say how to get a data set that is not at hand."""
    if any(source.kind in {"url", "hub"} for source in one.sources):
        return f"Get it with: hatelens data fetch {one.name}"
    places = [f"$HATELENS_DATA/{source.where}" for source in one.sources]
    return f"Put its files into {' or '.join(places)}; see {one.url}"


def _file(path: Path, columns: Mapping[str, str]) -> Dataset:
    one = own_card(path, columns)
    reading = READERS.load(one.reader)(one, (Located(path),))
    return dataset.make(one, reading.examples, reading.left_out)


def own_card(path: Path, columns: Mapping[str, str]) -> Card:
    """Make the card of a file of one's own; its labels are those that the file holds.

    Raises:
        DataError: a role or a column does not exist.
    """
    roles = [field.name for field in fields(Columns)]
    for role in columns:
        if role not in roles:
            raise DataError(unknown("role of a column", role, roles))
    there = files.columns(path)
    for column in columns.values():
        if column not in there:
            raise DataError(f"{path}: {unknown('column', column, there)}")
    found = {role: columns.get(role, role) for role in roles}
    if found["text"] not in there:
        do = "Say which one holds the text, as in text=comment."
        raise DataError(f"{path}: {unknown('column', 'text', there, do=do)}")
    given = {role: column for role, column in found.items() if column in there}
    roles_found = Columns(
        text=given["text"],
        label=given.get("label"),
        id=given.get("id"),
        group=(given["group"],) if "group" in given else (),
        split=given.get("split"),
        spans=given.get("spans"),
        targets=given.get("targets"),
    )
    return _own(path, roles_found)


def _own(path: Path, columns: Columns) -> Card:
    found = {row.text(columns.label).strip() for row in files.rows(path)} if columns.label else ()
    labels = tuple(sorted(label for label in found if label))
    one = Card(
        name=str(path),
        title=path.name,
        labels=LabelSet(labels, tuple(name for name in labels if name.lower() in HATEFUL)),
        columns=columns,
        split_map={"dev": "validation", "val": "validation"},
        seeded=Seeded(test=0.2),
        sources=(Source("folder", str(path.parent), (SourceFile(path.name),)),),
    )
    return replace(one, digest=dataset.digest([repr(replace(one, name=path.name, sources=()))]))
