"""The one path from texts to finished predictions: model, windows of long texts, explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from hatelens.explain.occlusion import occlusion
from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Detector, Prediction
from hatelens.models.reading import BATCH, Reading, read
from hatelens.text.language import NAMES, language


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
            for text, reading in zip(chunk, read(self.model, chunk), strict=True):
                prediction = self._explained(text, reading) if explain else reading.prediction()
                yield _in_language(text, prediction, self.languages)

    def _explained(self, text: str, reading: Reading) -> Prediction:
        begin, end = reading.place
        spans = occlusion(text[begin:end], self._hateful)
        return replace(
            reading.prediction(),
            spans=tuple(span.shifted(begin) for span in spans),
            explanation={"method": "occlusion"},
        )

    def _hateful(self, texts: Sequence[str]) -> list[float]:
        return [prediction.hateful for prediction in self.model.predict(texts)]


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
