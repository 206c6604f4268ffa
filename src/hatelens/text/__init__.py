"""One cleaning of texts for training and serving, with a map back to the original characters."""

from __future__ import annotations

from hatelens.text.alignment import Cleaned
from hatelens.text.cleaning import VERSION, clean

__all__ = ["VERSION", "Cleaned", "clean"]
