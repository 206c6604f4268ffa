"""Hashed n-grams."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from hatelens.models import ngrams
from hatelens.models.ngrams import NGrams

EXPECTED = [6196, 72938, 89998, 92533, 176310, 241670]  # of 'marsh'
MANY = 2**40  # so many buckets that nothing collides


def rows(counts):
    starts = counts.starts
    return [
        dict(zip(counts.buckets[a:b].tolist(), counts.counts[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(starts)
    ]


def test_character_ngrams_are_those_of_scikit_learn():
    texts = ["The marsh folk sing", "sing, sing!", "a"]
    expected: Any = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit_transform(texts)
    counts = NGrams(MANY, (2, 4), (2, 1)).count(texts)
    for row, found in zip(expected.toarray(), rows(counts), strict=True):
        assert Counter(row[row > 0].tolist()) == Counter(found.values())


def test_word_ngrams_are_those_of_scikit_learn():
    texts = ["the marsh folk sing the marsh song", "sing", ""]
    words = CountVectorizer(ngram_range=(1, 2), token_pattern=r"[\w']+")
    expected: Any = words.fit_transform(texts)
    counts = NGrams(MANY, (2, 1), (1, 2)).count(texts)
    for row, found in zip(expected.toarray(), rows(counts), strict=True):
        assert Counter(row[row > 0].tolist()) == Counter(found.values())


def test_case_and_spacing_do_not_matter():
    one, other = rows(NGrams(2**18, (2, 5), (1, 2)).count(["Marsh  FOLK\n", "marsh folk"]))
    assert one == other


def test_no_texts_give_no_rows():
    counts = NGrams(2**18, (2, 5), (1, 2)).count([])
    assert counts.starts.tolist() == [0]


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=30), max_size=8))
def test_a_batch_counts_like_its_texts_one_by_one(texts):
    counter = NGrams(2**18, (2, 3), (1, 2))
    alone = [rows(counter.count([text]))[0] for text in texts]
    assert rows(counter.count(texts)) == alone


def test_chunks_change_nothing(monkeypatch):
    texts = ["marsh folk", "", "sing the song", "x"] * 3
    counter = NGrams(2**18, (2, 3), (1, 2))
    whole = rows(counter.count(texts))
    monkeypatch.setattr(ngrams, "_CHUNK", 12)
    assert rows(counter.count(texts)) == whole


def test_hashes_are_the_same_on_every_machine():
    counts = NGrams(2**18, (3, 3), (1, 1)).count(["marsh"])
    assert counts.buckets.tolist() == sorted(counts.buckets.tolist())
    assert np.sum(counts.counts) == 6  # five in " marsh " and the word itself
    assert counts.buckets.tolist() == EXPECTED
