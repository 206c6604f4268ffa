from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

REAL = Path(os.environ.get("HATELENS_DATA") or Path(__file__).parents[2] / "../shared/data")
"""The folder with real data, as it is before a test hides it."""


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data but what a test puts into ``tmp_path / "data"``, and a cache of its own."""
    monkeypatch.setenv("HATELENS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HATELENS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def real(bare_machine: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with real data, in use."""
    if not REAL.is_dir():
        pytest.skip("there is no folder with real data")
    monkeypatch.setenv("HATELENS_DATA", str(REAL))
    return REAL


def write_csv(path: Path, records: Iterable[Mapping[str, object]]) -> Path:
    """Write records as CSV."""
    rows = list(records)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, records: Iterable[Mapping[str, object]]) -> Path:
    """Write records as JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


WORDS = ["river", "stone", "lantern", "meadow", "copper", "violin", "harbour", "thunder"]
WORDS += ["saddle", "orchard", "marble", "falcon", "ribbon", "glacier", "pepper", "tunnel"]
WORDS += ["candle", "forest", "anchor", "velvet", "compass", "barrel", "feather", "canyon"]


def sentence(number: int) -> str:
    """Make a sentence of ten words that is no near-duplicate of that of another number."""
    drawn = hashlib.sha256(str(number).encode()).digest()
    return " ".join([*(WORDS[byte % len(WORDS)] for byte in drawn[:10]), f"n{number}"])
