"""Cross-validation."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hatelens.config.compose import compose
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.labels import LabelSet
from hatelens.training.folds import cross_validate
from hatelens.training.trained import Trained, material

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
WORDS = ["sing", "walk", "cook", "read", "swim", "paint", "knit", "plant", "carve", "sail"]


def corpus() -> Corpus:
    examples = [
        Example(f"{label}{n}", f"{label} {word} {n * 7919} {word[::-1]}", label, source="mine")
        for label in LABELS.names
        for n, word in enumerate(WORDS)
    ]
    return Corpus(tuple(examples[1:]), (examples[0],), LABELS, (), {}, "train", "validation")


class Guess:
    """Says the label that stands in the text, but not in the texts it is told to get wrong."""

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong

    def logits(self, texts):
        right = np.array([[5.0, 0.0] if "normal" in text else [0.0, 5.0] for text in texts])
        flip = np.array([self.wrong in text for text in texts])
        return np.where(flip[:, None], right[:, ::-1], right)

    def windows(self, text):
        return [(0, len(text))]


def test_every_text_is_measured_once_and_the_figures_have_mean_and_deviation():
    seen: list[str] = []
    digests = set()

    def fit(part: Corpus, work: Path):
        assert not {one.id for one in part.train} & {one.id for one in part.validation}
        assert len(part.train) + len(part.validation) == 20
        assert work.is_dir()
        seen.extend(one.id for one in part.validation)
        digests.add(part.train_digest)
        return Trained(Guess("sail"), "numpy", {}, ()), material(part, "none", work, soft=False)

    recipe = compose(["recipe=demo_linear", "folds=4"])
    found = cross_validate(recipe, corpus(), fit)
    assert sorted(seen) == sorted(one.id for one in (*corpus().train, *corpus().validation))
    assert len(digests) == 4
    accuracy = found["accuracy"]
    values = [accuracy[f"fold {number}"] for number in range(1, 5)]
    assert 0.5 < min(values) < 1.0
    assert accuracy["mean"] == pytest.approx(statistics.mean(values))
    assert accuracy["deviation"] == pytest.approx(statistics.stdev(values))
    assert set(found) == {"loss", "accuracy", "macro_f1", "auroc"}


def test_copies_of_a_text_stay_with_it_and_are_never_measured():
    one = corpus()
    copies = tuple(replace(each, id=f"{each.id}~disguised") for each in one.train[:5])
    doubled = replace(one, train=(*one.train, *one.train[:3], *copies))

    def fit(part: Corpus, work: Path):
        held = {each.id for each in part.validation}
        assert not held & {each.id.removesuffix("~disguised") for each in part.train}
        assert not any(name.endswith("~disguised") for name in held)
        return Trained(Guess("sail"), "numpy", {}, ()), material(part, "none", work, soft=False)

    found = cross_validate(compose(["recipe=demo_linear", "folds=2"]), doubled, fit)
    assert found["accuracy"]["mean"] == pytest.approx(0.9)
