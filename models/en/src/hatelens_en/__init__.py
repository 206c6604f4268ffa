"""The default English detector of hatelens, as a model folder that a package carries."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Return the model folder, which ``default`` stands for."""
    return Path(__file__).parent / "model"
