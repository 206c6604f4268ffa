"""The one path from texts to finished predictions: model, windows of long texts, explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from hatelens.explain.occlusion import occlusion
from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Detector, Prediction

BATCH = 256
"""Windows that the model is given at once: what bounds memory."""


class Pipeline:
    """A detector for texts of any length, with explanations when asked for.

    A long text is read in overlapping windows; its answer is that of its most hateful window.

    Args:
        model: labels texts that fit one window.
    """

    def __init__(self, model: Detector) -> None:
        self.model = model

    @property
    def labels(self) -> LabelSet:
        """The classes that ``scores`` holds."""
        return self.model.labels

    @property
    def thresholds(self) -> Thresholds:
        """Where ``hateful`` becomes a decision."""
        return self.model.thresholds

    @property
    def model_version(self) -> str:
        """Hash over weights, tokenizer, calibration and cleaning."""
        return self.model.model_version

    @property
    def policy_version(self) -> str:
        """Hash over thresholds and community settings."""
        return self.model.policy_version

    def windows(self, text: str) -> list[tuple[int, int]]:
        """Return one range over all of the text: any length fits."""
        return [(0, len(text))]

    def predict(self, texts: Sequence[str], *, explain: bool = False) -> list[Prediction]:
        """Label texts of any length, in order, one prediction each.

        Args:
            texts: as their authors wrote them.
            explain: also mark the words that carried the score; costs one more scoring per word.

        Raises:
            TypeError: a text is not a string, or ``texts`` is one.
        """
        if isinstance(texts, str):
            raise TypeError("predict takes a list of texts; for one text write predict([text]).")
        return list(self.stream(texts, explain=explain))

    def stream(self, texts: Iterable[str], *, explain: bool = False) -> Iterator[Prediction]:
        """Label texts one after the other in constant memory, however many there are."""
        source = iter(texts)
        while chunk := list(islice(source, BATCH)):
            for text, worst in zip(chunk, self._worst(chunk), strict=True):
                yield self._explained(text, worst) if explain else worst.prediction

    def _worst(self, texts: Sequence[str]) -> list[_Window]:
        worst: list[_Window | None] = [None] * len(texts)
        windows = (
            (i, begin, end)
            for i, text in enumerate(texts)
            for begin, end in self.model.windows(text)
        )
        while chunk := list(islice(windows, BATCH)):
            predictions = self.model.predict([texts[i][begin:end] for i, begin, end in chunk])
            for (i, begin, end), prediction in zip(chunk, predictions, strict=True):
                best = worst[i]
                if best is None or prediction.hateful > best.prediction.hateful:
                    worst[i] = _Window(begin, end, prediction.shifted(begin))
        return [window for window in worst if window is not None]

    def _explained(self, text: str, window: _Window) -> Prediction:
        spans = occlusion(text[window.begin : window.end], self._hateful)
        return replace(
            window.prediction,
            spans=tuple(span.shifted(window.begin) for span in spans),
            explanation={"method": "occlusion"},
        )

    def _hateful(self, texts: Sequence[str]) -> list[float]:
        return [prediction.hateful for prediction in self.model.predict(texts)]


@dataclass(frozen=True, slots=True)
class _Window:
    """A range of a text and what the model said of it, its spans counted from the text's begin."""

    begin: int
    end: int
    prediction: Prediction


def load(model: str = folder.DEFAULT) -> Pipeline:
    """Open a detector for texts of any length.

    Args:
        model: ``default``, or a model folder.

    Raises:
        ModelError: there is no such model, or its folder is damaged.
    """
    return Pipeline(folder.load(model))
