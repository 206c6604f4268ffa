from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hatelens.data import card_file
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.readers import READERS, Located
from hatelens.data.readers.place import ranges
from hatelens.errors import DataError
from tests.data.conftest import write_csv, write_jsonl

BASE: Mapping[str, object] = {
    "name": "notes",
    "labels": ["kind", "unkind"],
    "hateful": ["unkind"],
    "columns": {"text": "note", "label": "tone"},
}
ROW: Mapping[str, object] = {"note": "The Quendari sing well", "tone": "kind"}


def read(path: Path, **changes: object) -> Reading:
    card = card_file.parse({**BASE, **changes})
    return READERS.load(card.reader)(card, [Located(path)])


def one(tmp_path: Path, row: Mapping[str, object], **changes: object) -> Example:
    return read(write_jsonl(tmp_path / "a.jsonl", [row]), **changes).examples[0]


def test_a_row_becomes_an_example(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {
            **ROW,
            "key": 7,
            "thread": "t1",
            "part": "dev",
            "who": "['Quendari', \"Korvaxi\", 'none']",
            "marks": "[4, 5, 6, 9]",
            "up": "True",
            "place": "forum",
        },
        columns={
            "text": "note",
            "label": "tone",
            "id": "key",
            "group": "thread",
            "split": "part",
            "targets": "who",
            "spans": "marks",
        },
        split_map={"dev": "validation"},
        attributes={"praise": "up"},
        meta=["place"],
    )

    assert found == Example(
        id="7",
        text="The Quendari sing well",
        label="kind",
        group="t1",
        split="validation",
        source="notes",
        targets=("Quendari", "Korvaxi"),
        spans=((4, 7), (9, 10)),
        attributes={"praise": 1.0},
        meta={"place": "forum"},
    )


def test_without_an_id_column_ids_come_from_texts_and_stay_unique(tmp_path: Path) -> None:
    found = read(write_csv(tmp_path / "a.csv", [ROW, {**ROW, "note": "other"}, ROW])).examples

    assert len(found[0].id) == 16
    assert found[2].id == f"{found[0].id}-2"
    assert len({example.id for example in found}) == 3


def test_a_file_can_be_a_split(tmp_path: Path) -> None:
    card = card_file.parse(BASE)
    file = Located(write_csv(tmp_path / "a.csv", [ROW]), "test")

    assert READERS.load(card.reader)(card, [file]).examples[0].split == "test"


def test_what_is_left_out_is_counted_with_its_line(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        [ROW, {**ROW, "note": "  "}, {**ROW, "tone": ""}, {**ROW, "tone": "skip"}],
    )

    found = read(path, label_map={"skip": ""})

    assert len(found.examples) == 1
    assert [(row.file, row.line, row.why) for row in found.left_out] == [
        ("a.csv", 3, "the text is empty"),
        ("a.csv", 4, "there is no label"),
        ("a.csv", 5, "the card leaves out the label 'skip'"),
    ]


