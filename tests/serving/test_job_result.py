"""The result of a job: the sender's rows as they were, ours behind them and no formulas."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from hatelens.serving import job_result, job_rows
from hatelens.serving.job_result import Scored
from hatelens.serving.job_rows import COLUMNS, Row, Sheet

UNKIND = Scored("unkind", 0.91234567, "flag", "model-1", "policy-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def made(path: Path, content: bytes, form: str, found: Scored | str = UNKIND) -> bytes:
    path.write_bytes(content)
    sheet = job_rows.opened(Sheet(path, form, "text", 50))
    marked = [(row, row.fault or found) for row in job_rows.rows(sheet, sheet.begin)]
    return job_result.head(sheet) + job_result.written(sheet, marked)


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")))


def test_csv_gets_our_columns_behind_the_senders(path: Path) -> None:
    header, row = table(made(path, b'id,text\n007,"a, ""b""\nc"\n', "csv"))
    assert header == ["id", "text", *COLUMNS]
    assert row == [
        "007", 'a, "b"\nc', "unkind", "0.912346", "flag", "model-1", "policy-1", "",
    ]  # fmt: skip


def test_jsonl_keeps_the_line_and_gets_our_fields(path: Path) -> None:
    line = '{"text": "a\\ud800", "n": 1.00, "n": 1e999, "big": 12345678901234567890123 }'
    content = made(path, f"  {line}  \r\n".encode(), "jsonl").decode()
    assert content.startswith(line.removesuffix(" }") + ", ")
    assert content.count("\n") == 1
    values = json.loads(content)
    assert [values[name] for name in COLUMNS] == [
        "unkind", 0.912346, "flag", "model-1", "policy-1", None,
    ]  # fmt: skip


def test_a_bad_row_of_csv_says_why_and_stays_in_its_columns(path: Path) -> None:
    _, short, long, broken = table(made(path, b'id,text\nalone\n1,2,3\n"open,4\n', "csv"))
    assert [row[:2] for row in (short, long, broken)] == [["alone", ""], ["1", "2"], ["", ""]]
    for row in (short, long, broken):
        assert row[2:-1] == [""] * 5
        assert row[-1]


def test_a_bad_row_of_jsonl_says_why_and_keeps_what_is_an_object(path: Path) -> None:
    first, empty, none = made(path, b'{"text": "a"}\n{}\n{\n', "jsonl").splitlines()
    assert json.loads(first)["hatelens_error"] is None
    assert list(json.loads(empty)) == list(COLUMNS)
    assert "has no 'text'" in json.loads(empty)["hatelens_error"]
    assert "is not JSON" in json.loads(none)["hatelens_error"]
    assert json.loads(none)["hatelens_label"] is None


@pytest.mark.parametrize("start", job_result.FORMULAS)
def test_only_our_own_cells_are_guarded_against_formulas(path: Path, start: str) -> None:
    theirs, ours = f"{start}SUM(1)", f"{start}label"
    out = io.StringIO()
    csv.writer(out).writerows([("id", "text"), (theirs, "a")])
    found = Scored(ours, 0.5, "unsure", ours, ours)
    _, row = table(made(path, out.getvalue().encode(), "csv", found))
    assert row[0] == theirs
    assert [row[2], row[5], row[6]] == [f"'{ours}"] * 3


def test_an_error_cannot_be_a_formula(path: Path) -> None:
    assert table(made(path, b"text\na\n", "csv", "=cmd|x, row 1: is bad"))[1][-1].startswith("'=")


def test_bytes_that_are_not_utf8_go_back_as_they_were(path: Path) -> None:
    assert b"\xff\xfe,a," in made(path, b"id,text\n\xff\xfe,a\n", "csv")


def test_a_byte_order_mark_stands_before_the_result_too(path: Path) -> None:
    assert made(path, b"\xef\xbb\xbftext\na", "csv").startswith(b"\xef\xbb\xbftext,")
    assert made(path, b'\xef\xbb\xbf{"text": "a"}', "jsonl").startswith(b'\xef\xbb\xbf{"text"')


def test_a_row_without_cells_is_as_wide_as_the_others(path: Path) -> None:
    sheet = Sheet(path, "csv", "text", 50, ("a", "text", "b"))
    (row,) = table(job_result.written(sheet, [(Row(1, fault="is bad"), "is bad")]))
    assert len(row) == 3 + len(COLUMNS)
