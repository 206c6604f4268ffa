"""Where the cache lies."""

from __future__ import annotations

from pathlib import Path

from hatelens.config import paths


def test_the_cache_is_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("HATELENS_CACHE", "/somewhere")
    assert paths.cache() == Path("/somewhere")


def test_without_a_word_it_is_in_the_cache_folder_of_the_user(monkeypatch):
    monkeypatch.delenv("HATELENS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/someone/.cache2")
    assert paths.cache() == Path("/home/someone/.cache2/hatelens")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert paths.cache() == Path("/home/someone/.cache/hatelens")
