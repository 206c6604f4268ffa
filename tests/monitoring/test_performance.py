"""How well a model does without labels, and what verdicts say of it."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.monitoring import performance


def calibrated(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores, and labels that come as often as the scores say."""
    draw = np.random.default_rng(seed)
    scores = draw.beta(0.7, 1.5, count)
    return scores, draw.random(count) < scores


def test_the_estimate_is_what_the_scores_expect() -> None:
    found = performance.estimated([0.9, 0.7, 0.2, 0.2], 0.5)
    assert found.flag_rate.value == 0.5
    assert found.precision.value == pytest.approx(0.8)
    assert found.recall.value == pytest.approx(1.6 / 2.0)
    assert found.f1.value == pytest.approx(2 * 1.6 / (2 + 2.0))
    assert found.accuracy.value == pytest.approx((0.9 + 0.7 + 0.8 + 0.8) / 4)


def test_calibrated_scores_tell_the_true_figures() -> None:
    """The intervals hold the truth of 19 in 20 draws; all but three of twenty are asked here."""
    inside = 0
    for seed in range(20):
        scores, hateful = calibrated(1000, seed)
        found = performance.estimated(scores.tolist(), 0.5).precision
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= hateful[scores >= 0.5].mean() <= found.high
    assert inside >= 17


def test_what_is_undefined_is_said_to_be() -> None:
    found = performance.estimated([0.1, 0.2], 0.5)
    assert (found.flag_rate.value, found.precision.value, found.recall.value) == (0.0, None, 0.0)


def test_the_same_scores_give_the_same_interval() -> None:
    scores = calibrated(100, 0)[0].tolist()
    assert performance.estimated(scores, 0.5) == performance.estimated(scores, 0.5)


def pairs(scores: np.ndarray, hateful: np.ndarray) -> list[tuple[float, bool]]:
    return list(zip(scores.tolist(), hateful.tolist(), strict=True))


def test_verdicts_that_bear_the_scores_out_raise_no_alarm_at_any_look() -> None:
    for seed in range(20):
        verdicts = pairs(*calibrated(300, seed))
        assert not any(performance.checked(verdicts[:n]) for n in range(0, 301, 10))


def test_selected_answers_are_no_contradiction() -> None:
    """Reviewers see what scored between .4 and .8; of those, as many are hateful as it says."""
    scores, hateful = calibrated(2000, 1)
    seen = (scores > 0.4) & (scores < 0.8)
    assert performance.checked(pairs(scores[seen], hateful[seen])) is None


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_scores_that_are_too_high_or_too_low_are_contradicted(factor: float) -> None:
    draw = np.random.default_rng(0)
    scores = draw.uniform(0.2, 0.8, 150)
    odds = scores / (1 - scores) * factor
    found = performance.checked(pairs(scores, draw.random(150) < odds / (1 + odds)))
    assert found is not None
    assert (found.signal, found.method, found.window) == ("verdicts", "e-value", 150)
    assert found.value >= found.limit == pytest.approx(100)
    assert "of 150 answers hateful; by the scores it should be about" in found.explanation


def test_one_verdict_against_a_sure_score_is_not_enough() -> None:
    assert performance.checked([(1.0, False)]) is None
    assert performance.checked([]) is None


def test_many_sure_scores_that_are_wrong_stay_a_finite_figure() -> None:
    found = performance.checked([(1.0, False)] * 500)
    assert found is not None
    assert np.isfinite(found.value)
