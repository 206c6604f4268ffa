"""Fitting what makes scores believable and decisions deliberate: calibration and thresholds.

Applying them is the business of ``models/decision.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.target import Target
from hatelens.evaluation.weighted import Bools, Ints, ratio
from hatelens.labels import Floats
from hatelens.models.decision import Calibration, Thresholds, softmax

Choice = Literal["auto", "temperature", "bcts", "isotonic", "none"]

KNOTS = 100
"""Points that a stored curve has at most."""

FOLDS = 5
"""Folds of the cross-validation by which ``auto`` chooses."""

EDGE = float(np.log(50.0))
"""Temperatures lie in 1/50 to 50."""

SPREAD = 5.0
"""Standard deviation of the prior on a bias: keeps that of a class without a text finite."""

FEWEST = 50
"""Texts from which ``auto`` compares methods; with fewer it takes the temperature."""


def fit_calibration(
    logits: Floats, truth: Floats, *, method: Choice = "auto", seed: int = 0
) -> Calibration:
    """Fit a calibration on validation texts.

    Args:
        logits: raw scores, shape (texts, labels).
        truth: what people said, shape (texts, labels): one-hot rows or shares of votes; or, where
            a row sums to more than 1.5, a 0/1 mask of the labels of which one is true.
        method: ``temperature``, ``bcts``, ``isotonic``, ``none``, or ``auto`` for the one with the
            least cross-validated log loss (the simpler one of equals).
        seed: of the folds.

    Returns:
        The calibration, ready to be applied and stored.

    Raises:
        ConfigError: there is no such method.
        ModelError: there is no text, or the shapes differ.
    """
    if logits.shape != truth.shape or not len(logits):
        raise ModelError(
            "A calibration needs validation texts with as many truths as scores; "
            f"found scores of shape {logits.shape} and truths of shape {truth.shape}."
        )
    if method == "auto":
        return _best(logits, truth, seed)
    if method not in FITS:
        raise ConfigError(
            f"No calibration method named {method!r}. There are auto, {', '.join(sorted(FITS))}."
        )
    return FITS[method](logits, truth)


def log_loss(probabilities: Floats, truth: Floats) -> float:
    """Return the mean cross-entropy in nats; both of shape (texts, labels).

    A row of truth that is a mask costs the logarithm of all that its labels were given together.
    """
    masked = partial(truth)
    whole = (truth * np.log(np.clip(probabilities, 1e-12, 1.0))).sum(axis=1)
    pooled = np.log(np.clip((truth * probabilities).sum(axis=1), 1e-12, None))
    return float(-np.where(masked, pooled, whole).mean())


def partial(truth: Floats) -> Bools:
    """Say which rows of a truth are masks of the labels that may be true, shape (texts,)."""
    return truth.sum(axis=1) > 1.5


def resolved(probabilities: Floats, truth: Floats) -> Floats:
    """Turn masks into distributions: each shared out as the model shares it; other rows stay."""
    allowed = truth * np.clip(probabilities, 1e-12, 1.0)
    shares = allowed / allowed.sum(axis=1, keepdims=True)
    return np.where(partial(truth)[:, None], shares, truth)


def _none(_logits: Floats, _truth: Floats) -> Calibration:
    return Calibration()


def _temperature(logits: Floats, truth: Floats) -> Calibration:
    """Find the temperature in 1/50 to 50 with the least negative log-likelihood."""

    def loss(log_temperature: float) -> float:
        return log_loss(softmax(logits / np.exp(log_temperature)), truth)

    best = minimize_scalar(loss, bounds=(-EDGE, EDGE), method="bounded")
    return Calibration("temperature", temperature=float(np.exp(best.x)))


def _bcts(logits: Floats, truth: Floats) -> Calibration:
    """Find the temperature and the biases with the least negative log-likelihood (L-BFGS)."""

    def loss(values: Floats) -> tuple[float, Floats]:
        divided, biases = logits / np.exp(values[0]), values[1:]
        probabilities = softmax(divided + biases)
        slopes = (probabilities - resolved(probabilities, truth)) / len(logits)
        prior = 1.0 / (SPREAD**2 * len(logits))
        gradient = np.append(-(slopes * divided).sum(), slopes.sum(axis=0) + prior * biases)
        return log_loss(probabilities, truth) + prior / 2 * float(biases @ biases), gradient

    free = [(None, None)] * logits.shape[1]
    best = minimize(
        loss, np.zeros(1 + logits.shape[1]), jac=True, bounds=[(-EDGE, EDGE), *free],
        method="L-BFGS-B",
    )  # fmt: skip
    biases = tuple(float(bias) for bias in best.x[1:])
    return Calibration("bcts", temperature=float(np.exp(best.x[0])), biases=biases)


def _isotonic(logits: Floats, truth: Floats) -> Calibration:
    """Fit a monotone curve per class.

    No curve reaches 0 or 1: n texts cannot prove more certainty than 1 in n + 2 (Laplace's rule).
    """
    probabilities = softmax(logits)
    truth = resolved(probabilities, truth)
    least = 1.0 / (len(logits) + 2)
    curves = []
    for column in range(logits.shape[1]):
        curve: Any = IsotonicRegression(y_min=least, y_max=1.0 - least, out_of_bounds="clip")
        curve.fit(probabilities[:, column], truth[:, column])
        curves.append(_thinned(curve.X_thresholds_, curve.y_thresholds_))
    return Calibration("isotonic", knots=tuple(curves))


def _thinned(x: Floats, y: Floats) -> tuple[tuple[float, float], ...]:
    kept = np.unique(np.linspace(0, len(x) - 1, min(KNOTS, len(x))).round().astype(int))
    return tuple((float(x[i]), float(y[i])) for i in kept)


FITS: dict[str, Callable[[Floats, Floats], Calibration]] = {
    "none": _none,
    "temperature": _temperature,
    "bcts": _bcts,
    "isotonic": _isotonic,
}
"""The methods, the simplest first: of equals, ``auto`` takes the first."""


def _best(logits: Floats, truth: Floats, seed: int) -> Calibration:
    if len(logits) < FEWEST:
        return _temperature(logits, truth)
    folds = np.random.default_rng(seed).permutation(len(logits)) % FOLDS
    losses = {name: _cross_validated(name, logits, truth, folds) for name in FITS}
    return FITS[min(losses, key=lambda name: losses[name])](logits, truth)


def _cross_validated(name: str, logits: Floats, truth: Floats, folds: Ints) -> float:
    total = 0.0
    for fold in range(FOLDS):
        held = folds == fold
        fitted = FITS[name](logits[~held], truth[~held])
        total += log_loss(fitted.apply(logits[held]), truth[held]) * int(held.sum())
    return total / len(logits)


def fit_thresholds(
    hateful: Floats, truth: Bools, *, target: str = "fpr<=0.05", abstain: float = 0.05
) -> Thresholds:
    """Find where ``hateful`` becomes a decision, on validation texts.

    Args:
        hateful: probability that each text is hateful, shape (texts,).
        truth: whether it is, shape (texts,).
        target: what flagging must hold, on these texts: ``precision>=0.9``, ``fpr<=0.01`` and
            ``review_budget=0.05`` (at most this share is flagged) flag as many texts as they
            allow; ``recall>=0.8`` flags as few.
        abstain: at most this share of the texts is ``unsure``: those just below the flag.

    Returns:
        Thresholds midway between neighbouring scores, so that rounding moves no decision.

    Raises:
        ConfigError: the target or ``abstain`` is misspelt or out of range.
        ModelError: no threshold reaches the target; the message holds the best that one does.
    """
    wanted = Target.parse(target)
    if not 0.0 <= abstain <= 1.0:
        raise ConfigError(f"abstain must be a share of 0-1; found {abstain}.")
    if hateful.shape != truth.shape or not hateful.size:
        raise ModelError("Thresholds need validation texts with a score and a truth each.")
    scores = np.sort(hateful)[::-1]
    flag = _flag(hateful, truth.astype(bool), wanted)
    return Thresholds(flag, _clear(scores, flag, abstain), target)


def _flag(hateful: Floats, truth: Bools, target: Target) -> float:
    order = np.argsort(-hateful, kind="stable")
    scores, hits = hateful[order], truth[order].cumsum()
    ends = np.flatnonzero(np.diff(scores, append=-np.inf))  # equal scores are flagged together
    flagged, caught = (ends + 1).astype(np.float64), hits[ends].astype(np.float64)
    positives = np.full(len(ends), float(hits[-1]))
    reached = {
        "precision": ratio(caught, flagged),
        "recall": ratio(caught, positives),
        "fpr": ratio(flagged - caught, len(scores) - positives),
        "review_budget": flagged / len(scores),
    }[target.metric]
    good = np.flatnonzero(target.holds(reached))
    if not good.size:
        raise ModelError(target.missed(reached))
    chosen = good[0] if target.metric == "recall" else good[-1]
    return between(scores, int(ends[chosen]))


def _clear(scores: Floats, flag: float, abstain: float) -> float:
    """Return the lowest score that keeps the unsure band within its share; scores descend."""
    first = int((scores >= flag).sum())
    band = int(np.floor(abstain * len(scores) + 1e-9))
    last = first + band - 1
    if band and last >= len(scores) - 1:
        return 0.0
    while last >= first and scores[last] == scores[last + 1]:
        last -= 1
    return flag if last < first else min(flag, between(scores, last))


def between(scores: Floats, last: int) -> float:
    """Return what parts ``scores[: last + 1]`` from the lower ones; scores descend."""
    below = scores[last + 1] if last + 1 < len(scores) else 0.0
    middle = float((scores[last] + below) / 2)
    return middle if middle > below else float(scores[last])
