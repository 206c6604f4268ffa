from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory without settings from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HATELENS_CONF", raising=False)
    return tmp_path
