"""Examples before the text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatelens.data import catalog
from hatelens.errors import ConfigError, DataError
from hatelens.evaluation.shots import LONGEST, choose


@pytest.fixture(scope="module")
def train():
    return catalog.load("sample", "train")


def test_as_many_of_each_label_are_chosen_from_the_train_split(train):
    chosen = choose(train, 3, label_map={}, seed=0)
    labels = [label for _, label in chosen]
    assert {label: labels.count(label) for label in labels} == {
        "normal": 3, "offensive": 3, "hateful": 3,
    }  # fmt: skip
    texts = {one.text for one in train.examples}
    assert all(text in texts and len(text) <= LONGEST for text, _ in chosen)
    assert all(set(labels[k : k + 3]) == set(labels) for k in (0, 3, 6))


def test_the_choice_depends_on_the_seed_alone(train):
    shuffled = replace(train, examples=train.examples[::-1])
    assert choose(train, 2, label_map={}, seed=1) == choose(shuffled, 2, label_map={}, seed=1)
    assert choose(train, 2, label_map={}, seed=1) != choose(train, 2, label_map={}, seed=2)


def test_labels_are_mapped_and_left_out(train):
    chosen = choose(train, 1, label_map={"offensive": "", "normal": "fine"}, seed=0)
    assert {label for _, label in chosen} == {"fine", "hateful"}


def test_no_test_split_gives_examples():
    with pytest.raises(DataError, match="from a train split only"):
        choose(catalog.load("sample", "test"), 1, label_map={}, seed=0)


def test_too_many_examples_are_refused(train):
    with pytest.raises(ConfigError, match="takes 0 to 32"):
        choose(train, 99, label_map={}, seed=0)
