"""The gate: weights of adapters from sentence embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.errors import ModelError
from hatelens.models import gate
from hatelens.models.base import resolve
from hatelens.models.gate import Gate
from tests.hostile import MARKUP, ODD
from tests.models.adapter_folders import TEXTS, tiny_gate


def test_weights_sum_to_1_and_do_not_depend_on_the_batch(base_folder):
    made = tiny_gate(base_folder)
    weights = made.weights(TEXTS)
    assert weights.shape == (5, 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    alone = np.concatenate([made.weights([text]) for text in TEXTS])
    np.testing.assert_allclose(weights, alone, atol=1e-5)


def test_a_high_temperature_makes_weights_alike_and_a_low_one_apart(base_folder):
    made = tiny_gate(base_folder)
    vectors = made.embedder.embed(TEXTS)
    hot, cold = (
        Gate(made.embedder, made.network, made.names, temperature).of(vectors)
        for temperature in (100.0, 0.001)
    )
    np.testing.assert_allclose(hot, 0.5, atol=0.05)
    assert cold.max(axis=1).min() > 0.99


def test_a_gate_comes_back_from_its_folder(base_folder, tmp_path):
    made = tiny_gate(base_folder)
    base = resolve(str(base_folder)).record
    assert gate.save(made, tmp_path) == ("gate.safetensors",)
    values = gate.settings(made, base, 12)
    again = gate.load(tmp_path, values)
    assert again.names == made.names
    np.testing.assert_array_equal(again.weights(TEXTS), made.weights(TEXTS))
    values["base"]["sha256"] = "0" * 64
    with pytest.raises(ModelError, match="was trained on another"):
        gate.load(tmp_path, values)


def test_hostile_texts_have_weights(base_folder):
    weights = tiny_gate(base_folder).weights(
        [*MARKUP, *(one for one in ODD if one.isprintable()), "", "a" * 5000]
    )
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
