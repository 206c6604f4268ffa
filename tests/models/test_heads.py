"""Further heads: raw scores to probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.errors import ModelError
from hatelens.models.heads import Head

PLAIN = Head("attributes", "attributes", ("insult", "threat"))
FITTED = Head("attributes", "attributes", ("insult", "threat"), (2.0, 0.5), (1.0, -1.0), (0.3, 0.7))


def test_without_a_calibration_a_probability_is_the_sigmoid():
    logits = np.array([[0.0, np.log(3)], [-800.0, 800.0]])
    np.testing.assert_allclose(PLAIN.probabilities(logits), [[0.5, 0.75], [0.0, 1.0]], atol=1e-12)
    assert PLAIN.threshold(1) == 0.5


def test_each_output_has_its_own_slope_intercept_and_threshold():
    found = FITTED.probabilities(np.array([[-0.5, 2.0]]))
    np.testing.assert_allclose(found, [[0.5, 0.5]])
    assert (FITTED.threshold(), FITTED.threshold(1)) == (0.3, 0.7)


def test_a_head_is_the_same_after_a_manifest():
    for head in (PLAIN, FITTED):
        assert Head.from_dict(head.to_dict()) == head


def test_values_for_fewer_outputs_than_there_are_are_refused():
    with pytest.raises(ModelError, match="'x' has 2 outputs but 1 values of calibration"):
        Head("x", "targets", ("a", "b"), slopes=(1.0,))
