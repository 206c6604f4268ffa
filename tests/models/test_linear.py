"""The kind ``linear``."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from hatelens.models import folder
from hatelens.models.linear import OVERLAP, WINDOW, values
from hatelens.models.ngrams import Counts

TEXTS = ["marsh folk sing", "worthless", "", "sing sing sing", "a b c"] * 3


def test_a_batch_equals_its_texts_one_by_one(linear_folder):
    scorer = folder.classifier(str(linear_folder)).scorer
    alone = np.concatenate([scorer.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(scorer.logits(TEXTS), alone, atol=1e-9)


def test_every_text_is_scaled_to_length_one():
    counts = Counts(np.array([0, 1, 1]), np.array([1, 3, 2], np.float32), np.array([0, 2, 3, 3]))
    found = values(counts, np.array([1.0, 2.0], np.float32))
    raw = np.array([1.0, 2 * (1 + np.log(3))])
    np.testing.assert_allclose(found[:2], raw / np.linalg.norm(raw), rtol=1e-6)
    assert found[2] == pytest.approx(1.0)


def test_an_empty_text_gets_the_bias(linear_folder):
    scorer = folder.classifier(str(linear_folder)).scorer
    np.testing.assert_array_equal(scorer.logits([""]), [[0.0, 0.0]])
    assert scorer.logits([]).shape == (0, 2)


def test_a_long_text_is_read_in_windows(linear_folder):
    windows = folder.load(str(linear_folder)).windows("x " * WINDOW)
    assert windows[1][0] == WINDOW - OVERLAP


def test_it_needs_neither_torch_nor_scikit_learn(linear_folder):
    code = (
        f"import sys, hatelens; hatelens.load({str(linear_folder)!r}).predict(['a text']);"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'pydantic', 'transformers') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
