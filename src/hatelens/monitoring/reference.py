"""What a model saw when it was made, without any text: histograms of what is measured of texts.

It stands in the manifest, and live traffic is compared with it. With the histograms stands how
far a window of unchanged traffic strays from them by chance, found by resampling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from hatelens.errors import DataError
from hatelens.labels import Floats
from hatelens.monitoring import bins as cut
from hatelens.monitoring import chance, sketch
from hatelens.monitoring.bins import Bins, Ints

SIGNALS = ("score", "length", "language", "words")
"""The probability of being hateful, characters, the language, and the sketch of the words."""
FEW = 50
"""Texts below which a reference says nothing."""
MOST = 4000
"""Texts that a reference is made from."""
WINDOW = 250
"""Texts of the window that is compared."""
_OTHER = "other"
_LANGUAGES = 8
_DIGITS = 5
Item = TypeVar("Item")


@dataclass(frozen=True)
class Histogram:
    """How one signal was distributed.

    Attributes:
        bins: what the shares are of, in order.
        shares: of the bins, summing to 1.
        limit: PSI of a window above which it is an alarm.
    """

    bins: tuple[str, ...]
    shares: tuple[float, ...]
    limit: float


@dataclass(frozen=True)
class Reference:
    """What live texts are compared with.

    Attributes:
        texts: that it was made from.
        window: texts of a window that the limits are for.
        histograms: per signal; that of ``words`` is the mean over the projections.
        score: bins of the score.
        length: bins of the length in characters.
        projections: bins of each projection of the sketch.
        projected: shares of the bins of each projection, all of ten bins.
        languages: that have a bin of their own; the rest shares one.
    """

    texts: int
    window: int
    histograms: Mapping[str, Histogram]
    score: Bins
    length: Bins
    projections: tuple[Bins, ...]
    projected: tuple[tuple[float, ...], ...]
    languages: tuple[str, ...]

    def sketch(self, text: str) -> bytes:
        """Return the bin of each projection of a text, a byte each."""
        found = sketch.projected(text)
        places = (bins.place(value) for bins, value in zip(self.projections, found, strict=True))
        return bytes(int(place) for place in places)

    def language(self, code: str) -> int:
        """Return the bin of a language; the last one for all others."""
        return self.languages.index(code) if code in self.languages else len(self.languages)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, of a few kilobytes."""
        return {
            "texts": self.texts,
            "window": self.window,
            "histograms": {
                name: {"shares": _rounded(one.shares), "limit": round(one.limit, _DIGITS)}
                for name, one in self.histograms.items()
            },
            "score": list(self.score.edges),
            "length": list(self.length.edges),
            "projections": [list(bins.edges) for bins in self.projections],
            "projected": [_rounded(shares) for shares in self.projected],
            "languages": list(self.languages),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reference:
        """Read what ``to_dict`` has returned.

        Raises:
            KeyError: a field is missing.
        """
        score, length = Bins(tuple(values["score"])), Bins(tuple(values["length"]))
        languages = tuple(values["languages"])
        named = _names(score, length, languages)
        return cls(
            texts=values["texts"],
            window=values["window"],
            histograms={
                name: Histogram(named[name], tuple(one["shares"]), one["limit"])
                for name, one in values["histograms"].items()
            },
            score=score,
            length=length,
            projections=tuple(Bins(tuple(edges)) for edges in values["projections"]),
            projected=tuple(tuple(shares) for shares in values["projected"]),
            languages=languages,
        )


def made(
    texts: Sequence[str], scores: Sequence[float], languages: Sequence[str], *, seed: int = 0
) -> Reference:
    """Make the reference of a model from texts that it was not fitted to.

    Args:
        texts: as their authors wrote them, such as the validation texts; at most 4,000 of them,
            drawn by the seed, are used.
        scores: probability of being hateful of each, 0-1.
        languages: code of each, empty where it is not sure.
        seed: of the draws.

    Raises:
        DataError: there are fewer than 50 texts.
    """
    if len(texts) < FEW:
        raise DataError(
            f"A reference is made from {FEW} texts or more, and there are {len(texts)}; give more."
        )
    rows = drawn(range(len(texts)), seed)
    texts, languages = [texts[row] for row in rows], [languages[row] for row in rows]
    values = np.asarray(scores, float)[list(rows)]
    lengths = np.array([len(text) for text in texts], float)
    sketches = np.array([sketch.projected(text) for text in texts])
    score, length = Bins.of(values), Bins.of(lengths)
    projections = tuple(Bins.of(sketches[:, at]) for at in range(sketch.SIZE))
    known = tuple(name for name in cut.names(languages, _LANGUAGES) if name)
    empty = Reference(len(rows), WINDOW, {}, score, length, projections, (), known)
    places = {
        "score": score.place(values)[:, None],
        "length": length.place(lengths)[:, None],
        "language": np.array([[empty.language(code)] for code in languages]),
        "words": np.stack(
            [bins.place(sketches[:, at]) for at, bins in enumerate(projections)], axis=1
        ),
    }
    return _calibrated(empty, places, seed)


def drawn(items: Sequence[Item], seed: int) -> Sequence[Item]:
    """Return at most 4,000 of some items, drawn by a seed, in their order."""
    if len(items) <= MOST:
        return items
    rows = np.random.default_rng(seed).choice(len(items), MOST, replace=False)
    return [items[row] for row in sorted(rows.tolist())]


def _calibrated(empty: Reference, places: Mapping[str, Ints], seed: int) -> Reference:
    """Add the shares, and the limits that chance alone hardly ever reaches."""
    sizes = {
        "score": empty.score.count,
        "length": empty.length.count,
        "language": len(empty.languages) + 1,
        "words": cut.COUNT,
    }
    named = _names(empty.score, empty.length, empty.languages)
    histograms: dict[str, Histogram] = {}
    projected: tuple[tuple[float, ...], ...] = ()
    for name in SIGNALS:
        found = chance.histograms(places[name], sizes[name])
        limit = chance.limit(places[name], sizes[name], empty.window, seed, len(SIGNALS))
        if name == "words":
            projected = tuple(tuple(row) for row in _rows(found))
        mean = _rows(found.mean(axis=0, keepdims=True))[0]
        histograms[name] = Histogram(named[name], tuple(mean), limit)
    return Reference(
        empty.texts,
        empty.window,
        histograms,
        empty.score,
        empty.length,
        empty.projections,
        projected,
        empty.languages,
    )


def _names(score: Bins, length: Bins, languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    tenths = tuple(f"tenth {place + 1}" for place in range(cut.COUNT))
    return {
        "score": tuple(score.names),
        "length": tuple(length.names),
        "language": (*languages, _OTHER),
        "words": tenths,
    }


def _rows(found: Floats) -> list[list[float]]:
    rows: list[list[float]] = found.tolist()
    return rows


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DIGITS) for value in values]
