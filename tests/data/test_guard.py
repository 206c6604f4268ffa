from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hatelens.config import paths
from hatelens.data import catalog
from hatelens.data.example import Example
from hatelens.data.guard import guard
from tests.data.conftest import sentence
from tests.data.test_catalog import davidson


def test_the_guard_knows_the_tests_of_all_sets_at_hand(tmp_path: Path) -> None:
    davidson(tmp_path)
    held = guard()

    test = catalog.load("davidson2017", "test").examples
    inside = catalog.load("davidson2017", "train").examples

    assert set(held.names) == {"davidson2017", "functions_en", "injections_en", "sample"}
    assert held.trespassers(test, 0.85) == dict.fromkeys(range(len(test)), "davidson2017")
    assert held.trespassers(inside, 0.85) == {}


def test_sketches_are_kept_and_made_anew_when_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    davidson(tmp_path)
    first = guard()
    files = set((paths.cache() / "tests").iterdir())
    with monkeypatch.context() as patched:
        patched.setattr("hatelens.data.duplicates.signature", None)  # nothing may be sketched anew
        again = guard()
    davidson(tmp_path, rows=90)
    changed = guard()

    assert np.array_equal(first.tests.signatures, again.tests.signatures)
    assert len(changed.names) == len(first.names) + 6
    assert len(set((paths.cache() / "tests").iterdir()) - files) == 1
    assert not list((paths.cache() / "tests").glob("*partial*"))


def test_a_machine_without_data_guards_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_DATA", "")

    held = guard()

    assert set(held.names) == {"functions_en", "injections_en", "sample"}
    assert held.trespassers([Example("a", sentence(1))], 0.85) == {}
