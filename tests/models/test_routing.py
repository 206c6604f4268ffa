"""Who answers a text, and how answers are blended."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.errors import ModelError
from hatelens.models.decision import softmax
from hatelens.models.routing import Kind, Routing, blended, log_softmax, top

NAMES = ("microblog", "forum", "wiki", "all")
KINDS: tuple[Kind, ...] = ("blend", "cat", "top_k", "one", "uniform", "all")


def gated(texts=50, adapters=3):
    return softmax(np.random.default_rng(0).normal(size=(texts, adapters)) * 3)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_no_less_than_0_and_sum_to_1(kind):
    weights = Routing(kind, 2, "forum").weights(gated(), NAMES[:3], NAMES)
    assert weights.shape == (50, 4)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)


def test_each_routing_asks_those_that_it_is_named_for():
    gate = np.array([[0.5, 0.3, 0.2]])
    found = {kind: Routing(kind, 2, "forum").weights(gate, NAMES[:3], NAMES)[0] for kind in KINDS}
    np.testing.assert_allclose(found["blend"], [0.5, 0.3, 0.2, 0])
    np.testing.assert_allclose(found["cat"], found["blend"])
    np.testing.assert_allclose(found["top_k"], [0.625, 0.375, 0, 0])
    np.testing.assert_allclose(found["one"], [0, 1, 0, 0])
    np.testing.assert_allclose(found["uniform"], [1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(found["all"], [0, 0, 0, 1])


def test_of_equal_weights_the_first_is_kept():
    np.testing.assert_allclose(top(np.array([[0.4, 0.2, 0.4]]), 1), [[1, 0, 0]])


def test_top_1_gives_the_probabilities_of_the_single_adapter():
    logits = np.random.default_rng(1).normal(size=(3, 20, 4)) * 5
    gate = gated(20)
    mixed = blended(logits, top(gate, 1))
    alone = logits[gate.argmax(axis=1), np.arange(20)]
    np.testing.assert_allclose(softmax(mixed), softmax(alone), atol=1e-12)


def test_a_blend_is_the_weighted_mean_of_probabilities_even_where_they_are_tiny():
    logits = np.array([[[800.0, 0.0]], [[0.0, 3.0]]])
    mixed = blended(logits, np.array([[0.25, 0.75]]))
    assert np.isfinite(mixed).all()
    expected = 0.25 * softmax(logits[0]) + 0.75 * softmax(logits[1])
    np.testing.assert_allclose(np.exp(mixed), expected, atol=1e-12)
    sure = blended(np.array([[[800.0, 0.0]]]), np.ones((1, 1)))
    np.testing.assert_allclose(sure, [[0.0, -800.0]])  # not minus infinity: it can be calibrated


def test_a_log_softmax_is_that_of_the_softmax():
    logits = np.array([[1.0, 2.0, -4.0]])
    np.testing.assert_allclose(np.exp(log_softmax(logits)), softmax(logits))


def test_an_adapter_that_is_not_there_is_named():
    for routing in (Routing("one", 2, "frum"), Routing("all")):
        with pytest.raises(ModelError, match="No adapter of the mixture named"):
            routing.weights(gated(), NAMES[:3], NAMES[:3])


def test_a_routing_comes_back_from_json():
    routing = Routing("top_k", 3, None)
    assert Routing.from_dict(routing.to_dict()) == routing
