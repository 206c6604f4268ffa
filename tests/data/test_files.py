from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatelens.data.files import PLAIN, Layout, columns, rows
from hatelens.errors import DataError


def values(path: Path, layout: Layout = PLAIN) -> list[dict[str, object]]:
    return [dict(row.values) for row in rows(path, layout)]


def test_csv_rows_carry_the_line_on_which_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'text,label\n"two\nlines",1\n\nplain,0\n')

    found = list(rows(path))

    assert [(row.line, row.text("text")) for row in found] == [(2, "two\nlines"), (5, "plain")]


def test_tsv_splits_at_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\na, b\t1\n")

    assert values(path) == [{"text": "a, b", "label": "1"}]


def test_quotes_are_characters_where_the_layout_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('text\tlabel\n"open\t1\nshut"\t0\n')

    found = values(path, Layout(quoting=False))

    assert [row["text"] for row in found] == ['"open', 'shut"']


def test_a_header_can_be_given_for_a_file_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("hello,1\n")

    assert values(path, Layout(header=("text", "label"))) == [{"text": "hello", "label": "1"}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_read_and_left_out(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text\nübermütig\n".encode(encoding))

    assert values(path) == [{"text": "übermütig"}]


def test_bytes_that_are_not_utf8_are_kept_as_surrogates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\ncaf\xe9\n")

    assert values(path) == [{"text": "caf\udce9"}]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\ncaf\xe9\n")

    assert values(path, Layout(encoding="latin-1")) == [{"text": "café"}]


def test_an_unknown_encoding_is_a_plain_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")

    with pytest.raises(DataError, match="No encoding named 'utf-9'"):
        values(path, Layout(encoding="utf-9"))


def test_bytes_that_break_the_encoding_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfet\x00e\x00\n\x00x")

    with pytest.raises(DataError, match=r"a\.csv, line \d: .*name the encoding"):
        values(path)


def test_a_row_with_too_many_fields_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\nfine,1\none,two,three\n")

    with pytest.raises(DataError, match=r"a\.csv, line 3: found 3 fields .* names 2"):
        values(path)


def test_a_field_without_end_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hatelens.data.files.LARGEST_FIELD", 1000)
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"' + "x" * 2000 + "\n")

    with pytest.raises(DataError, match=r"line 2: .*quoting: false"):
        values(path)


def test_jsonl_keeps_values_and_skips_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a\u2028b", "votes": [1]}\n\n{"text": null}\n', encoding="utf-8")

    found = list(rows(path))

    assert [(row.line, row.values) for row in found] == [
        (1, {"text": "a\u2028b", "votes": [1]}),
        (3, {"text": None}),
    ]
    assert found[1].text("text") == ""


@pytest.mark.parametrize(
    ("line", "why"), [("{oops", "line 2"), ("[1, 2]", "row 2"), ("7", "row 2")]
)
def test_a_broken_record_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n' + line + "\n")

    with pytest.raises(DataError, match=rf"a\.jsonl, {why}"):
        values(path)


def test_records_nested_too_deeply_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("[" * 100_000 + "\n")

    with pytest.raises(DataError, match="nested too deeply"):
        values(path)


@pytest.mark.parametrize(
    "content",
    [[{"text": "a"}], {"id1": {"text": "a"}}],
    ids=["list of records", "records by id"],
)
def test_json_holds_records(tmp_path: Path, content: object) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))

    assert values(path) == [{"text": "a"}]


def test_json_lists_of_fields_need_a_header(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([["a", "1"]]))

    assert values(path, Layout(header=("text", "label"))) == [{"text": "a", "label": "1"}]
    with pytest.raises(DataError, match="row 1"):
        values(path)


def test_json_that_is_no_list_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": "a"}')

    with pytest.raises(DataError, match="must hold a list of records; found dict"):
        values(path)


def test_json_that_is_broken_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n{"text": "a"},\n{oops}]')

    with pytest.raises(DataError, match=r"a\.json, line 3"):
        values(path)


def test_parquet_is_read(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["a", "b"], "score": [0.5, None]}), path)

    assert values(path) == [{"text": "a", "score": 0.5}, {"text": "b", "score": None}]


def test_a_file_that_only_claims_to_be_parquet_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("text\n")

    with pytest.raises(DataError, match="is no Parquet file"):
        values(path)


def test_an_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("x")

    with pytest.raises(DataError, match=r"No file format named '\.xlsx'.*csv, json, jsonl"):
        values(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        values(tmp_path / "nothing.csv")


def test_columns_are_those_of_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,1\n")

    assert columns(path) == ("text", "label")


@pytest.mark.parametrize("content", ["", "text,label\n"])
def test_a_file_without_rows_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)

    with pytest.raises(DataError, match="holds no rows"):
        columns(path)
