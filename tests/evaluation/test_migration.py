"""Thresholds that move from their scores to ours."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.errors import DataError
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.migration import Scored, at_precision, at_share, cuts, migrate

ONE = np.ones((1, 6))
OURS = np.array([0.9, 0.8, 0.6, 0.4, 0.2, 0.1])


def log(ours, flagged, truth=None, review=None, theirs=None) -> Scored:
    """Put a log together; the arrays are given as lists."""
    count = len(ours)
    return Scored(
        lines=np.arange(2, count + 2),
        ours=np.array(ours, dtype=np.float64),
        flagged=np.array(flagged, dtype=bool),
        review=None if review is None else np.array(review, dtype=bool),
        theirs=None if theirs is None else np.array(theirs, dtype=np.float64),
        truth=None if truth is None else np.array(truth, dtype=bool),
        model_version="m",
        left_out={"no text": 1},
    )


def noisy(texts: int = 400, seed: int = 1) -> Scored:
    """A log in which their scores, ours and the truth go together but for noise."""
    generator = np.random.default_rng(seed)
    truth = generator.random(texts) < 0.3
    ours = np.clip(0.35 * truth + 0.6 * generator.random(texts), 0, 1).round(6)
    theirs = np.clip(0.30 * truth + 0.7 * generator.random(texts), 0, 1)
    return log(ours, theirs >= 0.6, truth, theirs >= 0.4, theirs)


def value(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def interval(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def bools(*values: int):
    return np.array(values, dtype=bool)


def test_a_cut_lies_halfway_to_the_next_lower_score():
    assert cuts(np.array([0.2, 0.8, 0.8])).tolist() == pytest.approx([0.5, 0.1])


@pytest.mark.parametrize(("flagged", "threshold"), [(1, 0.85), (2, 0.7), (3, 0.5), (5, 0.15)])
def test_the_same_share_is_flagged_whichever_texts_they_flagged(flagged, threshold):
    theirs = bools(*([0] * (6 - flagged) + [1] * flagged))  # the worst ones of ours
    found = at_share(ONE, ours=OURS, theirs=theirs, truth=None)
    assert found.tolist() == pytest.approx([threshold])
    assert (found[0] <= OURS).sum() == flagged


def test_equal_scores_stay_together_and_the_nearest_share_is_taken():
    ours = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.1])
    found = at_share(ONE, ours=ours, theirs=bools(1, 1, 1, 0, 0, 0), truth=None)
    assert found.tolist() == pytest.approx([0.3])  # four of six are nearer to three than one is
    found = at_share(ONE, ours=ours, theirs=bools(1, 1, 0, 0, 0, 0), truth=None)
    assert found.tolist() == pytest.approx([0.7])


def test_the_lowest_threshold_with_their_precision_is_found():
    truth = bools(1, 0, 1, 1, 0, 0)
    theirs = bools(1, 1, 1, 0, 1, 0)  # two of four are right
    found = at_precision(ONE, ours=OURS, theirs=theirs, truth=truth)
    assert found.tolist() == pytest.approx([0.05])  # three of all six are: as good
    theirs = bools(1, 0, 1, 1, 1, 0)  # three of four
    found = at_precision(ONE, ours=OURS, theirs=theirs, truth=truth)
    assert found.tolist() == pytest.approx([0.3])
    theirs = bools(1, 0, 1, 0, 0, 0)  # all: only our first text is as sure
    assert at_precision(ONE, ours=OURS, theirs=theirs, truth=truth).tolist() == pytest.approx(
        [0.85]
    )


def test_a_precision_out_of_reach_has_no_threshold():
    truth = bools(0, 1, 1, 0, 0, 0)
    found = at_precision(ONE, ours=OURS, theirs=bools(0, 1, 1, 0, 0, 0), truth=truth)
    assert np.isnan(found).all()


def test_weights_count_texts_as_often_as_they_were_drawn():
    weights = np.array([[1.0, 1, 1, 1, 1, 1], [0, 0, 3, 0, 0, 3]])
    found = at_share(weights, ours=OURS, theirs=bools(1, 1, 1, 0, 0, 0), truth=None)
    assert found.tolist() == pytest.approx([0.5, 0.5])


def test_a_migration_keeps_the_share_and_says_how_sure_that_is():
    made = migrate(noisy(), thresholds=(0.6, 0.4), resamples=100)
    flag = made.flag
    assert made.clear is not None
    share = value(flag.share_theirs)
    assert value(flag.share_ours) == pytest.approx(share, abs=0.005)
    assert value(made.clear.share_theirs) > share
    low, high = interval(flag.threshold)
    assert low < value(flag.threshold) < high < low + 0.1
    assert made.thresholds == (flag.threshold.value, made.clear.threshold.value)
    agreement = value(flag.agreement)
    assert 0.5 < agreement < 1
    assert flag.raised == flag.lowered == pytest.approx(400 * (1 - agreement) / 2, abs=1)
    assert value(flag.precision_ours) > 0.5


def test_a_migration_keeps_the_precision():
    made = migrate(noisy(), match="precision", resamples=100)
    flag = made.flag
    assert made.clear is not None
    assert value(flag.precision_ours) >= value(flag.precision_theirs)
    assert value(flag.recall_ours) > value(flag.recall_theirs)  # our scores are the better ones
    assert made.thresholds[1] == value(made.clear.threshold) <= made.thresholds[0]


def test_one_line_of_theirs_leaves_nothing_to_a_person():
    made = migrate(log(OURS, [1, 1, 0, 0, 0, 0]), resamples=10)
    assert made.clear is None
    assert made.thresholds == (0.7, 0.7)
    assert made.flag.precision_ours.value is None
    assert made.left_out == {"no text": 1}


def test_clear_is_never_above_flag():
    truth = [1, 0, 1, 1, 0, 0]
    scored = log(OURS, [1, 1, 0, 0, 0, 0], truth, review=[1, 0, 1, 1, 0, 0])
    flag, clear = migrate(scored, match="precision", resamples=10).thresholds
    assert clear <= flag


def test_the_same_seed_gives_the_same_figures():
    first, again = (migrate(noisy(), resamples=20, seed=3) for _ in range(2))
    assert first == again
    assert first.to_dict()["flag"]["threshold"]["value"] == first.flag.threshold.value


@pytest.mark.parametrize(
    ("scored", "match", "words"),
    [
        (log(OURS, [0] * 6), "share", "flagged 0 of 6 texts"),
        (log(OURS, [1] * 6), "share", "flagged 6 of 6 texts"),
        (log(OURS, [1, 0, 0, 0, 0, 0], review=[1] * 6), "share", "sent to a person 6 of 6"),
        (log(OURS, [1, 0, 0, 0, 0, 0]), "precision", "--column label=COLUMN"),
        (log(OURS, [0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]), "precision", "No threshold"),
    ],
)
def test_what_cannot_be_matched_is_said_in_a_line(scored, match, words):
    with pytest.raises(DataError, match=words) as caught:
        migrate(scored, match=match, resamples=5)
    assert "\n" not in str(caught.value)
