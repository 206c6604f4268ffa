"""How often a peer is right: hateful or not, functions of HateCheck, words that it marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from benchmarks.peers import answers
from benchmarks.peers.conversation import Conversation
from benchmarks.peers.material import HATECHECK, SPANS

from hatelens.data import catalog
from hatelens.evaluation import functional, weighted
from hatelens.evaluation.functional import Score
from hatelens.evaluation.metrics import Estimate
from hatelens.evaluation.selection import Selection
from hatelens.labels import Floats

RESAMPLES = 500

Said = answers.Answers


@dataclass(frozen=True)
class Quality:
    """What a peer reached.

    Attributes:
        pooled: per data set ``macro_f1``, ``hateful_f1`` and ``auroc`` of hateful or not.
        hatecheck: its score on HateCheck; None where that was not asked.
        spans: mean character F1 of its marks; None where it marked nothing at all.
    """

    pooled: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    hatecheck: Score | None = None
    spans: Estimate | None = None


def measure(talk: Conversation, selections: Mapping[str, Selection]) -> Quality:
    """Ask a peer about every text, and compare with what people said.

    Raises:
        PeerError: it does not answer.
    """
    said = {name: answers.of(talk, _texts(chosen)) for name, chosen in selections.items()}
    return Quality(
        pooled={
            name: pooled(truth(selections[name]), found)
            for name, found in said.items()
            if name not in {HATECHECK, SPANS}
        },
        hatecheck=_hatecheck(selections[HATECHECK], said[HATECHECK]) if HATECHECK in said else None,
        spans=span_f1(selections[SPANS], said[SPANS]) if SPANS in said else None,
    )


def _texts(chosen: Selection) -> list[str]:
    return [example.text for example in chosen.examples]


def truth(chosen: Selection) -> weighted.Bools:
    """Say which texts are hateful, shape (texts,)."""
    return np.array([chosen.labels.is_hateful(one.label or "") for one in chosen.examples])


def pooled(hateful: weighted.Bools, said: Said) -> dict[str, Estimate]:
    """Measure the question hateful or not: F1 of the peer's own verdicts, AUROC of its scores."""
    score = np.array([answer["score"] for answer in said], dtype=np.float64)
    verdict = np.array([answer["hateful"] for answer in said], dtype=np.int64)

    def figures(weights: Floats) -> Floats:
        counts = weighted.confusion(weights, hateful.astype(np.int64), verdict, 2)
        f1 = weighted.class_rates(counts).f1
        return np.stack([weighted.mean(f1), f1[:, 1], weighted.auroc(weights, hateful, score)])

    exact = figures(np.ones((1, len(hateful))))
    chunks = [figures(each) for each in weighted.draws(len(hateful), RESAMPLES, 0)]
    drawn = np.concatenate(chunks, axis=1)
    names = ("macro_f1", "hateful_f1", "auroc")
    return {name: Estimate.of(exact[i], drawn[i]) for i, name in enumerate(names)}


def _hatecheck(chosen: Selection, said: Said) -> Score:
    verdict = np.array([bool(answer["hateful"]) for answer in said])
    return functional.functional_test(chosen.examples, truth(chosen), verdict).score


def published(chosen: Selection) -> Mapping[str, Score]:
    """Return the published systems and ``always hateful`` on the same cases of HateCheck."""
    hateful = truth(chosen)
    verdicts = functional.published(catalog.card(HATECHECK))
    return functional.functional_test(chosen.examples, hateful, hateful, verdicts).baselines


def span_f1(chosen: Selection, said: Said) -> Estimate | None:
    """Average the character F1 of the marks over texts (SemEval 2021 task 5).

    Pavlopoulos et al. 2021, https://aclanthology.org/2021.semeval-1.6; None for a peer that never
    marks a character.
    """
    marked = [characters(answer.get("spans") or ()) for answer in said]
    if not any(marked):
        return None
    right = [characters(example.spans or ()) for example in chosen.examples]
    each = np.array([character_f1(*pair) for pair in zip(right, marked, strict=True)])
    draws = weighted.draws(len(each), RESAMPLES, 0)
    samples = [weights @ each / weights.sum(axis=1) for weights in draws]
    return Estimate.of(each.mean(keepdims=True), np.concatenate(samples))


def characters(spans: Iterable[Sequence[int]]) -> frozenset[int]:
    """Return the characters of half-open ranges."""
    return frozenset(at for begin, end in spans for at in range(begin, end))


def character_f1(right: frozenset[int], marked: frozenset[int]) -> float:
    """Return the F1 of two sets of characters: 1 where both are empty, 0 where only one is."""
    if not right and not marked:
        return 1.0
    return 2 * len(right & marked) / (len(right) + len(marked))
