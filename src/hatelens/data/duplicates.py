"""Texts that say the same: normalised keys, and near-duplicates by MinHash and exact check."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from hatelens.errors import require

VERSION = "2"
"""Changes when a key or a sketch changes, so that cached sketches are made anew."""

SHINGLE = 4
PERMUTATIONS = 128
SURE = 0.9999
"""How probably a pair of texts that are just near enough is found; all others more probably."""

CHUNK = 8192
REMEMBERED = 50_000
MASKED = re.compile(r"https?://\S+|www\.\S+|@\w+|[<\[](?:user|url|number|linebreak)[>\]]")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint32]
Indices = NDArray[np.int64]


class _Folding(dict[int, str]):
    """Drops punctuation, space, accents and format characters; letters, digits and emoji stay."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        category = unicodedata.category(letter)
        kept = (category[0] in "LNS" or category == "Mc") and letter not in "`^~$+<=>|"
        self[code] = letter if kept else ""
        return self[code]


FOLDING = _Folding()


def key(text: str) -> str:
    """Fold what does not change what a text says.

    That is case, punctuation, spaces, entities, users and links; emoji are kept. Two texts with one
    key are duplicates. A text of which nothing is left keeps its characters.
    """
    plain = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return MASKED.sub("", plain).translate(FOLDING) or "".join(plain.split())


def shingles(text_key: str) -> Hashes:
    """Hash every run of four characters of a key.

    Returns:
        Sorted, each once; never empty, as a shorter key is padded with spaces.
    """
    padded = text_key.ljust(SHINGLE)
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    count = len(codes) - SHINGLE + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE):
        mixed = mixed * MULTIPLIER + codes[place : place + count]
    mixed = (mixed ^ (mixed >> np.uint64(29))) * MULTIPLIER
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


@cache
def _permutations() -> NDArray[np.uint32]:
    minhash = require("datasketch", "evaluate").MinHash
    return minhash(num_perm=PERMUTATIONS, seed=1, scheme="affine32").permutations


def _same(hash_value: int) -> int:
    return hash_value


def signature(hashes: Hashes) -> Hashes:
    """Return the MinHash signature of a set of shingles, shape (128,).

    The share of equal places of two signatures estimates the Jaccard similarity of the sets
    (Broder, 1997).
    """
    minhash = require("datasketch", "evaluate").MinHash
    sketch = minhash(
        num_perm=PERMUTATIONS, hashfunc=_same, permutations=_permutations(), scheme="affine32"
    )
    for begin in range(0, len(hashes), CHUNK):
        sketch.update_batch(hashes[begin : begin + CHUNK].tolist())
    return sketch.hashvalues


@lru_cache(maxsize=REMEMBERED)
def _part(text_key: str) -> tuple[Hashes, Hashes]:
    """Return shingles and signature of a key; remembered, as a training run asks several times."""
    hashes = shingles(text_key)
    return hashes, signature(hashes)


@dataclass(frozen=True)
class Sketches:
    """What is needed to tell whether texts are near-duplicates.

    Attributes:
        signatures: MinHash signatures, shape (texts, 128).
        flat: the shingles of all texts, one text after the other.
        offsets: where the shingles of each text begin in ``flat``, shape (texts + 1,).
    """

    signatures: Hashes
    flat: Hashes
    offsets: Indices

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Hashes:
        return self.flat[self.offsets[index] : self.offsets[index + 1]]


def sketch(keys: Iterable[str]) -> Sketches:
    """Sketch texts by their keys (see ``key``)."""
    parts = [_part(text_key) for text_key in keys]
    sets = [part[0] for part in parts]
    signatures = np.array([part[1] for part in parts], dtype=np.uint32)
    signatures = signatures.reshape(len(parts), PERMUTATIONS)
    flat = np.concatenate(sets) if sets else np.empty(0, dtype=np.uint32)
    offsets = np.cumsum([0, *(len(hashes) for hashes in sets)], dtype=np.int64)
    return Sketches(signatures, flat, offsets)


def join(parts: Sequence[Sketches]) -> Sketches:
    """Put sketches one after the other."""
    if not parts:
        return sketch(())
    lengths = [np.diff(part.offsets) for part in parts]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return Sketches(
        np.concatenate([part.signatures for part in parts]),
        np.concatenate([part.flat for part in parts]),
        offsets,
    )


