"""Fitting the further heads of a model: a curve per output that can be believed, and thresholds.

Applying them is the business of ``models/heads.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from hatelens.errors import ModelError
from hatelens.evaluation.calibration import between, fit_thresholds
from hatelens.evaluation.spans import Ranges, character_f1
from hatelens.evaluation.weighted import Bools, ratio
from hatelens.labels import Floats
from hatelens.models.heads import Head, TokenLogits, sigmoid
from hatelens.models.marks import spans
from hatelens.text import Cleaned
from hatelens.text.alignment import untouched

F1 = "f1"
"""The target that a threshold is fitted to unless another is asked for."""

HALF = 0.5
"""From this share of people on a soft truth counts as true."""

STEEPEST = 20.0
"""Slopes lie in 1/20 to 20."""

SLOPE_SPREAD, INTERCEPT_SPREAD = 1.0, 5.0
"""Standard deviations of the priors around slope 1 and intercept 0, for outputs with few texts."""

GRID = tuple(round(0.05 + 0.025 * step, 3) for step in range(37))
"""Thresholds that a spans head is tried with: 0.05 to 0.95."""


def fit_head(head: Head, logits: Floats, truth: Floats, *, target: str = F1) -> Head:
    """Fit slopes, intercepts and thresholds of attributes or targets on validation texts.

    An output that has not both texts where it is true and texts where it is not keeps slope 1,
    intercept 0 and the threshold 0.5.

    Args:
        head: whose calibration is replaced.
        logits: raw scores, shape (texts, outputs).
        truth: share of people who said so, 0-1, shape (texts, outputs); nan where nobody was asked.
        target: ``f1`` for the thresholds of the highest F1, or a target of ``fit_thresholds`` such
            as ``fpr<=0.05``; where none reaches it, that of the highest F1 is taken.

    Raises:
        ModelError: the shapes differ.
        ConfigError: the target is misspelt.
    """
    if logits.shape != truth.shape or logits.ndim != 2 or logits.shape[1] != len(head.names):
        raise ModelError(
            f"The head {head.name!r} has {len(head.names)} outputs; found scores of shape "
            f"{logits.shape} and truths of shape {truth.shape}."
        )
    fits = [_fit(logits[:, k], truth[:, k], target) for k in range(len(head.names))]
    slopes, intercepts, thresholds = zip(*fits, strict=True)
    return replace(head, slopes=slopes, intercepts=intercepts, thresholds=thresholds)


def fit_spans(
    head: Head,
    tokens: Sequence[TokenLogits],
    texts: Sequence[Cleaned | str],
    gold: Sequence[Ranges],
) -> Head:
    """Fit slope, intercept and threshold of a spans head on validation texts.

    Args:
        head: whose calibration is replaced.
        tokens: what the head said, one per text.
        texts: what it was said of: cleaned, or plain where nothing was cleaned.
        gold: half-open ranges of characters of the original texts that people marked.

    Returns:
        The head with the threshold of ``GRID`` that has the highest mean character F1.

    Raises:
        ModelError: there are not as many of each.
    """
    if not len(tokens) == len(texts) == len(gold):
        raise ModelError(
            f"A spans head is fitted to as many scores, texts and marks; found {len(tokens)}, "
            f"{len(texts)} and {len(gold)}."
        )
    cleaned = [untouched(text) if isinstance(text, str) else text for text in texts]
    truth = [_shares(*row) for row in zip(tokens, cleaned, gold, strict=True)]
    logits = np.concatenate([np.zeros(0), *(one.logits for one in tokens)])
    slope, intercept, _ = _fit(logits, np.concatenate([np.zeros(0), *truth]), F1)
    fitted = replace(head, slopes=(slope,), intercepts=(intercept,), thresholds=())
    best = max(GRID, key=lambda one: _marked_f1(fitted, one, tokens, cleaned, gold))
    return replace(fitted, thresholds=(best,))


def platt(logits: Floats, truth: Floats) -> tuple[float, float]:
    """Find the slope and the intercept of ``sigmoid(slope x logit + intercept)``.

    The least negative log-likelihood with Gaussian priors, so that a handful of texts moves little
    and a slope stays above 0 (Platt 1999 smooths the truths to the same end).

    Args:
        logits: raw scores, shape (texts,).
        truth: share of people who said so, 0-1, shape (texts,).
    """

    def loss(values: Floats) -> tuple[float, Floats]:
        slope, intercept = values
        raw = slope * logits + intercept
        away = np.array([(slope - 1) / SLOPE_SPREAD**2, intercept / INTERCEPT_SPREAD**2])
        prior = ((slope - 1) * away[0] + intercept * away[1]) / 2
        errors = sigmoid(raw) - truth
        total = float((np.logaddexp(0.0, raw) - truth * raw).sum() + prior)
        return total, np.array([errors @ logits, errors.sum()]) + away

    bounds = [(1 / STEEPEST, STEEPEST), (None, None)]
    best = minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=bounds, method="L-BFGS-B")
    return float(best.x[0]), float(best.x[1])


def _fit(logits: Floats, truth: Floats, target: str) -> tuple[float, float, float]:
    """Return slope, intercept and threshold of one output."""
    known = ~np.isnan(truth)
    logits, truth = logits[known], truth[known]
    said = truth >= HALF
    if not said.any() or said.all():
        return 1.0, 0.0, 0.5
    slope, intercept = platt(logits, truth)
    return slope, intercept, _threshold(sigmoid(slope * logits + intercept), said, target)


def _threshold(scores: Floats, truth: Bools, target: str) -> float:
    if target != F1:
        try:
            return fit_thresholds(scores, truth, target=target, abstain=0.0).flag
        except ModelError:
            pass  # a rare output need not reach what the others do
    return best_f1(scores, truth)


def best_f1(scores: Floats, truth: Bools) -> float:
    """Return the threshold of the highest F1, midway between two scores; both shape (texts,)."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], truth[order].cumsum()
    ends = np.flatnonzero(np.diff(ranked, append=-np.inf))  # equal scores are said together
    f1 = ratio(2.0 * hits[ends], (ends + 1.0) + hits[-1])
    return between(ranked, int(ends[f1.argmax()]))


def _shares(tokens: TokenLogits, cleaned: Cleaned, gold: Ranges) -> Floats:
    """Return the share of each token's characters that people marked; nan for empty tokens."""
    marked = np.zeros(cleaned.offsets[-1] + 1)
    for begin, end in gold:
        marked[begin:end] = 1.0
    sums = np.append(0.0, marked.cumsum())
    ranges = [cleaned.original_span(begin, end) for begin, end in tokens.offsets]
    begins, ends = np.array(ranges, dtype=np.int64).reshape(-1, 2).T
    return ratio(sums[ends] - sums[begins], (ends - begins).astype(np.float64))


def _marked_f1(
    head: Head,
    threshold: float,
    tokens: Sequence[TokenLogits],
    cleaned: Sequence[Cleaned],
    gold: Sequence[Ranges],
) -> float:
    tried = replace(head, thresholds=(threshold,))
    found = [spans(tried, one, text) for one, text in zip(tokens, cleaned, strict=True)]
    said = [[(span.begin, span.end) for span in one] for one in found]
    return float(np.mean([character_f1(*pair) for pair in zip(said, gold, strict=True)] or [0.0]))
