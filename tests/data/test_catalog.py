from __future__ import annotations

from pathlib import Path

import pytest

from hatelens.data import catalog, dataset
from hatelens.data.splits import ids_digest
from hatelens.errors import DataError
from tests.data.conftest import sentence, write_csv, write_jsonl


def davidson(tmp_path: Path, rows: int = 60) -> Path:
    return write_csv(
        tmp_path / "data/davidson2017/labeled_data.csv",
        [
            {
                "count": 3,
                "hate_speech": 3 * (n % 3 == 0),
                "offensive_language": 3 * (n % 3 == 1),
                "neither": 3 * (n % 3 == 2),
                "class": n % 3,
                "tweet": sentence(n),
            }
            for n in range(rows)
        ],
    )


def notes(tmp_path: Path, **more: object) -> Path:
    return write_csv(
        tmp_path / "notes.csv",
        [{"comment": sentence(n), "class": "hate" if n % 2 else "fine", **more} for n in range(40)],
    )


def test_a_card_without_official_splits_has_a_seeded_test(tmp_path: Path) -> None:
    davidson(tmp_path)

    train = catalog.load("davidson2017", "train")
    test = catalog.load("davidson2017", "test")

    assert (len(train), len(test)) == (48, 12)
    assert not {one.id for one in train.examples} & {one.id for one in test.examples}
    assert test.examples[0].votes in {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_the_hub_copy_of_a_set_has_the_same_test(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    davidson(tmp_path)
    path = catalog.fetched(catalog.card("hate_speech_offensive")) / "hub/data/train-00000.parquet"
    path.parent.mkdir(parents=True)
    columns = {
        "hate_speech_count": [1] * 60,
        "offensive_language_count": [1] * 60,
        "neither_count": [1] * 60,
        "class": [n % 3 for n in range(60)],
        "tweet": [sentence(n) for n in range(60)],
    }
    parquet.write_table(pa.table(columns), path)

    ours = catalog.load("davidson2017", "test")
    theirs = catalog.load("hate_speech_offensive", "test")

    assert {one.text for one in ours.examples} == {one.text for one in theirs.examples}


def test_the_digest_of_a_set_follows_its_content(tmp_path: Path) -> None:
    davidson(tmp_path)
    first = catalog.load("davidson2017").digest
    again = catalog.load("davidson2017").digest
    davidson(tmp_path, rows=59)

    assert first == again
    assert catalog.load("davidson2017").digest != first


def test_a_set_that_is_not_at_hand_says_how_to_get_it() -> None:
    with pytest.raises(DataError, match="Get it with: hatelens data fetch edos"):
        catalog.load("edos")
    with pytest.raises(DataError, match=r"Put its files into \$HATELENS_DATA/olid; see https://"):
        catalog.load("olid")


def test_an_unknown_name_is_met_with_the_one_that_was_meant() -> None:
    with pytest.raises(DataError, match="did you mean 'davidson2017'"):
        catalog.load("davidson")


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    davidson(tmp_path)

    with pytest.raises(DataError, match="did you mean 'test'"):
        catalog.load("davidson2017", "tset")
    with pytest.raises(DataError, match="has no validation split; there is train, test"):
        catalog.load("davidson2017", "validation")


def test_the_sample_needs_no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_DATA", "")

    assert catalog.folder() is None
    assert catalog.locate(catalog.card("hatecheck")) == ()
    assert len(catalog.load("sample", "test")) > 0


def test_the_data_folder_is_found_nearby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HATELENS_DATA")
    (tmp_path / "shared/data").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert catalog.folder() == Path("../shared/data")

    monkeypatch.chdir(tmp_path)
    assert catalog.folder() == Path("shared/data")


def test_a_file_of_ones_own_needs_only_its_columns_named(tmp_path: Path) -> None:
    data = catalog.load(notes(tmp_path), columns={"text": "comment", "label": "class"})

    assert data.card.labels.names == ("fine", "hate")
    assert data.card.labels.hateful == ("hate",)
    assert len(data) == 40
    assert len(catalog.part(data, "test")) == 8
    assert len(data.card.digest) == 64


def test_columns_that_have_the_usual_names_need_not_be_named(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "notes.jsonl",
        [
            {
                "text": sentence(n),
                "label": str(n % 2),
                "id": f"n{n}",
                "group": f"g{n % 4}",
                "split": "dev" if n < 3 else "train",
            }
            for n in range(9)
        ],
    )

    data = catalog.load(str(path))

    assert data.examples[0].id == "n0"
    assert data.examples[0].group == "g0"
    assert data.card.labels.hateful == ("1",)
    assert len(catalog.part(data, "validation")) == 3


def test_a_file_without_labels_can_be_looked_at(tmp_path: Path) -> None:
    data = catalog.load(write_csv(tmp_path / "a.csv", [{"text": "one"}, {"text": "two"}]))

    assert [one.label for one in data.examples] == [None, None]
    assert data.card.labels.names == ()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, r"No column named 'text'\. There are class, comment\. Say which one holds the text"),
        ({"text": "coment"}, "did you mean 'comment'"),
        ({"txt": "comment"}, "No role of a column named 'txt'; did you mean 'text'"),
    ],
)
def test_a_wrong_column_is_named(tmp_path: Path, columns: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        catalog.load(notes(tmp_path), columns=columns)


def test_a_set_without_splits_or_shares_is_all_training(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "data/mhs_partial/sample100_full_columns.csv",
        [
            {
                "text": "one",
                "comment_id": 1,
                "hate_speech_score": 1,
                "platform": 0,
                **dict.fromkeys(
                    catalog.card("measuring_hate_speech_sample").target_flags.values(), 0
                ),
            }
        ],
    )

    parts = catalog.parts(catalog.load("measuring_hate_speech_sample"))

    assert {name: len(part) for name, part in parts.items()} == {
        "train": 1,
        "validation": 0,
        "test": 0,
    }


def test_ids_of_a_split_have_the_same_digest_in_every_order(tmp_path: Path) -> None:
    path = davidson(tmp_path)
    first = ids_digest(catalog.load("davidson2017", "test").examples)
    head, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, *rows[::-1]]) + "\n")

    assert ids_digest(catalog.load("davidson2017", "test").examples) == first


def test_reasons_are_counted() -> None:
    left = [
        dataset.LeftOut("a", 1, "x"),
        dataset.LeftOut("a", 2, "y"),
        dataset.LeftOut("a", 3, "y"),
    ]

    assert dict(dataset.reasons(left)) == {"y": 2, "x": 1}
