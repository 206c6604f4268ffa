"""The one path from texts to finished predictions: model, windows of long texts, explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Protocol

from hatelens.errors import ModelError
from hatelens.explain.explanation import Explanation
from hatelens.explain.occlusion import LEFT_OUT, occlusion
from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.classifier import Classifier
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Detector, Prediction
from hatelens.models.reading import BATCH, Reading, read
from hatelens.text.language import NAMES, language


class Writer(Protocol):
    """What writes explanations, for a model that can."""

    @property
    def batch(self) -> int:
        """Texts that are explained at once."""
        ...

    @property
    def prompt(self) -> str:
        """What stands around a text where it is explained."""
        ...

    def write(self, texts: Sequence[str], labels: Sequence[str]) -> list[Explanation]:
        """Explain the labels of texts that each fit one window, in order."""
        ...


class Pipeline:
    """A detector for texts of any length, with explanations when asked for.

    A long text is read in overlapping windows; its answer is that of its most hateful window, with
    the spans of all of them and the highest score of each attribute and target. A text that is
    surely in a language that the model does not know is ``unsure``, and a note says why.

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
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes that the model was trained on; empty if unknown."""
        return self.model.languages

    @property
    def named(self) -> Mapping[str, float]:
        """Per attribute and target, the probability from which on it is said; empty without."""
        return self.model.named

    @property
    def model_version(self) -> str:
        """Hash over weights, tokenizer, calibration and cleaning."""
        return self.model.model_version

    @property
    def policy_version(self) -> str:
        """Hash over thresholds and community settings."""
        return self.model.policy_version

    @property
    def shareable(self) -> bool:
        """Whether several threads may ask at once: a graph keeps nothing from text to text."""
        return isinstance(self.model, Classifier) and self.model.manifest.runtime == "onnx"

    def adapter(self, name: str) -> Pipeline:
        """Return one adapter of a mixture as a detector of its own.

        Raises:
            ModelError: the model is no mixture, or has no adapter of this name.
        """
        if not isinstance(self.model, Classifier) or self.model.manifest.kind != "mixture":
            raise ModelError(f"Only a mixture has adapters; this model has none named {name!r}.")
        from hatelens.models import mixture  # imports torch, which such a model needs anyway

        return Pipeline(mixture.alone(self.model, name))

    def windows(self, text: str) -> list[tuple[int, int]]:
        """Return one range over all of the text: any length fits."""
        return [(0, len(text))]

    def predict(self, texts: Sequence[str], *, explain: bool = False) -> list[Prediction]:
        """Label texts of any length, in order, one prediction each.

        Args:
            texts: as their authors wrote them.
            explain: also say why: in words where the model has learned to, else by the words that
                carried the score, which costs one more scoring per word.

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
            readings = read(self.model, chunk)
            predictions = (
                self._explained(chunk, readings)
                if explain
                else (reading.prediction() for reading in readings)
            )
            for text, prediction in zip(chunk, predictions, strict=True):
                yield _in_language(text, prediction, self.languages)

    @cached_property
    def writer(self) -> Writer | None:
        """What writes the explanations; None where they are made by leaving words out."""
        return _writer(self.model)

    def _explained(self, texts: Sequence[str], readings: Sequence[Reading]) -> Iterator[Prediction]:
        if self.writer is None:
            for text, reading in zip(texts, readings, strict=True):
                yield self._occluded(text, reading)
            return
        for begin in range(0, len(texts), self.writer.batch):
            some = slice(begin, begin + self.writer.batch)
            yield from _written(self.writer, texts[some], readings[some])

    def _occluded(self, text: str, reading: Reading) -> Prediction:
        begin, end = reading.place
        spans = occlusion(text[begin:end], self._hateful)
        return replace(
            reading.prediction(),
            spans=tuple(span.shifted(begin) for span in spans),
            explanation=dict(LEFT_OUT),
        )

    def _hateful(self, texts: Sequence[str]) -> list[float]:
        return [prediction.hateful for prediction in self.model.predict(texts)]


def _written(
    writer: Writer, texts: Sequence[str], readings: Sequence[Reading]
) -> Iterator[Prediction]:
    """Explain the most hateful window of each text in words, with the class that it has."""
    windows = [text[slice(*reading.place)] for text, reading in zip(texts, readings, strict=True)]
    predictions = [reading.prediction() for reading in readings]
    found = writer.write(windows, [prediction.label for prediction in predictions])
    for prediction, reading, explanation in zip(predictions, readings, found, strict=True):
        yield replace(
            prediction,
            spans=tuple(span.shifted(reading.place[0]) for span in explanation.spans),
            explanation=explanation.to_dict(),
        )


def _writer(model: Detector) -> Writer | None:
    """Return what writes the explanations of a model that has learned to, or can be asked."""
    if not isinstance(model, Classifier):
        return None
    if model.manifest.kind == "remote":
        from hatelens.explain import asked

        return asked.writer(model)
    if model.manifest.architecture.get("explains"):
        from hatelens.explain import written  # imports torch, which such a model needs anyway

        return written.writer(model)
    return None


def _in_language(text: str, prediction: Prediction, known: Sequence[str]) -> Prediction:
    """Say which language a text is in, and do not decide on one that the model does not know."""
    code = language(text) if known else ""
    if not code or code in known:
        return replace(prediction, language=code)
    note = (
        f"The text seems to be in {NAMES[code]} ({code}); the model knows "
        f"{', '.join(known)} only: its score says little."
    )
    return replace(prediction, language=code, note=note, decision="unsure")


def load(model: str = folder.DEFAULT) -> Pipeline:
    """Open a detector for texts of any length.

    Args:
        model: ``default``, or a model folder.

    Raises:
        ModelError: there is no such model, or its folder is damaged.
    """
    return Pipeline(folder.load(model))
