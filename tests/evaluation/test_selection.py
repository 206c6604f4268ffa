from __future__ import annotations

from dataclasses import replace

import pytest

from hatelens.data import dataset
from hatelens.errors import ConfigError, DataError
from hatelens.evaluation.selection import select
from hatelens.labels import LabelSet

THREE = LabelSet(("calm", "rude", "hateful"), ("hateful",))


def test_only_labelled_texts_of_the_split_are_chosen_and_the_rest_is_counted(village):
    first, second, *rest = village.examples
    changed = dataset.make(
        village.card,
        [replace(first, label=None), replace(second, split="train"), *rest],
        village.left_out,
    )
    chosen = select(changed, "test")

    assert chosen.examples == tuple(rest)
    assert chosen.left_out == {"no text (whole data set)": 1, "no label": 1}
    assert (chosen.data, chosen.split, chosen.digest) == ("village", "test", changed.digest)


def test_all_takes_every_split(village, make):
    mixed = dataset.make(village.card, [*village.examples, *make(split="train").examples], [])

    assert len(select(mixed, "all").examples) == 400
    assert len(select(mixed, "train").examples) == 200


def test_texts_that_name_no_split_are_taken_as_they_come(make):
    assert len(select(make(split=None), "test").examples) == 200


def test_a_limit_draws_the_same_sample_in_the_order_of_the_data(village):
    chosen = select(village, "test", limit=50, seed=3)
    rows = [int(example.id.split(":")[1]) for example in chosen.examples]

    assert len(rows) == 50
    assert rows == sorted(rows)
    assert rows[-1] > 100
    assert chosen == select(village, "test", limit=50, seed=3)
    assert chosen != select(village, "test", limit=50, seed=4)
    assert chosen.left_out["beyond the limit"] == 150


def test_a_split_without_labelled_texts_is_an_error(village):
    with pytest.raises(DataError, match="village has no labelled text in its train split"):
        select(village, "train")


def test_a_limit_below_one_is_an_error(village):
    with pytest.raises(ConfigError, match="at least 1; found 0"):
        select(village, "test", limit=0)


def test_the_model_says_what_is_hateful_where_the_data_does_not(make):
    silent = LabelSet(("calm", "rude", "hateful"), ())
    chosen = select(make(labels=silent), "test")

    assert chosen.scheme(THREE).hateful == ("hateful",)
    with pytest.raises(DataError, match="Nothing says which labels of village count as hateful"):
        chosen.scheme(LabelSet(("yes", "no"), ("yes",)))
    assert select(make(), "test").scheme(LabelSet(("yes", "no"), ("yes",))) == THREE


def test_a_scheme_of_many_labels_is_named_in_short(make):
    many = LabelSet(tuple(f"label {n}" for n in range(12)), ())
    chosen = select(make(labels=many), "test")
    with pytest.raises(DataError, match="label 7 and 4 more"):
        chosen.scheme(THREE)
