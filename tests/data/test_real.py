"""The cards against the real data, where it is there; only figures are asserted, never texts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hatelens.config.schema import DataSettings
from hatelens.data import catalog, corpus
from hatelens.data.duplicates import key

AT_HAND = [name for name in catalog.names() if catalog.card(name).rows and name != "sample"]
SMALL = {"stormfront", "sbic", "hatecheck", "hatemoji_build", "edos", "toxic_spans"}


@pytest.mark.parametrize(
    "name",
    [name if name in SMALL else pytest.param(name, marks=pytest.mark.slow) for name in AT_HAND],
)
def test_a_set_has_as_many_rows_as_its_card_says(real: Path, name: str) -> None:
    card = catalog.card(name)
    if not catalog.locate(card):
        pytest.skip(f"{name} is not at hand")

    data = catalog.load(name)

    assert len(data) == card.rows
    assert len({one.id for one in data.examples}) == len(data)
    assert {one.label for one in data.examples} == set(card.labels.names)
    for one in data.examples:
        assert all(0 <= begin < end <= len(one.text) for begin, end in one.spans or ())
        assert not one.votes or abs(sum(one.votes) - 1) < 1e-9


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("stormfront", {"train": 1914, "test": 478, None: 8311}),
        ("edos", {"train": 14000, "validation": 2000, "test": 4000}),
        ("toxic_spans", {"train": 7939, "validation": 690, "test": 2000}),
        ("hatemoji_build", {"train": 4728, "validation": 591, "test": 593}),
        ("hatecheck", {"test": 3728}),
        ("sbic", {None: 4666}),
    ],
)
def test_official_splits_have_their_published_sizes(
    real: Path, name: str, counts: dict[str | None, int]
) -> None:
    assert Counter(one.split for one in catalog.load(name).examples) == counts


def test_the_sample_of_measuring_hate_speech_has_the_schema_of_the_whole(real: Path) -> None:
    data = catalog.load("measuring_hate_speech_sample")

    assert Counter(one.label for one in data.examples) == {
        "Hate": 21,
        "Neutral": 39,
        "Supportive": 39,
    }
    for one in data.examples:
        score = float(one.meta["score"])
        expected = "Hate" if score > 0.5 else "Supportive" if score < -1 else "Neutral"
        assert one.label == expected


def test_every_template_sentence_has_its_identity(real: Path) -> None:
    for name in ("madlibs", "madlibs_intersectional"):
        assert all(one.meta.get("identity") for one in catalog.load(name).examples)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_near_duplicate_of_a_test_is_trained_on(real: Path) -> None:
    """Checked by another way: exact similarities by products of sparse 4-gram matrices.

    All texts are held against the test of toxic_spans, every 25th against all other tests.
    """
    names = ("toxic_spans_raw", "hatexplain", "stormfront")
    made = corpus.assemble(
        DataSettings(train=names, labels=("not hateful", "hateful"), hateful=("hateful",)), seed=0
    )
    ours = [one.text for one in (*made.train, *made.validation)]

    assert made.dropped["near-duplicate of a test of toxic_spans"] >= 2000
    for name in catalog.names():
        card = catalog.card(name)
        if not catalog.locate(card):
            continue
        tests = [one.text for one in catalog.parts(catalog.load(name))["test"]]
        assert not _plain(tests) & _plain(ours)
        if tests and not name.startswith("madlibs"):
            looked_at = ours if name == "toxic_spans" else ours[::25]
            assert _largest_similarity(looked_at, tests) < 0.85


def _plain(texts: list[str]) -> set[str]:
    return {" ".join(text.lower().split()) for text in texts}


def _largest_similarity(left: list[str], right: list[str]) -> float:
    """Return the largest Jaccard similarity of 4-grams over all pairs, without any hashing."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    count = CountVectorizer(analyzer="char", ngram_range=(4, 4), lowercase=False, binary=True)
    there = csr_array(count.fit_transform([key(text).ljust(4) for text in right]))
    keys = [key(text).ljust(4) for text in left]
    here = csr_array(count.transform(keys))
    sizes = np.array([len({one[n : n + 4] for n in range(len(one) - 3)}) for one in keys])
    others = there.sum(axis=1)
    largest = 0.0
    # A text cannot be nearer to any other than the share of its 4-grams that the others know.
    for row in np.flatnonzero(here.sum(axis=1) / sizes >= 0.85):
        wanted = np.zeros(len(count.vocabulary_))
        wanted[here.indices[here.indptr[row] : here.indptr[row + 1]]] = 1
        shared = there @ wanted
        largest = max(largest, float((shared / (sizes[row] + others - shared)).max()))
    return largest
