"""hatelens detects, explains and answers hate speech with language models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatelens.detect import Pipeline

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(model: str = "default") -> Pipeline:
    """Open a detector that is ready to label texts.

    Args:
        model: ``default``, or a model folder.

    Returns:
        A detector whose ``predict(texts)`` gives one ``Prediction`` per text, in order.

    Raises:
        ModelError: there is no such model, or its folder is damaged.
    """
    from hatelens.detect import load as load_pipeline  # keeps ``import hatelens`` light

    return load_pipeline(model)
