from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatelens.data.example import Example
from hatelens.data.splits import ids_digest, sample, split
from hatelens.errors import DataError
from tests.data.conftest import sentence


def examples(count: int, labels: int = 2) -> list[Example]:
    return [
        Example(f"id{number}", sentence(number), f"label{number % labels}", source="notes")
        for number in range(count)
    ]


def sides(parts: object) -> dict[str, str]:
    return {
        one.id: name for name in ("train", "validation", "test") for one in getattr(parts, name)
    }


def test_shares_are_kept_within_every_label() -> None:
    texts = [
        replace(one, label="rare" if n % 10 == 0 else "common")
        for n, one in enumerate(examples(200))
    ]

    parts = split(texts, validation=0.1, test=0.2, seed=0)

    assert Counter(one.label for one in parts.test) == {"common": 36, "rare": 4}
    assert Counter(one.label for one in parts.validation) == {"common": 18, "rare": 2}
    assert len(parts.train) == 140


def test_the_same_seed_gives_the_same_split_on_every_machine() -> None:
    parts = split(examples(100), validation=0.1, test=0.2, seed=0)

    assert ids_digest(parts.test) == (
        "3133df79bd578a99a0d452b549f1db919479a856e2cc060ff1466810687b2cb5"
    )


def test_another_seed_gives_another_split() -> None:
    first = split(examples(100), validation=0.0, test=0.2, seed=0)
    second = split(examples(100), validation=0.0, test=0.2, seed=1)

    assert ids_digest(first.test) != ids_digest(second.test)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(40)), st.integers(0, 3))
def test_the_order_of_the_input_does_not_matter(order: list[int], seed: int) -> None:
    texts = [
        replace(one, group=f"g{n // 3}" if n % 2 else None) for n, one in enumerate(examples(40))
    ]
    texts[5] = replace(texts[5], text=texts[30].text)

    expected = sides(split(texts, validation=0.2, test=0.2, seed=seed))
    shuffled = split([texts[place] for place in order], validation=0.2, test=0.2, seed=seed)

    assert sides(shuffled) == expected


def test_a_group_stays_on_one_side() -> None:
    texts = [replace(one, group=f"thread{n // 4}") for n, one in enumerate(examples(120))]

    found = sides(split(texts, validation=0.2, test=0.2, seed=3))

    for thread in range(30):
        assert len({found[f"id{4 * thread + n}"] for n in range(4)}) == 1
    assert Counter(found.values())["test"] == 24


def test_near_duplicates_stay_on_one_side_even_with_other_labels() -> None:
    texts = examples(60)
    copies = [
        replace(one, id=f"{one.id}b", text=one.text.upper() + "!!", label="other") for one in texts
    ]

    found = sides(split([*texts, *copies], validation=0.2, test=0.2, seed=0))

    assert all(found[f"id{n}"] == found[f"id{n}b"] for n in range(60))


def test_groups_and_near_duplicates_hang_together_through_each_other() -> None:
    texts = examples(30)
    texts[1] = replace(texts[1], text=texts[0].text + ".", group="a")
    texts[2] = replace(texts[2], group="a")

    found = sides(split(texts, validation=0.2, test=0.3, seed=1))

    assert found["id0"] == found["id1"] == found["id2"]


def test_a_group_that_is_too_large_for_a_part_stays_in_training() -> None:
    texts = [replace(one, group="one thread") for one in examples(50, labels=1)]

    parts = split(texts, validation=0.1, test=0.2, seed=0)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (50, 0, 0)


def test_parts_keep_the_order_of_the_input() -> None:
    texts = examples(50)

    parts = split(texts, validation=0.2, test=0.2, seed=0)

    assert list(parts.train) == [one for one in texts if one in parts.train]


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (-0.1, 0.2), (0.1, -0.2)])
def test_shares_that_leave_no_training_are_refused(validation: float, test: float) -> None:
    with pytest.raises(DataError, match="must leave something to train on"):
        split(examples(10), validation=validation, test=test, seed=0)


def test_two_examples_of_one_id_are_refused() -> None:
    with pytest.raises(DataError, match="share an id"):
        split([*examples(3), *examples(3)], validation=0.0, test=0.5, seed=0)


def test_no_examples_give_empty_parts() -> None:
    assert split([], validation=0.1, test=0.1, seed=0).train == ()


def test_a_sample_does_not_depend_on_the_order() -> None:
    texts = examples(50)

    drawn = sample(texts, 10, seed=0)

    assert len(drawn) == 10
    assert {one.id for one in sample(texts[::-1], 10, seed=0)} == {one.id for one in drawn}
    assert {one.id for one in sample(texts, 10, seed=1)} != {one.id for one in drawn}
    assert sample(texts, 99, seed=0) == tuple(texts)


def test_the_digest_of_ids_knows_no_order_but_knows_the_source() -> None:
    texts = examples(5)

    assert ids_digest(texts) == ids_digest(texts[::-1])
    assert ids_digest(texts) != ids_digest([replace(one, source="else") for one in texts])
