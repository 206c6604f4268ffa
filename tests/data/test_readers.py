from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hatelens.data import catalog
from hatelens.data.dataset import Dataset, reasons
from hatelens.data.readers import READERS, Located
from hatelens.errors import DataError
from hatelens.labels import LabelSet
from tests.data.conftest import write_csv, write_jsonl


def post(name: str, label: str | None, split: str, **more: object) -> dict[str, object]:
    return {"post_id": name, "split": split, "text": "quiet birds sing", "label": label, **more}


def voices(*labels: str, target: str = "Women") -> list[dict[str, object]]:
    return [
        {"annotator_id": number, "label": label, "target": [target, "None"]}
        for number, label in enumerate(labels)
    ]


def hatexplain(tmp_path: Path, *records: dict[str, object]) -> Dataset:
    write_jsonl(tmp_path / "data/hatexplain/hatexplain_rebuilt.jsonl", records)
    return catalog.load("hatexplain")


def test_hatexplain_gives_shares_targets_and_marked_tokens(tmp_path: Path) -> None:
    data = hatexplain(
        tmp_path,
        post(
            "1_gab",
            "offensive",
            "val",
            annotators=voices("offensive", "offensive", "normal"),
            rationales=[[0, 1, 1], [0, 1, 0]],
        ),
    )

    one = data.examples[0]
    assert (one.split, one.label, one.meta) == ("validation", "offensive", {"platform": "gab"})
    assert one.votes == pytest.approx((1 / 3, 2 / 3, 0))
    assert one.targets == ("Women",)
    assert one.spans == ((6, 16),)
    assert not data.card.soft_labels


def test_hatexplain_without_rationales_has_no_spans(tmp_path: Path) -> None:
    data = hatexplain(
        tmp_path,
        post("1_gab", "normal", "test", annotators=voices(*["normal"] * 3), rationales=[]),
        post("2_gab", "normal", "train"),
        post("3_gab", "hatespeech", "train", evidence=[{"start": 1, "end": 2, "text": "birds"}]),
        post("4_gab", "hatespeech", "train", evidence=[{"start": 1, "end": 2, "text": "other"}]),
    )

    assert [one.spans for one in data.examples] == [(), None, ((6, 11),), None]


def test_hatexplain_takes_majority_targets_where_no_annotator_is_known(tmp_path: Path) -> None:
    data = hatexplain(
        tmp_path,
        post(
            "1_gab", "normal", "train", targets={"Race": "No_race", "Gender": "Women", "Misc": None}
        ),
    )

    assert data.examples[0].targets == ("Women",)


def test_hatexplain_counts_what_it_leaves_out(tmp_path: Path) -> None:
    data = hatexplain(
        tmp_path,
        post("1_gab", "normal", "train"),
        post("2_gab", None, "train"),
        post("3_gab", "undecided", "undecided"),
    )

    assert dict(reasons(data.left_out)) == {
        "there is no label": 1,
        "three annotators chose three labels": 1,
    }


