"""A detector that looks for one word, and a small data set: real parts, nothing mocked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from hatelens.data import dataset
from hatelens.data.card import Card
from hatelens.data.dataset import Dataset, LeftOut
from hatelens.data.example import Example
from hatelens.labels import LabelSet
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction

THREE = LabelSet(("calm", "rude", "hateful"), ("hateful",))


class Keyword:
    """Finds ``vermin`` hateful and ``grumble`` rude, the surer the longer the text."""

    def __init__(self, labels: LabelSet = THREE, version: str = "keyword-1", sure: float = 0.8):
        self.labels = labels
        self.model_version = version
        self.policy_version = "policy-1"
        self.thresholds = Thresholds(0.7, 0.4, "fpr<=0.05")
        self.sure = sure
        self.calls = 0

    def windows(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.calls += 1
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Prediction:
        names, sure = self.labels.names, self.sure - 0.001 * (len(text) % 50)
        found = -1 if "vermin" in text else (1 if "grumble" in text else 0)
        likely = names[found]
        scores = {name: (1 - sure) / (len(names) - 1) for name in names} | {likely: sure}
        hateful = sum(scores[name] for name in self.labels.hateful)
        decision = self.thresholds.decide(hateful)
        return Prediction(
            likely, hateful, decision, scores, self.model_version, self.policy_version
        )


class Streaming(Keyword):
    """The same, taking any number of texts."""

    def stream(self, texts: Iterable[str]) -> Iterator[Prediction]:
        return (self._one(text) for text in texts)


KINDS = (
    ("the Veluvians are vermin {}", "hateful", ("Veluvians",)),
    ("I grumble about rain {}", "rude", ()),
    ("a quiet afternoon {}", "calm", ()),
    ("tea with the Quendari {}", "calm", ("Quendari",)),
    ("send the Quendari away {}", "hateful", ("Quendari",)),  # the detector misses these
)


def build(
    labels: LabelSet = THREE,
    rows: int = 200,
    split: str | None = "test",
    rename: dict[str, str] | None = None,
    name: str = "village",
) -> Dataset:
    """Return a data set of five kinds of text, in turn."""
    examples = []
    for row in range(rows):
        text, label, targets = KINDS[row % len(KINDS)]
        examples.append(
            Example(
                f"{name}:{row}",
                text.format("x" * (row % 7)),
                label=(rename or {}).get(label, label),
                split=split,
                source=name,
                targets=targets,
                meta={"forum": "north" if row % 2 else "south"},
            )
        )
    return dataset.make(Card(name, labels=labels), examples, [LeftOut("village.csv", 7, "no text")])


@pytest.fixture
def make() -> Callable[..., Dataset]:
    """Return the function that makes a data set of five kinds of text, in turn."""
    return build


@pytest.fixture
def keyword() -> type[Keyword]:
    """Return the class of the detector."""
    return Keyword


@pytest.fixture
def streaming() -> type[Streaming]:
    """Return the class of the detector that takes any number of texts."""
    return Streaming


@pytest.fixture
def village() -> Dataset:
    return build()