@pytest.mark.parametrize(
    ("row", "changes", "message"),
    [
        ({"tone": "unknd"}, {}, "No label named 'unknd'; did you mean 'unkind'"),
        ({}, {"columns": {"text": "nte", "label": "tone"}}, "No column named 'nte'.*'note'"),
        (
            {"part": "tset"},
            {"columns": {"text": "note", "label": "tone", "split": "part"}},
            "No split named 'tset'",
        ),
        (
            {"marks": "[400]"},
            {"columns": {"text": "note", "label": "tone", "spans": "marks"}},
            "marks must be a list of character offsets",
        ),
        (
            {"marks": "oops"},
            {"columns": {"text": "note", "label": "tone", "spans": "marks"}},
            "marks must be a list of character offsets",
        ),
        ({"up": "much"}, {"attributes": {"praise": "up"}}, "up is 'much', which is no number"),
        ({"a": 0, "b": 0}, {"votes": {"kind": "a", "unkind": "b"}}, "Votes must be counts"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(
    tmp_path: Path, row: Mapping[str, object], changes: Mapping[str, object], message: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [{**ROW, **row}])

    with pytest.raises(DataError, match=message) as error:
        read(path, **changes)

    assert "a.csv, line 2:" in str(error.value)


def test_votes_become_shares_in_the_order_of_the_labels(tmp_path: Path) -> None:
    found = one(tmp_path, {**ROW, "no": 3, "yes": 1}, votes={"unkind": "yes", "kind": "no"})

    assert found.votes == (0.75, 0.25)


def test_a_share_leaves_the_rest_to_another_label(tmp_path: Path) -> None:
    found = one(tmp_path, {**ROW, "share": 0.4}, votes={"unkind": "share"}, votes_rest="kind")

    assert found.votes == pytest.approx((0.6, 0.4))


@pytest.mark.parametrize(
    ("flags", "label"), [(("1", "0"), "unkind"), (("0", "True"), "unkind"), (("0", ""), "kind")]
)
def test_a_label_can_be_made_of_flags(tmp_path: Path, flags: tuple[str, str], label: str) -> None:
    found = one(
        tmp_path,
        {"note": "text", "hd": flags[0], "cv": flags[1]},
        columns={"text": "note"},
        rule={"flags": {"unkind": ["hd", "cv"]}, "otherwise": "kind"},
    )

    assert found.label == label


@pytest.mark.parametrize(
    ("score", "label"),
    [(0.51, "Hate"), (0.5, "Neutral"), (-1, "Neutral"), (-1.01, "Supportive"), (0, "Neutral")],
)
def test_both_bounds_of_a_score_lie_in_the_middle(tmp_path: Path, score: float, label: str) -> None:
    found = one(
        tmp_path,
        {"note": "text", "hate_speech_score": score},
        labels=["Supportive", "Neutral", "Hate"],
        hateful=["Hate"],
        columns={"text": "note"},
        rule={
            "score": "hate_speech_score",
            "above": {"Hate": 0.5},
            "below": {"Supportive": -1},
            "otherwise": "Neutral",
        },
    )

    assert found.label == label


@pytest.mark.parametrize(("score", "label"), [(0.5, "unkind"), (0.49, "kind")])
def test_a_score_can_have_to_reach_a_bound(tmp_path: Path, score: float, label: str) -> None:
    rule = {"score": "s", "at_least": {"unkind": 0.5}, "otherwise": "kind"}

    found = one(tmp_path, {"note": "a", "s": score}, columns={"text": "note"}, rule=rule)

    assert found.label == label


def test_of_several_labels_the_first_in_precedence_counts(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {**ROW, "tone": "kind, unkind"},
        rule={"separator": ",", "precedence": ["unkind", "kind"]},
    )

    assert found.label == "unkind"
    assert found.attributes == {"kind": 1.0, "unkind": 1.0}


@pytest.mark.parametrize(("marks", "label"), [("[0, 1]", "unkind"), ("[]", "kind")])
def test_a_marked_text_has_its_label(tmp_path: Path, marks: str, label: str) -> None:
    found = one(
        tmp_path,
        {"note": "text", "marks": marks},
        columns={"text": "note", "spans": "marks"},
        rule={"marked": "unkind", "otherwise": "kind"},
    )

    assert found.label == label


def test_spans_may_be_a_json_list(tmp_path: Path) -> None:
    columns = {"text": "note", "label": "tone", "spans": "marks"}

    assert one(tmp_path, {**ROW, "marks": [0, 1]}, columns=columns).spans == ((0, 2),)


def test_rows_of_one_text_are_merged_and_counted(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        [
            {**ROW, "key": "k1", "up": 1, "korvaxi": "true", "quendari": "false"},
            {**ROW, "key": "k2", "note": "other", "up": 1, "korvaxi": "", "quendari": ""},
            {**ROW, "key": "k1", "up": 0, "korvaxi": "true", "quendari": "true"},
            {**ROW, "key": "k1", "up": 0, "korvaxi": "false", "quendari": "false"},
        ],
    )

    found = read(
        path,
        unique="key",
        attributes={"praise": "up"},
        target_flags={"Korvaxi": "korvaxi", "Quendari": "quendari"},
    )

    first = found.examples[0]
    assert [example.id for example in found.examples] == ["k1", "k2"]
    assert first.attributes == {"praise": pytest.approx(1 / 3)}
    assert first.targets == ("Korvaxi",)
    assert len(found.left_out) == 2


def test_marks_in_a_text_are_put_back(tmp_path: Path) -> None:
    found = one(tmp_path, {**ROW, "note": "one[linebreak]two"}, replace={"[linebreak]": "\n"})

    assert found.text == "one\ntwo"


def test_meta_can_be_found_by_a_pattern(tmp_path: Path) -> None:
    extract = {
        "group": {"column": "note", "pattern": "The (\\w+)"},
        "last": {"column": "tone", "pattern": "(d)$"},
        "none": {"column": "note", "pattern": "(xyz)"},
    }

    assert one(tmp_path, ROW, extract=extract).meta == {"group": "Quendari", "last": "d"}


def test_targets_may_be_separated_by_commas(tmp_path: Path) -> None:
    columns = {"text": "note", "label": "tone", "targets": "who"}

    found = one(tmp_path, {**ROW, "who": "Quendari, Korvaxi"}, columns=columns)

    assert found.targets == ("Quendari", "Korvaxi")


def test_a_group_of_two_columns_knows_no_order(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        [{**ROW, "a": 1, "b": 2}, {**ROW, "a": 2, "b": 1}, {**ROW, "a": "", "b": ""}],
    )

    found = read(path, columns={"text": "note", "label": "tone", "group": ["a", "b"]}).examples

    assert [example.group for example in found] == ["1/2", "1/2", None]


def test_offsets_outside_of_a_text_are_refused() -> None:
    assert ranges([2, 0, 1, 1], 3) == ((0, 3),)
    with pytest.raises(ValueError, match="3"):
        ranges([3], 3)


def test_an_unknown_reader_is_named() -> None:
    with pytest.raises(DataError, match="No reader named 'tabel'; did you mean 'table'"):
        READERS.load("tabel")
