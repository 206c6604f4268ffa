"""Rows of an upload: what is wrong is named, and what follows is read on."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatelens.errors import DataError
from hatelens.serving import job_lines, job_rows
from hatelens.serving.job_rows import PART_CHARS, PART_ROWS, Row, Sheet

LONGEST = 50


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def read(path: Path, content: bytes, form: str = "csv", column: str = "text") -> list[Row]:
    path.write_bytes(content)
    sheet = job_rows.opened(Sheet(path, form, column, LONGEST))
    return list(job_rows.rows(sheet, sheet.begin))


def texts(found: list[Row]) -> list[str]:
    return [row.text for row in found]


def test_csv_gives_the_texts_of_the_column(path: Path) -> None:
    found = read(path, b'id,text\r\n1,"Good, morning."\r\n2,"two\nlines"\r\n\r\n3,last')
    assert texts(found) == ["Good, morning.", "two\nlines", "last"]
    assert found[1].cells == ("2", "two\nlines")
    assert found[-1].end == path.stat().st_size


def test_jsonl_gives_the_texts_of_the_field(path: Path) -> None:
    found = read(path, b'{"text": "a", "n": 1.0}\n \n{"text": "\\ud800b"}', "jsonl")
    assert texts(found) == ["a", "\ud800b"]
    assert found[0].cells == ('{"text": "a", "n": 1.0}',)


def test_a_byte_order_mark_is_no_part_of_the_first_column(path: Path) -> None:
    assert texts(read(path, b"\xef\xbb\xbftext\na")) == ["a"]
    assert texts(read(path, b'\xef\xbb\xbf{"text": "a"}', "jsonl")) == ["a"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_reading_goes_on_at_the_end_of_any_row(path: Path, form: str) -> None:
    content = {
        "csv": b'text,n\na,1\n"b\nc",2\n"open,3\nd,4\n\ne\n,6\n"x""y",7\n',
        "jsonl": b'{"text": "a"}\n{\n\n{"text": 1}\n\xff\n{"text": "b"}\n',
    }[form]
    found = read(path, content, form)
    sheet = job_rows.opened(Sheet(path, form, "text", LONGEST))
    for place, row in enumerate(found):
        assert list(job_rows.rows(sheet, row.end)) == found[place + 1 :]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (b"only one", "has 1 cell; the header names 2."),
        (b"1,a,b", "has 3 cells"),
        (b"1,", "has nothing in 'text'"),
        (b"1,\xff", "is not UTF-8 in 'text'"),
        (b"1," + b"x" * (LONGEST + 1), "has 51 characters of text; at most 50"),
        (b'1,"open', "is no CSV"),
        (b'1,"a"b', "is no CSV"),
        (b"1,a\rb", "is no CSV"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_the_next_is_read(path: Path, row: bytes, fault: str) -> None:
    found = read(path, b"id,text\n0,before\n" + row + b'\n2,"after"\n3,last\n')
    assert texts(found) == ["before", "", "after", "last"]
    assert fault in found[1].fault
    assert "\n" not in found[1].fault


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (b"{", "is not JSON; send one object per line."),
        (b"NaN", "is not JSON"),
        (b'{"text": NaN}', "is not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is a list; send one object per line."),
        (b'"a"', "is a string"),
        (b"{}", "has no 'text'; name the text's field with ?column=."),
        (b'{"text": null}', "has null as 'text'; it must be a string."),
        (b'{"text": ["a"]}', "has a list as 'text'"),
        (b'{"text": ""}', "has nothing in 'text'"),
        (b'{"text": "\xff"}', "is not UTF-8: byte 10 of the line is 0xff"),
        (b'{"text": "a", "hatelens_label": "b"}', "has hatelens_label already"),
        (b'{"text": "' + b"x" * (LONGEST + 1) + b'"}', "has 51 characters"),
    ],
)
def test_a_bad_row_of_jsonl_is_named_and_the_next_is_read(
    path: Path, row: bytes, fault: str
) -> None:
    found = read(path, b'{"text": "before"}\n' + row + b'\n{"text": "after"}\n', "jsonl")
    assert texts(found) == ["before", "", "after"]
    assert fault in found[1].fault


def test_a_bad_byte_in_another_column_does_not_matter(path: Path) -> None:
    (row,) = read(path, b"id,text\n\xff,a\n")
    assert (row.text, row.fault) == ("a", "")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "The header has no column 'text'; there are none."),
        (b"\n", "has no column 'text'"),
        (b"id,comment\n1,a\n", "there are 'id', 'comment'. Name one with ?column=."),
        (b"text,text\na,b\n", "has more than one column 'text'"),
        (b"text\n", "holds no rows"),
        (b"text\n\n\r\n", "holds no rows"),
        (b"\xff,text\na,b\n", "The header is not UTF-8"),
        ("text\na".encode("utf-16"), "The header is not UTF-8"),
        (b'"text\na\n', "is no header of a CSV file"),
        (b"text,hatelens_error\na,b\n", "The header has hatelens_error already"),
        (b"a\rb\r", "is no header"),
    ],
)
def test_a_wrong_header_is_refused(path: Path, content: bytes, line: str) -> None:
    with pytest.raises(DataError, match=re.escape(line)) as caught:
        read(path, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b"text\na\n", "The first row is not JSON"),
        (b'{"comment": "a"}\n', "The first row has no 'text'"),
    ],
)
def test_the_first_row_of_jsonl_stands_for_its_header(
    path: Path, content: bytes, line: str
) -> None:
    with pytest.raises(DataError, match=line):
        read(path, content, "jsonl")


@pytest.mark.parametrize("row", ['{"text": null}', '{"text": ""}', '{"text": "%s"}' % ("x" * 60)])
def test_a_first_row_whose_text_cannot_be_scored_is_a_row_like_any_other(
    path: Path, row: str
) -> None:
    found = read(path, f'{row}\n{{"text": "b"}}\n'.encode(), "jsonl")
    assert texts(found) == ["", "b"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_without_end_is_left_out_and_the_next_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(job_lines, "LARGEST", 200)
    long = b"x" * 500
    content = {
        "csv": b'text,n\na,1\n"' + long + b'",2\nb,3\n',
        "jsonl": b'{"text": "a"}\n{"text": "' + long + b'"}\n{"text": "b"}\n',
    }[form]
    found = read(path, content, form)
    assert texts(found) == ["a", "", "b"]
    assert "is larger than" in found[1].fault


def test_an_open_quote_costs_one_row_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_lines, "LARGEST", 200)
    rows = b"".join(b"row %d,1\n" % number for number in range(100))
    found = read(path, b'text,n\n"open,0\n' + rows)
    assert texts(found) == ["", *(f"row {number}" for number in range(100))]


def test_a_file_of_open_quotes_is_given_up_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lines, "LARGEST", 1000)
    monkeypatch.setattr(job_rows, "LOST", 10_000)
    with pytest.raises(DataError, match="Too many rows have open quotes"):
        read(path, b"text,n\n" + b'x,"y"",""z\n' * 1000)


def test_parts_are_bounded_and_the_same_from_any_part_on() -> None:
    sizes = [1] * 100 + [PART_CHARS] * 3 + [PART_CHARS // 2] * 5 + [0] * 200
    found = [Row(end, text="x" * size) for end, size in enumerate(sizes)]
    parts = list(job_rows.parts(iter(found)))
    assert [row for part in parts for row in part] == found
    assert max(map(len, parts)) == PART_ROWS
    assert all(len(p) == 1 or sum(len(r.text) for r in p) <= PART_CHARS for p in parts)
    for number in range(len(parts)):
        rest = (row for part in parts[number:] for row in part)
        assert list(job_rows.parts(rest)) == parts[number:]


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=20))
def test_whatever_a_csv_writer_writes_is_read_as_it_was(
    path: Path, rows: list[tuple[str, str]]
) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([("id", "text"), *rows])
    assert [row.cells for row in read(path, out.getvalue().encode())] == rows


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(path: Path, noise: bytes) -> None:
    for form, start in (("csv", b"id,text\n"), ("jsonl", b'{"text": "a"}\n')):
        path.write_bytes(start + b"1,a\n" + noise)
        sheet = job_rows.opened(Sheet(path, form, "text", LONGEST))
        found = list(job_rows.rows(sheet, sheet.begin))
        assert [row.end for row in found] == sorted({row.end for row in found})
        assert all(bool(row.text) != bool(row.fault) for row in found)


def _lines(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield json.dumps({"text": f"row {number}"}).encode() + b"\n"


def test_reading_keeps_one_row_in_memory(path: Path) -> None:
    import tracemalloc

    with path.open("wb") as file:
        file.writelines(_lines(5_000))
    sheet = job_rows.opened(Sheet(path, "jsonl", "text", LONGEST))
    tracemalloc.start()
    assert sum(1 for _ in job_rows.rows(sheet, sheet.begin)) == 5_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000
