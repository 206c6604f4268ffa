from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hatelens.data import catalog, dataset
from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.data.pictures import draw
from hatelens.labels import LabelSet

PNG = b"\x89PNG\r\n\x1a\n"


def test_pictures_are_drawn_as_png(tmp_path: Path) -> None:
    files = draw(catalog.load("sample"), tmp_path / "new/folder")

    assert [path.name for path in files] == ["classes.png", "lengths.png", "agreement.png"]
    assert all(path.read_bytes().startswith(PNG) for path in files)


def test_without_votes_there_is_no_picture_of_agreement(tmp_path: Path) -> None:
    sample = catalog.load("sample")
    bare = dataset.make(sample.card, [replace(one, votes=()) for one in sample.examples], ())

    assert [path.name for path in draw(bare, tmp_path)] == ["classes.png", "lengths.png"]


def test_hostile_names_and_many_labels_are_drawn(tmp_path: Path) -> None:
    names = tuple(f"$\\frac{{{number}" for number in range(200))
    card = Card("$\\oops{", labels=LabelSet(names, ()))
    examples = [Example(name, "", name) for name in names]

    assert len(draw(dataset.make(card, examples, ()), tmp_path)) == 2


def test_an_empty_set_is_drawn(tmp_path: Path) -> None:
    assert len(draw(dataset.make(Card("none"), [], ()), tmp_path)) == 2