def test_hatexplain_names_the_line_of_an_unknown_label(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: label 'rude' or split 'train' is unknown"):
        hatexplain(tmp_path, post("1_gab", "rude", "train"))


def test_the_authors_form_of_hatexplain_is_read_too(tmp_path: Path) -> None:
    folder = tmp_path / "data/hatexplain_full"
    folder.mkdir(parents=True)
    posts = {
        name: {
            "post_id": name,
            "annotators": voices(*labels),
            "rationales": [[1, 0]],
            "post_tokens": ["quiet", "birds"],
        }
        for name, labels in {
            "1_twitter": ("hatespeech", "hatespeech", "normal"),
            "2_gab": ("hatespeech", "offensive", "normal"),
            "3_gab": ("normal", "offensive", "normal"),
        }.items()
    }
    (folder / "dataset.json").write_text(json.dumps(posts))
    divisions = {"train": ["1_twitter"], "val": [], "test": ["3_gab"]}
    (folder / "post_id_divisions.json").write_text(json.dumps(divisions))

    data = catalog.load("hatexplain_full")

    assert [(one.id, one.label, one.split) for one in data.examples] == [
        ("1_twitter", "hatespeech", "train"),
        ("3_gab", "normal", "test"),
    ]
    assert data.examples[0].text == "quiet birds"
    assert data.card.soft_labels


def frame(worker: str, offensive: str, group: str = "", **more: str) -> dict[str, object]:
    return {
        "post": "a post",
        "WorkerId": worker,
        "offensiveYN": offensive,
        "intentYN": offensive,
        "sexYN": "",
        "whoTarget": "1.0" if group else "",
        "targetMinority": group,
        **more,
    }


def sbic(tmp_path: Path, *records: dict[str, object]) -> Dataset:
    write_csv(tmp_path / "data/sbic_dev/SBFv2.dev.csv", records)
    return catalog.load("sbic")


def test_a_worker_of_social_bias_frames_has_one_voice(tmp_path: Path) -> None:
    data = sbic(
        tmp_path,
        frame("w1", "1.0", "Korvaxi"),
        frame("w1", "1.0", "Quendari"),
        frame("w2", "0.5", "Korvaxi"),
        frame("w3", "0.0"),
        frame("w4", ""),
        frame("w4", "1.0", post=" "),
    )

    one = data.examples[0]
    assert one.label == "offensive"
    assert one.votes == pytest.approx((0.5, 0.5))
    assert one.targets == ("Korvaxi",)
    assert one.attributes == {"intent": 0.5, "group": 1.0}
    assert one.meta == {"workers": "3"}
    assert dict(reasons(data.left_out)) == {
        "a further annotation of a post": 3,
        "the worker did not answer": 1,
        "the text is empty": 1,
    }


def test_a_post_below_half_is_not_offensive(tmp_path: Path) -> None:
    data = sbic(tmp_path, frame("w1", "0.0"), frame("w2", "0.5"))

    assert data.examples[0].label == "not offensive"
    assert data.examples[0].votes == pytest.approx((0.75, 0.25))


def toxic_spans(tmp_path: Path, spans: list[dict[str, object]]) -> Dataset:
    folder = tmp_path / "data/toxic_spans/raw"
    write_csv(
        folder / "comments.csv",
        [
            {"comment_id": 1, "comment_text": "silly old goat"},
            {"comment_id": 2, "comment_text": "nobody saw this"},
        ],
    )
    ticks = [("w1", False, False), ("w2", False, False), ("w3", True, True), ("w4", True, False)]
    write_csv(
        folder / "annotations.csv",
        [
            {
                "annotation": n,
                "comment_id": 1,
                "worker": worker,
                "all toxic": every,
                "not toxic": none,
            }
            for n, (worker, every, none) in enumerate(ticks)
        ],
    )
    write_csv(folder / "spans.csv", spans)
    return catalog.load("toxic_spans_raw")


def span(annotation: int, kind: str, start: int, end: int) -> dict[str, object]:
    return {"annotation": annotation, "type": kind, "start": start, "end": end}


def test_toxic_spans_give_shares_of_workers(tmp_path: Path) -> None:
    data = toxic_spans(
        tmp_path,
        [
            span(0, "Insult", 0, 5),
            span(0, "Insult", 10, 14),
            span(1, "Threat", 0, 9),
            span(1, "Insu", 0, 5),
            span(1, "Insult", 10, 99),
            span(77, "Insult", 0, 1),
        ],
    )

    one = data.examples[0]
    assert one.label == "toxic"
    assert one.votes == (0.25, 0.75)
    assert one.attributes == {
        "insult": 0.25,
        "threat": 0.25,
        "identity_attack": 0.0,
        "profane": 0.0,
        "other": 0.0,
    }
    assert one.spans == ((0, 5),)
    assert dict(reasons(data.left_out)) == {
        "a span outside of its text": 2,
        "a span of unknown type": 1,
        "nobody annotated it": 1,
    }


def test_toxic_spans_have_no_test_of_their_own(tmp_path: Path) -> None:
    data = toxic_spans(tmp_path, [span(0, "Insult", 0, 5)])

    with pytest.raises(DataError, match="toxic_spans_raw has no test split; there is train"):
        catalog.part(data, "test")


def test_toxic_spans_need_all_three_files(tmp_path: Path) -> None:
    card = catalog.card("toxic_spans_raw")
    file = write_csv(tmp_path / "comments.csv", [{"comment_id": 1, "comment_text": "a"}])

    with pytest.raises(DataError, match="needs the files annotations, spans"):
        READERS.load(card.reader)(card, [Located(file)])


@pytest.mark.parametrize("name", ["toxic_spans_raw", "sbic"])
def test_a_reader_refuses_labels_that_it_does_not_give(tmp_path: Path, name: str) -> None:
    card = replace(catalog.card(name), labels=LabelSet(("a", "b"), ()))
    file = write_csv(tmp_path / "a.csv", [frame("w1", "1.0")])

    with pytest.raises(DataError, match=f"{name} must have the labels"):
        READERS.load(card.reader)(card, [Located(file)])
