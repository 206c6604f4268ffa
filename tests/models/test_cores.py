from __future__ import annotations

import os

import pytest

from hatelens.models import cores


def test_a_model_may_use_the_cores_that_the_process_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cores.VARIABLE, raising=False)
    assert cores.threads() == cores.available() == len(os.sched_getaffinity(0))


def test_the_variable_bounds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cores.VARIABLE, "3")
    assert cores.threads() == 3
    monkeypatch.setenv(cores.VARIABLE, "0")
    assert cores.threads() == cores.available()
