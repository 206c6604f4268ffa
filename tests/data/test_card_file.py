from __future__ import annotations

from pathlib import Path

import pytest

from hatelens.data import card_file, catalog
from hatelens.data.card import Card
from hatelens.errors import DataError

CARD = """
title: Notes on the Zorblaxians
labels: [kind, unkind]
hateful: [unkind]
sources:
  - folder: notes
    files: [notes.csv, {path: more.csv, split: test}]
  - hub: someone/notes
    files: ["*.parquet"]
columns: {text: note, label: tone, group: [writer, thread]}
label_map: {0: kind, "1": unkind}
"""


def read(tmp_path: Path, text: str) -> Card:
    path = tmp_path / "notes.yaml"
    path.write_text(text)
    return card_file.read(path)


def test_a_card_is_named_after_its_file(tmp_path: Path) -> None:
    card = read(tmp_path, CARD)

    assert card.name == "notes"
    assert card.labels.hateful == ("unkind",)
    assert card.columns.group == ("writer", "thread")
    assert card.label_map == {"0": "kind", "1": "unkind"}
    assert [source.kind for source in card.sources] == ["folder", "hub"]
    assert [file.split for file in card.sources[0].files] == [None, "test"]
    assert card.sources[1].revision is None


def test_the_digest_of_a_card_changes_with_its_content(tmp_path: Path) -> None:
    first = read(tmp_path, CARD).digest

    assert read(tmp_path, CARD).digest == first
    assert read(tmp_path, CARD.replace("kind, unkind", "unkind, kind")).digest != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("labels: [kind, unkind]", "labels: [NO, OFF]"), r"read as False .*put it in quotes"),
        (("hateful: [unkind]", "hateful: [unkin]"), "did you mean 'unkind'"),
        (("label_map: {0: kind", "label_map: {no: kind"), "put it in quotes"),
        (('"1": unkind}', '"1": off}'), "put it in quotes"),
        (('"1": unkind}', '"1": unknd}'), "No label named 'unknd'; did you mean 'unkind'"),
        (("title:", "titel:"), "No key of card named 'titel'; did you mean 'title'"),
        (("text: note", "txt: note"), "No key of columns named 'txt'; did you mean 'text'"),
        (("text: note", "text: [note]"), "must be text"),
        (("split: test", "split: tset"), "No split named 'tset'; did you mean 'test'"),
        (("folder: notes", "floder: notes"), "A source must name one of folder"),
        (("folder: notes", "folder: notes\n    sha: 1"), "No key of a source named 'sha'"),
        (("files: [notes.csv,", "files: 7\n    # ["), "files must be a list"),
        (("columns: {", "columns: 7 # {"), "columns must hold keys and values"),
        (("title: Notes", "rows: many\ntitle: Notes"), "rows must be a number"),
        (("title: Notes", "seeded: {test: yes}\ntitle: Notes"), "test must be a number"),
        (("title: Notes", "test_only: 1\ntitle: Notes"), "test_only must be true or false"),
    ],
)
def test_a_mistake_in_a_card_is_named_with_its_file(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        read(tmp_path, CARD.replace(*change))

    assert str(error.value).startswith("notes.yaml: ")


@pytest.mark.parametrize("text", ["a: [", "7", ""])
def test_what_is_no_card_at_all_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"notes\.yaml"):
        read(tmp_path, text)


def test_the_labels_of_olid_stay_text_because_they_are_quoted(tmp_path: Path) -> None:
    path = catalog.CARDS / "olid.yaml"
    unquoted = path.read_text(encoding="utf-8").replace('"OFF"', "OFF")

    assert card_file.read(path).labels.names == ("NOT", "OFF")
    with pytest.raises(DataError, match=r"OFF, NO or FALSE .*put it in quotes, as in \"OFF\""):
        read(tmp_path, unquoted)


@pytest.mark.parametrize("name", catalog.names())
def test_every_card_says_what_a_user_must_know(name: str) -> None:
    card = catalog.card(name)

    for value in (card.title, card.licence, card.citation, card.warning, card.language):
        assert value
    assert card.labels.hateful
    assert card.sources
    assert card.url or card.sources[0].kind == "package"


@pytest.mark.parametrize("name", catalog.names())
def test_no_card_pins_a_file_to_half_a_hash(name: str) -> None:
    for source in catalog.card(name).sources:
        for file in source.files:
            assert file.sha256 is None or len(file.sha256) == 64
