"""How well an explanation points at the words that people marked, and whether it is sound.

Agreement is that of ERASER (DeYoung et al. 2020, https://aclanthology.org/2020.acl-main.408), as
HateXplain reports it: over the words between spaces, on the texts in which people marked any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hatelens.data.example import Example
from hatelens.data.explanations import WORDS
from hatelens.data.splits import sample
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.spans import Ranges
from hatelens.explain.explanation import fault, is_written
from hatelens.labels import Floats
from hatelens.models.detector import Prediction
from hatelens.progress import track

THRESHOLD = 0.5
"""Words in common over words in either, from which on two marked stretches count as one."""
BATCH = 32
_WORD = re.compile(r"\S+")


class Explains(Protocol):
    """A detector that explains."""

    def predict(self, texts: Sequence[str], *, explain: bool = False) -> list[Prediction]:
        """Label texts, in order."""
        ...


@dataclass(frozen=True)
class QuoteScores:
    """How well the marked words of explanations agree with those of people.

    Attributes:
        rows: texts that were explained, in all of which people marked something.
        method: how the explanations were made.
        valid: share of the written explanations that keep to the schema; None for other methods.
        in_text: share of the quotations that stand in their text, letter by letter; None for
            other methods.
        marked: share of the texts in which the explanation marks anything.
        token_precision: mean over texts of the share of the marked words that people marked.
        token_recall: mean over texts of the share of the words that people marked.
        token_f1: mean over texts of the F1 of the two.
        iou_f1: F1 of the means over texts of precision and recall of whole stretches of words.
    """

    rows: int
    method: str
    valid: Estimate | None
    in_text: Estimate | None
    marked: Estimate
    token_precision: Estimate
    token_recall: Estimate
    token_f1: Estimate
    iou_f1: Estimate


@dataclass(frozen=True)
class Overlap:
    """How far two markings of the words of one text agree, each 0-1.

    Attributes:
        precision: share of the marked words that people marked; 0 where none is marked.
        recall: share of the words that people marked.
        f1: harmonic mean of the two.
        iou_precision: share of the marked stretches that are one of people's.
        iou_recall: the same number over the stretches that people marked.
    """

    precision: float
    recall: float
    f1: float
    iou_precision: float
    iou_recall: float


def measure_quotes(
    detector: Explains,
    examples: Sequence[Example],
    *,
    limit: int,
    seed: int = 0,
    resamples: int = 500,
    progress: bool = False,
) -> QuoteScores | None:
    """Let a detector explain texts that people marked, and compare.

    Args:
        detector: explains.
        examples: of which those are taken in which people marked something.
        limit: texts at most, a seeded sample.
        seed: of the sample and of the bootstrap.
        resamples: behind the intervals.
        progress: show a bar on stderr.

    Returns:
        None where people marked nothing.
    """
    chosen = sample([one for one in examples if one.spans], limit, seed)
    if not chosen:
        return None
    said: list[Prediction] = []
    begins = range(0, len(chosen), BATCH)
    for begin in track(begins, "Explaining", total=len(begins), shown=progress):
        texts = [one.text for one in chosen[begin : begin + BATCH]]
        said += detector.predict(texts, explain=True)
    return compare(chosen, said, seed=seed, resamples=resamples)


def compare(
    examples: Sequence[Example], said: Sequence[Prediction], *, seed: int, resamples: int
) -> QuoteScores:
    """Compare explanations with the marks of people.

    Args:
        examples: texts with marks.
        said: their predictions with explanations, in the same order.
        seed: of the bootstrap.
        resamples: behind the intervals.
    """
    pairs = list(zip(examples, said, strict=True))
    found = [_compared(example, prediction) for example, prediction in pairs]
    values = np.array(
        [(one.precision, one.recall, one.f1, one.iou_precision, one.iou_recall) for one in found]
    )
    sound = np.array([_sound(example.text, one.explanation) for example, one in pairs], dtype=float)
    marked = np.array([bool(one.spans) for one in said], dtype=float)

    def figures(weights: Floats) -> Floats:
        valid, quotes, there = (weights @ column for column in sound.T)
        means = (weights @ values).T / weights.sum(axis=1)
        return np.stack(
            [
                valid / weights.sum(axis=1),
                weighted.ratio(there, quotes),
                weights @ marked / weights.sum(axis=1),
                *means[:3],
                2 * means[3] * means[4] / np.maximum(means[3] + means[4], 1e-12),
            ]
        )

    valid, there, marks, *agreement = Estimate.drawn(
        figures, len(pairs), seed=seed, resamples=resamples
    )
    record = said[0].explanation or {}
    written = is_written(record)
    return QuoteScores(
        len(pairs),
        str(record.get("method", "")),
        valid if written else None,
        there if written else None,
        marks,
        *agreement,
    )


def _compared(example: Example, prediction: Prediction) -> Overlap:
    words = [match.span() for match in _WORD.finditer(example.text)]
    ours = [(span.begin, span.end) for span in prediction.spans]
    return overlap(_held(words, ours), _held(words, example.spans or ()))


def _held(words: Ranges, marked: Ranges) -> list[bool]:
    return [any(b < end and begin < e for b, e in marked) for begin, end in words]


def overlap(said: Sequence[bool], gold: Sequence[bool]) -> Overlap:
    """Compare two markings of the words of one text."""
    common, ours, theirs = sum(map(min, said, gold)), sum(said), sum(gold)
    stretches, goal = _stretches(said), _stretches(gold)
    hits = sum(max(_iou(one, other) for other in goal) >= THRESHOLD for one in stretches if goal)
    return Overlap(
        precision=common / ours if ours else 0.0,
        recall=common / theirs if theirs else 0.0,
        f1=2 * common / (ours + theirs) if ours + theirs else 0.0,
        iou_precision=hits / len(stretches) if stretches else 0.0,
        iou_recall=hits / len(goal) if goal else 0.0,
    )


def _stretches(marked: Sequence[bool]) -> list[set[int]]:
    found: list[set[int]] = []
    for place, held in enumerate(marked):
        if held and place and marked[place - 1]:
            found[-1].add(place)
        elif held:
            found.append({place})
    return found


def _iou(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other)


def _sound(text: str, record: Mapping[str, Any] | None) -> tuple[bool, int, int]:
    """Return whether a record is valid, its quotations, and how many stand in the text."""
    if not is_written(record) or fault(record):
        return False, 0, 0
    assert record is not None
    return True, len(record[WORDS]), sum(quote in text for quote in record[WORDS])
