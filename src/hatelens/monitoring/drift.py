"""The watch over live traffic: whether it is still like the texts that the model was made with.

Two methods, for two ways of changing. The population stability index compares a sliding window
with the reference, and sees what is different from it, however it came; ADWIN (Bifet and Gavaldà,
"Learning from time-changing data with adaptive windowing", SDM 2007) needs no reference and sees a
mean that moves within the traffic. Both take constant memory and constant time per text.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hatelens.models.detector import Prediction
from hatelens.monitoring import bins, chance
from hatelens.monitoring.reference import SIGNALS, Reference

DELTA = 1e-5
"""ADWIN's bound on the probability of a false alarm at one look."""
REPLAYED = 500
"""Values that ADWIN is shown again when a watch goes on after a restart."""
_WORDS = len(SIGNALS) - 1
_SAID = {
    "score": "The scores",
    "length": "The lengths",
    "language": "The languages",
    "words": "The words",
}


@dataclass(frozen=True, slots=True)
class Observation:
    """What is measured of one text.

    Attributes:
        score: probability that it is hateful, 0-1.
        length: characters.
        language: ISO 639-1 code; empty where it is not sure.
        sketch: bin of each projection of its words, a byte each.
    """

    score: float
    length: int
    language: str
    sketch: bytes


@dataclass(frozen=True, slots=True)
class Alarm:
    """Traffic that is not what it was.

    Attributes:
        time: of the text that raised it, as it was given.
        signal: of ``SIGNALS``.
        method: ``psi`` or ``adwin``.
        value: the PSI, or by how much the mean has moved.
        limit: above which it is an alarm; 0 for ADWIN, which has none.
        window: texts that it was found in.
        explanation: one line for people.
    """

    time: int
    signal: str
    method: str
    value: float
    limit: float
    window: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Signal:
    """How one signal is distributed now, beside the reference.

    Attributes:
        psi: population stability index; 0 for no change.
        limit: above which it is an alarm.
        bins: what the shares are of, in order.
        reference: shares when the model was made.
        recent: shares in the window.
    """

    psi: float
    limit: float
    bins: Sequence[str]
    reference: Sequence[float]
    recent: Sequence[float]


@dataclass(frozen=True, slots=True)
class State:
    """What a page shows.

    Attributes:
        texts: that the watch has seen.
        window: newest texts that are compared; before it is full, as many as there are.
        signals: by name.
    """

    texts: int
    window: int
    signals: Mapping[str, Signal]


def observe(text: str, prediction: Prediction, reference: Reference) -> Observation:
    """Measure a text; a megabyte costs no more than its first 2,000 characters."""
    return Observation(prediction.hateful, len(text), prediction.language, reference.sketch(text))


