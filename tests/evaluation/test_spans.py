from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatelens.evaluation.spans import agreement, character_f1, characters, measure_spans

RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4)


def test_agreement_is_counted_in_characters():
    found = agreement([(0, 4)], [(2, 8)])

    assert (found.precision, found.recall) == (0.5, pytest.approx(1 / 3))
    assert found.f1 == pytest.approx(0.4)


def test_nothing_marked_agrees_with_nothing_marked_and_with_nothing_else():
    assert character_f1([], []) == 1.0
    assert character_f1([(0, 1)], []) == 0.0
    assert character_f1([], [(0, 1)]) == 0.0
    assert agreement([], [(0, 1)]).precision == 1.0


@given(RANGES, RANGES)
def test_f1_is_symmetric_and_that_of_the_task(said, gold):
    ours, theirs = characters(said), characters(gold)
    common = len(ours & theirs)
    if not theirs:
        expected = float(not ours)
    elif not common:
        expected = 0.0
    else:
        precision, recall = common / len(ours), common / len(theirs)
        expected = 2 * precision * recall / (precision + recall)

    assert character_f1(said, gold) == pytest.approx(expected)
    assert character_f1(gold, said) == pytest.approx(expected)


def test_figures_are_means_over_texts_with_both_sides_apart():
    found = measure_spans([[(0, 4)], [], [(0, 1)]], [[(0, 4)], [], []], resamples=50)

    assert (found.rows, found.marked) == (3, 1)
    assert found.f1.value == pytest.approx(2 / 3)
    assert found.f1_marked.value == 1.0
    assert found.empty_right.value == 0.5
    assert found.f1.low is not None
    assert found.f1.low < 0.6


def test_without_a_marked_text_that_figure_is_undefined():
    assert measure_spans([[]], [[]], resamples=5).f1_marked.value is None
