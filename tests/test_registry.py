"""Names stand for objects."""

from __future__ import annotations

import json

import pytest

from hatelens.errors import ModelError
from hatelens.registry import Registry

KINDS = Registry("kind", {"dumps": "json:dumps"}, ModelError)


def test_an_object_is_imported_by_its_name():
    assert KINDS.load("dumps") is json.dumps


def test_names_can_be_listed_counted_and_looked_up():
    assert list(KINDS) == ["dumps"]
    assert len(KINDS) == 1
    assert "dumps" in KINDS
    assert "loads" not in KINDS


def test_an_unknown_name_raises_the_error_of_the_registry():
    with pytest.raises(ModelError, match="No kind named 'dump'; did you mean 'dumps'"):
        KINDS.load("dump")
