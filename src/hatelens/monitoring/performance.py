"""How well a model does on traffic that nobody has labelled, and whether verdicts bear that out.

A calibrated score says how often a text like this is hateful, so the expected numbers of right and
wrong decisions follow from the scores alone: confidence-based performance estimation (Garg et al.,
"Leveraging unlabeled data to predict out-of-distribution performance", ICLR 2022, discuss where it
holds). It is as good as the calibration is on this traffic, which is what verdicts then test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, logsumexp

from hatelens.evaluation.estimate import Estimate as Interval
from hatelens.labels import Floats
from hatelens.monitoring.drift import Alarm

RESAMPLES = 500
CHANCE = 0.01
"""Probability that verdicts which bear the scores out ever raise an alarm."""
# Rival scores: ours with the odds moved by these factors, each as likely as the others.
_SHIFTS = np.log([1 / 8, 1 / 4, 1 / 2, 2, 4, 8])
_EDGE = 1e-4
_MOST = 1e9


@dataclass(frozen=True, slots=True)
class Estimate:
    """How well a model does by its own scores, with 95 % intervals.

    Attributes:
        texts: that it is made from.
        threshold: from which on a text is flagged.
        flag_rate: share of the texts that are flagged.
        precision: share of the flagged that are hateful; undefined where none is flagged.
        recall: share of the hateful that are flagged.
        f1: harmonic mean of both.
        accuracy: share of the decisions that are right.
    """

    texts: int
    threshold: float
    flag_rate: Interval
    precision: Interval
    recall: Interval
    f1: Interval
    accuracy: Interval


def estimated(scores: Sequence[float], threshold: float, *, seed: int = 0) -> Estimate:
    """Estimate how well a model does on texts whose labels nobody knows.

    The intervals hold the chance of which texts came and of what they are: texts are drawn again,
    and of each whether it is hateful, by its score.

    Args:
        scores: calibrated probabilities of being hateful, 0-1; at least one.
        threshold: from which on a text is flagged.
        seed: of the draws.
    """
    given = np.asarray(scores, float)
    flagged = (given >= threshold).astype(float)
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, len(given), (RESAMPLES, len(given)))
    hateful = (draw.random(rows.shape) < given[rows]).astype(float)
    exact = _figures(given[None, :], flagged[None, :])
    samples = _figures(hateful, flagged[rows])
    found = (Interval.of(*pair) for pair in zip(exact, samples, strict=True))
    return Estimate(len(given), threshold, *found)


def checked(verdicts: Sequence[tuple[float, bool]]) -> Alarm | None:
    """Hold scores against what people have found; say so where they contradict each other.

    That reviewers see a selected part does no harm here, as long as it was selected by its scores:
    of texts that scored .8, eight in ten ought to be hateful wherever they come from.

    The evidence is what a gambler would own who had bet on odds of hateful that are too high or
    too low by a factor of 2, 4 or 8, against the scores, and begun with 1. By Ville's inequality
    the scores, if right, ever let him own 1 / ``CHANCE`` with at most the probability ``CHANCE``:
    so it may be looked at after each verdict (Ramdas et al., "Game-theoretic statistics and safe
    anytime-valid inference", Statistical Science 38, 2023).

    Args:
        verdicts: score of an answer, and whether the reviewer found the text hateful.

    Returns:
        The alarm; None where there is none to raise.
    """
    if not verdicts:
        return None
    scores = np.clip([score for score, _ in verdicts], _EDGE, 1 - _EDGE)
    hateful = np.array([found for _, found in verdicts])
    rivals = expit(logit(scores)[:, None] + _SHIFTS[None, :])
    bets = _likelihood(rivals, hateful[:, None]).sum(axis=0) - _likelihood(scores, hateful).sum()
    owned = float(np.exp(min(logsumexp(bets) - np.log(len(_SHIFTS)), np.log(_MOST))))
    if owned < 1 / CHANCE:
        return None
    total, expected = int(hateful.sum()), float(scores.sum())
    said = (
        f"Reviewers have found {total} of {len(hateful)} answers hateful; by the scores it should "
        f"be about {expected:.0f}. Calibrate the model anew on their verdicts, or train it further."
    )
    return Alarm(0, "verdicts", "e-value", owned, 1 / CHANCE, len(hateful), said)


def _likelihood(scores: Floats, hateful: Floats) -> Floats:
    return np.where(hateful, np.log(scores), np.log1p(-scores))


def _figures(hateful: Floats, flagged: Floats) -> Floats:
    """Return the figures of Estimate from how hateful texts are, and which are flagged.

    Args:
        hateful: shape (draws, texts): whether each is hateful, or its probability.
        flagged: likewise.

    Returns:
        Shape (5, draws); nan where undefined.
    """
    texts = hateful.shape[1]
    right = (hateful * flagged).sum(axis=1)
    flags, positives = flagged.sum(axis=1), hateful.sum(axis=1)
    wrong = flags + positives - 2 * right
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.array(
            [
                flags / texts,
                right / flags,
                right / positives,
                2 * right / (flags + positives),
                1 - wrong / texts,
            ]
        )
