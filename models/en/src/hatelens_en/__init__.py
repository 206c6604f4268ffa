"""The default English detector of hatelens, as model folders that a package carries."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def folder() -> Path:
    """Return the model folder of the encoder, which ``default`` stands for."""
    return _HERE / "model"


def cascade() -> Path:
    """Return the model folder of the cascade: a linear first stage before the same encoder."""
    return _HERE / "cascade"
