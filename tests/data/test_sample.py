from __future__ import annotations

from collections import Counter
from importlib import resources
from itertools import combinations

import pytest

from hatelens.data import catalog
from hatelens.data.dataset import Dataset

GROUPS = {
    "Zorblaxians",
    "Veluvians",
    "Quendari",
    "Marshfolk",
    "Ombrellans",
    "Glimmerkin",
    "Pelluvites",
    "Fennorim",
    "Korvaxi",
    "Tindlefolk",
    "Yuzzari",
    "Brackmoorers",
}


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return catalog.load("sample")


def shingles(text: str) -> set[str]:
    folded = " ".join(text.lower().split())
    return {folded[i : i + 5] for i in range(max(1, len(folded) - 4))}


def test_every_row_is_an_example_with_a_label_and_votes(sample: Dataset):
    labels = Counter(example.label for example in sample.examples)

    assert sample.left_out == ()
    assert labels == {"normal": 299, "hateful": 180, "offensive": 119}
    assert {len(example.votes) for example in sample.examples} == {3}


def test_the_label_is_what_most_of_the_votes_say(sample: Dataset):
    names = sample.card.labels.names
    differing = 0
    for example in sample.examples:
        assert example.label == names[example.votes.index(max(example.votes))]
        differing += max(example.votes) < 1

    assert differing == 62


def test_ids_and_texts_are_unique(sample: Dataset):
    assert len({example.id for example in sample.examples}) == len(sample)
    assert len({example.text.lower() for example in sample.examples}) == len(sample)


def test_only_invented_groups_are_named_and_each_of_them_in_every_label_but_offensive(
    sample: Dataset,
):
    named = {group for example in sample.examples for group in example.targets}
    hateful = {g for e in sample.examples if e.label == "hateful" for g in e.targets}
    normal = {g for e in sample.examples if e.label == "normal" for g in e.targets}

    assert named == hateful == normal == GROUPS


def test_every_split_holds_every_label_in_the_same_share(sample: Dataset):
    for split, share in {"train": 0.68, "validation": 0.12, "test": 0.2}.items():
        for label in sample.card.labels.names:
            rows = [e for e in sample.examples if e.label == label]
            inside = [e for e in rows if e.split == split]
            assert len(inside) / len(rows) == pytest.approx(share, abs=0.03)


def test_no_two_texts_are_near_duplicates(sample: Dataset):
    sets = [shingles(example.text) for example in sample.examples]
    closest = max(len(a & b) / len(a | b) for a, b in combinations(sets, 2))

    assert closest < 0.6


def test_the_texts_to_try_are_twelve_and_not_in_the_set(sample: Dataset):
    file = resources.files("hatelens.data") / "sample" / "try.txt"
    texts = file.read_text(encoding="utf-8").splitlines()

    assert len(texts) == 12
    assert not {text.lower() for text in texts} & {e.text.lower() for e in sample.examples}
