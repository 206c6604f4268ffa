"""Sentence embeddings and their cache."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from hatelens.models import embedding
from hatelens.models.base import resolve
from hatelens.models.embedding import Embedder, EmbeddingCache

TEXTS = ["marsh folk sing", "worthless", "", "a b c d", "worthless"]


@pytest.fixture
def embedder(base_folder):
    return Embedder(resolve(str(base_folder)), 12, batch_size=2)


def test_embeddings_are_unit_vectors_and_do_not_depend_on_the_batch(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (5, embedder.width)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(vectors, alone, atol=1e-6)
    assert embedder.embed([]).shape == (0, embedder.width)


def test_the_cache_gives_the_same_and_makes_nothing_twice(embedder, tmp_path, monkeypatch):
    expected = embedder.embed(TEXTS)
    cache = EmbeddingCache(tmp_path / "deep" / "cache.sqlite", embedder)
    np.testing.assert_allclose(cache.embed(TEXTS), expected, atol=1e-6)
    made = []
    monkeypatch.setattr(embedder, "embed", lambda texts: made.extend(texts) or expected[:1])
    np.testing.assert_allclose(cache.embed(TEXTS[::-1]), expected[::-1], atol=1e-6)
    assert made == []
    cache.embed([*TEXTS, "new"])
    assert made == ["new"]


def test_a_killed_run_keeps_what_was_made(embedder, tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "_COMMIT", 2)
    cache = EmbeddingCache(tmp_path / "cache.sqlite", embedder)
    whole, calls = embedder.embed, []

    def dying(texts):
        calls.append(list(texts))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(texts)

    monkeypatch.setattr(embedder, "embed", dying)
    with pytest.raises(KeyboardInterrupt):
        cache.embed(TEXTS)
    cache.embed(TEXTS)
    assert len(calls[2]) == 2  # four different texts, two of them kept


def test_an_empty_list_has_the_right_shape(embedder, tmp_path):
    cache = EmbeddingCache(tmp_path / "cache.sqlite", embedder)
    assert cache.embed([]).shape == (0, embedder.width)


def test_a_lone_surrogate_can_be_embedded(embedder, tmp_path):
    cache = EmbeddingCache(tmp_path / "cache.sqlite", embedder)
    assert cache.embed(["\ufffd marsh"]).shape == (1, embedder.width)


def test_pooling_follows_the_folder(base_folder, tmp_path):
    first = tmp_path / "cls"
    shutil.copytree(base_folder, first)
    (first / "1_Pooling").mkdir()
    (first / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    mean, cls = (Embedder(resolve(str(path)), 12) for path in (base_folder, first))
    assert not np.allclose(mean.embed(["marsh folk"]), cls.embed(["marsh folk"]))
