"""Files of what people said of texts."""

from __future__ import annotations

import stat
from collections import Counter
from pathlib import Path

import pytest

from hatelens.data import catalog, files, verdicts
from hatelens.errors import DataError

AWKWARD = (
    "=1+1", "+cmd", 'a "b", c', "one\ntwo\r\nthree\rfour", " spaces ", "'", "a\x00b", "\u2028<b>",
    "x" * 1_000_000, "\N{GRINNING FACE}", "",
)  # fmt: skip


def a_row(text: str, **changed: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "text": text, "label": "kind", "source": "verdict", "time": "2026-03-01T12:00:00Z",
        "model": "m", "hateful": 0.5, "community": "", "reviewer": "u",
    }  # fmt: skip
    return fields | changed


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_every_text_is_read_back_as_it_was(tmp_path: Path, name: str) -> None:
    left_out: Counter[str] = Counter()
    path = tmp_path / name
    assert verdicts.write(path, map(a_row, AWKWARD), left_out) == len(AWKWARD)
    rows = list(files.rows(path))
    assert tuple(row.values["text"] for row in rows) == AWKWARD
    assert tuple(rows[0].values) == verdicts.COLUMNS
    assert not left_out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lone_surrogates_are_exact_in_jsonl_and_counted_in_csv(tmp_path: Path) -> None:
    left_out: Counter[str] = Counter()
    texts = ("a\ud800b", "\udcc3\udca9", "fine")
    assert verdicts.write(tmp_path / "a.jsonl", map(a_row, texts), left_out) == 3
    found = [row.values["text"] for row in files.rows(tmp_path / "a.jsonl")]
    assert tuple(found) == texts
    assert verdicts.write(tmp_path / "a.csv", map(a_row, texts), left_out) == 1
    assert left_out == {verdicts.UNWRITABLE: 2}


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_the_file_is_a_data_set(tmp_path: Path, name: str) -> None:
    rows = [a_row("A fine film."), a_row("A stupid film.", label="hateful", hateful=None)]
    verdicts.write(tmp_path / name, rows, Counter())
    data = catalog.load(tmp_path / name)
    assert {one.text: one.label for one in data.examples} == {
        "A fine film.": "kind", "A stupid film.": "hateful",
    }  # fmt: skip
    assert data.card.labels.hateful == ("hateful",)


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("mine")
    with pytest.raises(DataError, match="is there already"):
        verdicts.write(path, [a_row("a")], Counter())
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "line"),
    [("out.txt", "No file format named '.txt'"), ("none/out.csv", "cannot be written"),
     ("a\x00.csv", "cannot be written")],
)  # fmt: skip
def test_a_file_that_cannot_be_is_one_line(tmp_path: Path, name: str, line: str) -> None:
    with pytest.raises(DataError, match=line) as raised:
        verdicts.write(tmp_path / name, [a_row("a")], Counter())
    assert "\n" not in str(raised.value)


def test_a_file_that_fails_half_way_is_removed(tmp_path: Path) -> None:
    def rows():
        yield a_row("a")
        raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        verdicts.write(tmp_path / "out.csv", rows(), Counter())
    assert list(tmp_path.iterdir()) == []