def jaccard(left: Hashes, right: Hashes) -> float:
    """Return the Jaccard similarity of two sets of shingles, 0-1."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def near(texts: Sketches, others: Sketches, threshold: float) -> Indices:
    """Find for each text the first of the others that it is a near-duplicate of.

    Args:
        texts: what is asked about.
        others: what they are compared with.
        threshold: Jaccard similarity of the shingles from which two texts are near-duplicates.

    Returns:
        Indices into ``others``, shape (texts,); -1 where there is none.
    """
    found = np.full(len(texts), -1, dtype=np.int64)
    for left, right in _candidates(texts, others, threshold):
        if found[left] < 0 and jaccard(texts[left], others[right]) >= threshold:
            found[left] = right
    return found


def pairs(texts: Sketches, threshold: float) -> Iterator[tuple[int, int]]:
    """Yield the near-duplicates among texts, each pair once."""
    for left, right in _candidates(texts, texts, threshold):
        if left < right and jaccard(texts[left], texts[right]) >= threshold:
            yield left, right


def clusters(texts: Sequence[str], threshold: float) -> list[int]:
    """Group texts that are duplicates or near-duplicates, directly or through others.

    Returns:
        For each text the index of the first text of its group.
    """
    first: dict[str, int] = {}
    origin = [first.setdefault(key(text), index) for index, text in enumerate(texts)]
    keys = list(first)
    forest = Forest(len(texts))
    for index, other in enumerate(origin):
        forest.unite(index, other)
    places = list(first.values())
    for left, right in pairs(sketch(keys), threshold):
        forest.unite(places[left], places[right])
    return forest.roots()


class Forest:
    """Disjoint sets of the numbers 0 to size - 1, each led by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def find(self, item: int) -> int:
        """Return the leader of an item's set."""
        while self._parents[item] != item:
            self._parents[item] = self._parents[self._parents[item]]
            item = self._parents[item]
        return item

    def unite(self, left: int, right: int) -> None:
        """Make one set of the sets of two items."""
        small, large = sorted((self.find(left), self.find(right)))
        self._parents[large] = small

    def roots(self) -> list[int]:
        """Return the leader of every item."""
        return [self.find(item) for item in range(len(self._parents))]


def digest(parts: Iterable[str]) -> str:
    """Return the sha256 of texts, told apart; lone surrogates are allowed."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def _rows(threshold: float) -> int:
    """Return how many places of a signature form a band, so that few near pairs are missed."""
    for rows in range(16, 1, -1):
        missed = (1 - threshold**rows) ** (PERMUTATIONS // rows)
        if missed <= 1 - SURE:
            return rows
    return 1


def _candidates(texts: Sketches, others: Sketches, threshold: float) -> Iterator[tuple[int, int]]:
    """Yield pairs that share a band and whose signatures agree well enough to be looked at."""
    rows = _rows(threshold)
    width = len(others)
    codes = np.empty(0, dtype=np.int64)
    for begin in range(0, PERMUTATIONS - rows + 1, rows):
        band = slice(begin, begin + rows)
        found = _collisions(texts.signatures[:, band], others.signatures[:, band])
        if texts is others:
            found = found[found[:, 0] < found[:, 1]]
        agreeing = _agreeing(texts, others, found, threshold)
        codes = np.union1d(codes, agreeing[:, 0] * width + agreeing[:, 1])
    for code in codes.tolist():
        yield code // width, code % width


def _collisions(left: Hashes, right: Hashes) -> Indices:
    """Return the pairs (row of left, row of right) whose bands are equal, shape (pairs, 2)."""
    keys, others = _band_keys(left), _band_keys(right)
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    begin = np.searchsorted(ordered, keys, side="left")
    count = np.searchsorted(ordered, keys, side="right") - begin
    first = np.repeat(np.arange(len(keys)), count)
    within = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([first, order[np.repeat(begin, count) + within]], axis=1).astype(np.int64)


def _band_keys(band: Hashes) -> NDArray[np.uint64]:
    mixed = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        mixed = (mixed ^ column) * MULTIPLIER
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _agreeing(texts: Sketches, others: Sketches, found: Indices, threshold: float) -> Indices:
    """Keep the pairs whose estimated similarity is at most five deviations below the threshold."""
    margin = 5 * float(np.sqrt(threshold * (1 - threshold) / PERMUTATIONS))
    kept = np.zeros(len(found), dtype=np.bool_)
    for begin in range(0, len(found), CHUNK):
        part = found[begin : begin + CHUNK]
        equal = texts.signatures[part[:, 0]] == others.signatures[part[:, 1]]
        kept[begin : begin + CHUNK] = equal.mean(axis=1) >= threshold - margin
    return found[kept]
