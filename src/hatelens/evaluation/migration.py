"""Moving from somebody else's scores to ours: the threshold that flags as many, or as rightly.

A threshold lies halfway between two scores that occur, so that it means the same to whoever sees
scores rounded. Its interval tells how much it hangs on the very texts that were logged: they are
drawn anew, and the threshold is found anew, for each resample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from hatelens import __version__
from hatelens.errors import DataError
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.weighted import Bools, Ints
from hatelens.labels import Floats

Match = Literal["share", "precision"]
MATCHES: tuple[Match, ...] = ("share", "precision")
TINY = 1e-12
"""So that two equal shares that were added up in another order stay equal."""


@dataclass(frozen=True)
class Scored:
    """Logged texts with their scores and ours; all arrays of shape (texts,).

    Attributes:
        lines: where each stands in the log.
        ours: our scores, rounded as they are answered.
        flagged: whether they flagged it.
        review: whether they had a person look at it at least; None where they did not.
        theirs: their scores; None where only decisions were logged.
        truth: whether people found it hateful; None where nobody said.
        model_version: of our scores.
        left_out: why to how many texts that are not here.
    """

    lines: Ints
    ours: Floats
    flagged: Bools
    review: Bools | None
    theirs: Floats | None
    truth: Bools | None
    model_version: str
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """A line that is drawn on our scores so that it matches one of theirs.

    Attributes:
        threshold: on our scores, with its interval.
        share_theirs: share of the texts that are above their line.
        share_ours: the same of ours.
        precision_theirs: share of those that are hateful; unknown without labels.
        precision_ours: the same of ours.
        recall_theirs: share of the hateful texts that are above their line.
        recall_ours: the same of ours.
        agreement: share of the texts that are on the same side of both.
        raised: texts above ours only.
        lowered: texts above theirs only.
    """

    threshold: Estimate
    share_theirs: Estimate
    share_ours: Estimate
    precision_theirs: Estimate
    precision_ours: Estimate
    recall_theirs: Estimate
    recall_ours: Estimate
    agreement: Estimate
    raised: int
    lowered: int


@dataclass(frozen=True)
class Migration:
    """How thresholds move from their scores to ours.

    Attributes:
        score: which of our scores, as in ``hateful``.
        match: what the thresholds keep: ``share`` or ``precision``.
        rows: texts behind it.
        flag: the line from which on a text is flagged.
        clear: the line below which it is cleared; None where they drew only one.
        their_threshold: what flagged with them; None where decisions were logged.
        their_review: what had a person look with them; None without.
        model_version: of our scores.
        left_out: why to how many texts.
        resamples: bootstrap resamples behind the intervals.
        seed: of the resamples.
        package_version: of hatelens.
    """

    score: str
    match: Match
    rows: int
    flag: Line
    clear: Line | None
    their_threshold: float | None
    their_review: float | None
    model_version: str
    left_out: Mapping[str, int]
    resamples: int
    seed: int
    package_version: str = __version__

    @property
    def thresholds(self) -> tuple[float, float]:
        """The scores to flag from and to clear below, the second never above the first."""
        flag = _known(self.flag.threshold)
        return flag, flag if self.clear is None else min(flag, _known(self.clear.threshold))

    def to_dict(self) -> dict[str, Any]:
        """Return the migration as plain JSON values, without a text."""
        return asdict(self)


def migrate(
    scored: Scored,
    *,
    score: str = "hateful",
    match: Match = "share",
    thresholds: tuple[float | None, float | None] = (None, None),
    seed: int = 0,
    resamples: int = 500,
) -> Migration:
    """Find the thresholds on our scores.

    Args:
        scored: the logged texts.
        score: which of our scores they hold.
        match: what to keep: the share of texts that is flagged, or the precision of flagging.
        thresholds: theirs, for flagging and for a person's look, where they are known.
        seed: of the bootstrap.
        resamples: bootstrap resamples of the texts.

    Raises:
        DataError: there is nothing to match, or no threshold reaches their precision.
    """
    line = partial(_line, scored=scored, match=match, seed=seed, resamples=resamples)
    return Migration(
        score,
        match,
        len(scored.ours),
        line("flagged", scored.flagged),
        None if scored.review is None else line("sent to a person", scored.review),
        *thresholds,
        scored.model_version,
        dict(scored.left_out),
        resamples,
        seed,
    )


def _line(
    what: str, theirs: Bools, *, scored: Scored, match: Match, seed: int, resamples: int
) -> Line:
    """Draw one line on our scores."""
    _check(scored, match, what, theirs)
    count = len(theirs)
    find = partial(FINDERS[match], ours=scored.ours, theirs=theirs, truth=scored.truth)
    (threshold,) = Estimate.drawn(
        lambda weights: find(weights)[None, :], count, seed=seed, resamples=resamples
    )
    if threshold.value is None:
        raise DataError(
            "No threshold on our scores reaches their precision on these texts; log more labelled "
            "texts, or match the share."
        )
    ours = scored.ours >= threshold.value
    measure = partial(_figures, ours=ours, theirs=theirs, truth=scored.truth)
    share, our_share, right, our_right, found, our_found, same = Estimate.drawn(
        measure, count, seed=seed, resamples=resamples
    )
    return Line(
        threshold,
        share,
        our_share,
        right,
        our_right,
        found,
        our_found,
        same,
        raised=int((ours & ~theirs).sum()),
        lowered=int((theirs & ~ours).sum()),
    )


def _check(scored: Scored, match: Match, what: str, theirs: Bools) -> None:
    """Refuse a log that holds nothing to match."""
    above, count = int(theirs.sum()), len(theirs)
    if above in {0, count}:
        raise DataError(
            f"They {what} {above} of {count} texts, so there is no line to match; log texts on "
            "both sides of it."
        )
    if match == "precision" and scored.truth is None:
        raise DataError(
            "Matching the precision needs a column that says which texts are hateful; name it with "
            "--column label=COLUMN, or match the share."
        )


def at_share(weights: Floats, *, ours: Floats, theirs: Bools, truth: Bools | None) -> Floats:
    """Find the threshold that flags the share that they flagged, as near as equal scores allow.

    Args:
        weights: how often each text counts, shape (resamples, texts).
        ours: our scores.
        theirs: what they flagged.
        truth: not looked at.

    Returns:
        Shape (resamples,).
    """
    del truth
    down = weighted.steps(weights, theirs, ours)
    gaps = np.abs(down.hits + down.alarms - down.hits[:, -1:])
    return cuts(ours)[gaps.argmin(axis=1)]


def at_precision(weights: Floats, *, ours: Floats, theirs: Bools, truth: Bools | None) -> Floats:
    """Find the lowest threshold at which flagging is at least as right as theirs.

    Args:
        weights: how often each text counts, shape (resamples, texts).
        ours: our scores.
        theirs: what they flagged.
        truth: what is hateful.

    Returns:
        Shape (resamples,); nan where no threshold reaches their precision.
    """
    assert truth is not None
    goal = weighted.share(weights, truth, theirs)
    down = weighted.steps(weights, truth, ours)
    reached = weighted.ratio(down.hits, down.hits + down.alarms) >= goal[:, None] - TINY
    last = reached.shape[1] - 1 - reached[:, ::-1].argmax(axis=1)
    return np.where(reached.any(axis=1), cuts(ours)[last], np.nan)


FINDERS = {"share": at_share, "precision": at_precision}


def cuts(ours: Floats) -> Floats:
    """Return a threshold below each score that occurs, from the highest down.

    Returns:
        Shape (different scores,): halfway to the next lower score; below the lowest, to 0.
    """
    scores = np.unique(ours)[::-1]
    return (scores + np.append(scores[1:], 0.0)) / 2


def _figures(weights: Floats, *, ours: Bools, theirs: Bools, truth: Bools | None) -> Floats:
    """Measure both lines, shape (7, resamples): the figures of ``Line`` from share to agreement."""
    all_of_them = np.ones_like(ours)
    shares = [weighted.share(weights, part, all_of_them) for part in (theirs, ours)]
    rates = [np.full(len(weights), np.nan)] * 4
    if truth is not None:
        rates = [weighted.share(weights, truth, part) for part in (theirs, ours)]
        rates += [weighted.share(weights, part, truth) for part in (theirs, ours)]
    return np.stack([*shares, *rates, weighted.share(weights, ours == theirs, all_of_them)])


def _known(estimate: Estimate) -> float:
    assert estimate.value is not None  # a line without a threshold was refused
    return estimate.value
