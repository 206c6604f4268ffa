"""Hashed character and word n-grams of texts, computed on whole batches with numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Positions = NDArray[np.int64]

# An odd base has an inverse modulo 2**64, so the hash of any slice comes from two prefix sums.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_CHUNK = 1 << 20  # characters hashed at once; bounds memory to about 100 MB
_SPACE = 32


@dataclass(frozen=True)
class Counts:
    """Sparse n-gram counts in compressed rows.

    Attributes:
        buckets: hashed feature of every entry, shape (entries,), sorted within a row.
        counts: how often it occurs in its text, shape (entries,).
        starts: first entry of every text and the end, shape (texts + 1,).
    """

    buckets: NDArray[np.int64]
    counts: NDArray[np.float32]
    starts: Positions


@dataclass(frozen=True)
class NGrams:
    """Which n-grams are counted and into how many buckets they are hashed.

    Character n-grams stay within words padded by a space (scikit-learn's ``char_wb``); word n-grams
    are runs of words without their punctuation. Texts are lower-cased.

    Attributes:
        buckets: number of features.
        chars: shortest and longest character n-gram.
        words: shortest and longest word n-gram.
    """

    buckets: int
    chars: tuple[int, int]
    words: tuple[int, int]

    def count(self, texts: Sequence[str]) -> Counts:
        """Count the n-grams of each text."""
        parts = [self._count(chunk) for chunk in _chunks(texts)]
        sizes = [np.diff(part.starts) for part in parts]
        starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]) if parts else np.zeros(1)
        return Counts(
            np.concatenate([part.buckets for part in parts] or [np.zeros(0, np.int64)]),
            np.concatenate([part.counts for part in parts] or [np.zeros(0, np.float32)]),
            starts.astype(np.int64),
        )

    def _count(self, texts: Sequence[str]) -> Counts:
        batch = _Batch.of(texts)
        found = [batch.char_ngrams(n) for n in range(self.chars[0], self.chars[1] + 1)]
        found += [batch.word_ngrams(n) for n in range(self.words[0], self.words[1] + 1)]
        rows = np.concatenate([ngrams.rows for ngrams in found])
        buckets = np.concatenate([ngrams.hashes for ngrams in found]) % np.uint64(self.buckets)
        keys = rows * self.buckets + buckets.astype(np.int64)
        if len(texts) * self.buckets < 1 << 31:  # half the width sorts in half the time
            keys = keys.astype(np.int32)
        keys, counts = np.unique(keys, return_counts=True)
        keys = keys.astype(np.int64)
        starts = np.searchsorted(keys, np.arange(len(texts) + 1) * self.buckets)
        return Counts(keys % self.buckets, counts.astype(np.float32), starts.astype(np.int64))


@dataclass(frozen=True)
class _Hashed:
    rows: Positions
    hashes: Words


@dataclass(frozen=True)
class _Batch:
    """Code points of several texts in one row, each text padded by spaces, with prefix sums."""

    points: NDArray[np.uint32]
    rows: Positions
    sums: Words
    inverses: Words

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Batch:
        padded = [f" {' '.join(text.lower().split())} " for text in texts]
        lengths = np.array([len(text) for text in padded])
        raw = "".join(padded).encode("utf-32-le", "surrogatepass")
        points = np.frombuffer(raw, dtype="<u4")
        powers = _powers(_BASE, len(points))
        terms = (points.astype(np.uint64) + np.uint64(1)) * powers
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
        rows = np.repeat(np.arange(len(texts)), lengths)
        return cls(points, rows, sums, _powers(_INVERSE, len(points) + 1))

    def char_ngrams(self, n: int) -> _Hashed:
        starts = np.arange(max(0, len(self.points) - n + 1))
        ends = starts + n
        spaces = np.concatenate([[0], np.cumsum(self.points == _SPACE)])
        inside = spaces[np.maximum(ends - 1, starts + 1)] - spaces[starts + 1] == 0
        lone = spaces[ends] - spaces[starts] == n  # nothing but padding
        chosen = starts[inside & ~lone & (self.rows[starts] == self.rows[ends - 1])]
        return _Hashed(self.rows[chosen], self._hash(chosen, chosen + n, salt=n))

    def word_ngrams(self, n: int) -> _Hashed:
        edges = np.diff(_WORD[np.minimum(self.points, 128)].astype(np.int8), prepend=0)
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        words = self._hash(begins, ends, salt=0)
        last = max(0, len(words) - n + 1)
        hashes = np.zeros(last, np.uint64)
        for k in range(n):
            hashes = _mix(hashes * np.uint64(_BASE) + words[k : k + last] + np.uint64(64 + n))
        rows = self.rows[begins]
        whole = rows[:last] == rows[n - 1 : n - 1 + last]
        return _Hashed(rows[:last][whole], hashes[whole])

    def _hash(self, begins: Positions, ends: Positions, salt: int) -> Words:
        slices = (self.sums[ends] - self.sums[begins]) * self.inverses[begins]
        return _mix(slices + np.uint64(salt))


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of texts so that each part holds about ``_CHUNK`` characters."""
    begin, size = 0, 0
    for end, text in enumerate(texts):
        if size and size + len(text) > _CHUNK:
            yield texts[begin:end]
            begin, size = end, 0
        size += len(text) + 2
    if begin < len(texts):
        yield texts[begin:]


def _powers(base: int, length: int) -> Words:
    factors = np.full(max(length, 1), base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)[:length]


def _mix(hashes: Words) -> Words:
    """Spread the bits (the finaliser of splitmix64, Steele et al. 2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


# Letters, digits, the apostrophe and everything outside ASCII (emoji too) make words.
_WORD = np.array([chr(point).isalnum() or chr(point) == "'" for point in range(128)] + [True])
