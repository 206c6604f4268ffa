"""Measures how near the sentence templates are to HateCheck and madlibs, which are tests only.

    python -m benchmarks.template_similarity --out benchmarks/results

Every text of ``templates_en`` and ``functions_en`` is held against every case of HateCheck. Every
frame, its group masked, is held against HateCheck and madlibs with their groups masked.
Two measures: Jaccard similarity of the runs of four characters (as near-duplicates are measured)
and of the sets of words. The table holds figures and the ids of frames, never a text of a test. A
frame above 0.6 must be worded anew. Needs the data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from hatelens.data import catalog, grammar, templates
from hatelens.data.duplicates import key
from hatelens.data.example import Example
from hatelens.data.grammar import GROUP_FORMS, Group

OURS = ("templates_en", "functions_en")
TESTS = ("hatecheck", "madlibs")
LIMIT = 0.6
CHUNK = 512
FILLINGS = 8
MASK = "qqqqq"
"""Stands for a group's name; no word holds it."""

NAMED = re.compile(r"[^\W_]+")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Written:
    """A text of ours: its frame and function, and whether its group is masked."""

    text: str
    frame: str
    function: str


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    table = "\n".join(["# Templates against tests", "", *lines()])
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "template_similarity.md").write_text(table + "\n", encoding="utf-8")
    print(table)


def lines() -> list[str]:
    """Return the whole table; see the module for what is compared."""
    found = [
        "Highest similarity of each text to any case of the test; `masked`: group names replaced",
        "by one word on both sides. Written by benchmarks/template_similarity.py.",
        "",
    ]
    for test in TESTS:
        cases = catalog.load(test).examples
        for name in OURS:
            if test == "hatecheck":
                found += section(f"{name} and {test}, texts", texts(name), [c.text for c in cases])
            masked = list(dict.fromkeys(mask(case) for case in cases))
            found += section(f"{name} and {test}, masked", fillings(name), masked)
    return found


def texts(name: str) -> list[Written]:
    """Return all texts of a card."""
    return [
        Written(one.text, one.meta["frame"], one.meta["functionality"])
        for one in catalog.load(name).examples
    ]


def fillings(name: str) -> list[Written]:
    """Fill each frame of a card several times, every group being the same masked one."""
    card = catalog.card(name)
    held = templates.load([file.path for file in catalog.locate(card)])
    group = Group("", "", dict.fromkeys(GROUP_FORMS, MASK))
    rng = random.Random(0)  # noqa: S311  # no secret is made
    return [
        Written(grammar.write(frame, held.words, rng, (group, group))[0], frame.id, function.name)
        for function in held.functions
        if not function.tricks
        for frame in function.frames
        for _ in range(FILLINGS)
    ]


def mask(case: Example) -> str:
    """Return a case with the names of its groups masked."""
    found = case.meta.get("identity", "")
    named = re.compile(rf"\b{re.escape(found)}\b", re.IGNORECASE) if found else GROUPS
    return GROUPS.sub(MASK, named.sub(MASK, case.text))


def _names() -> re.Pattern[str]:
    """Match every name of a group in our grammars and the plain names of madlibs and HateCheck."""
    words = {"women", "woman", "trans person", "gay person", "immigrant", "muslim", "black person"}
    for name in OURS:
        held = templates.load([file.path for file in catalog.locate(catalog.card(name))])
        words |= {word.lower() for group in held.groups for word in group.forms.values()}
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, ordered))})s?\b", re.IGNORECASE)


GROUPS = _names()


def section(title: str, ours: Sequence[Written], theirs: Sequence[str]) -> list[str]:
    """Return the part of the table about one comparison."""
    grams = nearest([key(one.text) for one in ours], [key(one) for one in theirs], _grams)
    words = nearest([one.text for one in ours], list(theirs), _words)
    found = [f"## {title}", "", "| similarity | texts by 4-grams | texts by words |", "|--|--|--|"]
    edges = np.arange(0, 1.01, 0.1)
    for low, count, other in zip(
        edges[:-1], np.histogram(grams, edges)[0], np.histogram(words, edges)[0], strict=True
    ):
        found.append(f"| {low:.1f} to {low + 0.1:.1f} | {count} | {other} |")
    found += [f"| highest | {grams.max():.3f} | {words.max():.3f} |", ""]
    return [*found, *_functions(ours, grams, words), *_frames(ours, grams, words)]


def _functions(ours: Sequence[Written], grams: Values, words: Values) -> list[str]:
    best: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for one, gram, word in zip(ours, grams, words, strict=True):
        best[one.function].append((gram, word))
    rows = [
        f"| {name} | {max(gram for gram, _ in found):.2f} | {max(word for _, word in found):.2f} |"
        for name, found in best.items()
    ]
    return ["| function | highest by 4-grams | by words |", "|--|--|--|", *rows, ""]


def _frames(ours: Sequence[Written], grams: Values, words: Values) -> list[str]:
    high: defaultdict[str, float] = defaultdict(float)
    for one, gram, word in zip(ours, grams, words, strict=True):
        if max(gram, word) > LIMIT:
            high[one.frame] = max(high[one.frame], gram, word)
    named = ", ".join(f"{frame} {value:.2f}" for frame, value in sorted(high.items()))
    return [f"Frames above {LIMIT}: {named or 'none'}.", ""]


def _grams(text: str) -> set[str]:
    return {text[at : at + 4] for at in range(max(1, len(text) - 3))}


def _words(text: str) -> set[str]:
    return set(NAMED.findall(text.lower()))


def nearest(
    ours: Sequence[str], theirs: Sequence[str], features: Callable[[str], set[str]]
) -> Values:
    """Return the highest Jaccard similarity of each of our texts to any of theirs."""
    counter = CountVectorizer(analyzer=features, binary=True, dtype=np.float32)
    right = csr_array(counter.fit_transform(theirs))
    sizes = np.asarray(right.sum(axis=1)).ravel()
    best = np.zeros(len(ours))
    for begin in range(0, len(ours), CHUNK):
        part = list(ours[begin : begin + CHUNK])
        shared = (csr_array(counter.transform(part)) @ right.T).toarray()
        own = np.array([len(features(text)) for text in part])[:, None]
        best[begin : begin + CHUNK] = (shared / (own + sizes[None, :] - shared)).max(axis=1)
    return best


if __name__ == "__main__":
    main()