class Watch:
    """Watches the traffic of one model.

    A signal that has raised an alarm rests until it has been like the reference for a whole
    window: a lasting change is one alarm and not one per text.

    Args:
        reference: what the model was made with.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._shares = [
            np.array(
                reference.projected if name == "words" else [reference.histograms[name].shares]
            )
            for name in SIGNALS
        ]
        self._counts = [np.zeros(shares.shape, np.int64) for shares in self._shares]
        self._window: deque[bytes] = deque()
        self._seen = 0
        # Texts for which a signal that has raised an alarm has to stay below its limit.
        self._rests = dict.fromkeys(SIGNALS, 0)
        self._means = {name: _Mean() for name in ("score", "words")}

    def add(self, observation: Observation, *, time: int = 0) -> list[Alarm]:
        """Look at a further text.

        Args:
            observation: what is measured of it.
            time: for its alarms.
        """
        place = self._place(observation)
        self._count(place, 1)
        self._window.append(place)
        if len(self._window) > self._reference.window:
            self._count(self._window.popleft(), -1)
        self._seen += 1
        found = self._moved(observation, time)
        full = len(self._window) == self._reference.window
        if full and self._seen % chance.EVERY == 0:
            found += self._strayed(time)
        return found

    def state(self) -> State:
        """Return the window beside the reference."""
        signals = {
            name: Signal(
                psi=self._psi(at),
                limit=self._reference.histograms[name].limit,
                bins=self._reference.histograms[name].bins,
                reference=self._reference.histograms[name].shares,
                recent=_plain(bins.smoothed(self._counts[at]).mean(axis=0)),
            )
            for at, name in enumerate(SIGNALS)
        }
        return State(self._seen, len(self._window), signals)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values of some ten kilobytes, from which a restart goes on."""
        return {
            "seen": self._seen,
            "rests": self._rests,
            "window": base64.b64encode(b"".join(self._window)).decode("ascii"),
            "means": {name: list(mean.recent) for name, mean in self._means.items()},
        }

    @classmethod
    def from_dict(cls, reference: Reference, values: Mapping[str, Any]) -> Watch:
        """Go on with what ``to_dict`` has returned, of a watch with the same reference."""
        watch = cls(reference)
        window, size = base64.b64decode(values["window"]), _WORDS + len(reference.projections)
        for begin in range(0, len(window), size):
            place = window[begin : begin + size]
            watch._count(place, 1)
            watch._window.append(place)
        watch._seen = values["seen"]
        watch._rests |= values["rests"]
        for name, mean in watch._means.items():
            for value in values["means"][name]:
                mean.moved(value)
        return watch

    def _place(self, one: Observation) -> bytes:
        """Return the bins of a text: a byte for each signal, and for each projection."""
        reference = self._reference
        score = int(reference.score.place(np.array(one.score)))
        length = int(reference.length.place(np.array(float(one.length))))
        return bytes((score, length, reference.language(one.language))) + one.sketch

    def _count(self, place: bytes, step: int) -> None:
        for at in range(_WORDS):
            self._counts[at][0, place[at]] += step
        words = self._counts[_WORDS]
        words[np.arange(len(words)), list(place[_WORDS:])] += step

    def _psi(self, at: int) -> float:
        recent = bins.smoothed(self._counts[at])
        return float(bins.psi(recent, self._shares[at]).mean())

    def _strayed(self, time: int) -> list[Alarm]:
        """Return the signals whose window is unlike the reference."""
        found: list[Alarm] = []
        window = self._reference.window
        for at, name in enumerate(SIGNALS):
            value, limit = self._psi(at), self._reference.histograms[name].limit
            if value <= limit:
                self._rests[name] = max(0, self._rests[name] - chance.EVERY)
                continue
            if not self._rests[name]:
                said = (
                    f"{_SAID[name]} of the last {window} texts differ from those that the model "
                    f"was made with: PSI {value:.3f}; chance stays below {limit:.3f}."
                )
                found.append(Alarm(time, name, "psi", value, limit, window, said))
            self._rests[name] = window
        return found

    def _moved(self, observation: Observation, time: int) -> list[Alarm]:
        """Return the signals whose mean has moved within the traffic."""
        found: list[Alarm] = []
        values = {"score": observation.score, "words": _distance(observation.sketch)}
        for name, value in values.items():
            mean = self._means[name]
            moved = mean.moved(value)
            if moved:
                said = (
                    f"{_SAID[name]} have moved: the mean of the last {mean.width} texts differs "
                    f"by {moved:+.2f} from that of the texts before."
                )
                found.append(Alarm(time, name, "adwin", moved, 0.0, mean.width, said))
        return found


class _Mean:
    """The mean of one signal, and whether it has moved."""

    def __init__(self) -> None:
        # Loads scikit-learn, which takes seconds: not while the service starts.
        from river.drift import ADWIN

        self._adwin = ADWIN(delta=DELTA)
        self.recent: deque[float] = deque(maxlen=REPLAYED)

    @property
    def width(self) -> int:
        """Newest texts whose mean is the same."""
        return int(self._adwin.width)

    def moved(self, value: float) -> float:
        """Take a value in; return by how much the mean has moved, 0 where it has not."""
        before = float(self._adwin.estimation)
        self.recent.append(round(value, 4))
        self._adwin.update(value)
        return float(self._adwin.estimation) - before if self._adwin.drift_detected else 0.0


def _distance(sketch: bytes) -> float:
    """Return how far out the projections of a text lie, 0-1; .5 on the reference."""
    places = np.frombuffer(sketch, np.uint8)
    return float(np.abs(2 * places - (bins.COUNT - 1)).mean() / bins.COUNT)


def _plain(values: Any) -> list[float]:
    plain: list[float] = np.asarray(values).round(5).tolist()
    return plain
