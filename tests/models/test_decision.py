"""From logits to decisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatelens.errors import ModelError
from hatelens.models.decision import Calibration, Thresholds, softmax

LOGITS = np.array([[0.0, 2.0], [900.0, -900.0]])


def test_softmax_is_stable_and_sums_to_one():
    np.testing.assert_allclose(softmax(LOGITS).sum(axis=1), 1.0)


def test_a_temperature_softens_scores_and_keeps_their_order():
    plain, soft = (Calibration("temperature", t).apply(LOGITS) for t in (1.0, 4.0))
    assert soft[0, 1] < plain[0, 1]
    assert soft[0, 1] > 0.5


def test_isotonic_curves_are_applied_per_class_and_renormalised():
    curve = ((0.0, 0.0), (1.0, 0.5))
    flat = Calibration("isotonic", knots=(curve, curve))
    np.testing.assert_allclose(flat.apply(LOGITS), softmax(LOGITS), atol=1e-5)
    low = Calibration("isotonic", knots=(curve, ((0.0, 0.0), (1.0, 0.1))))
    p = softmax(LOGITS)[0]
    expected = 0.1 * p[1] / (0.1 * p[1] + 0.5 * p[0])
    np.testing.assert_allclose(low.apply(LOGITS)[0, 1], expected)


def test_a_calibration_survives_json():
    calibration = Calibration("isotonic", 1.0, (((0.0, 0.1), (1.0, 0.9)),))
    assert Calibration.from_dict(calibration.to_dict()) == calibration


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ModelError, match="must be above 0"):
        Calibration("temperature", 0.0)


def test_between_the_thresholds_a_person_should_look():
    thresholds = Thresholds(flag=0.7, clear=0.4, target="fpr<=0.05")
    assert [thresholds.decide(score) for score in (0.1, 0.4, 0.69, 0.7)] == [
        "clear",
        "unsure",
        "unsure",
        "flag",
    ]
    assert Thresholds.from_dict(thresholds.to_dict()) == thresholds


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ModelError, match=r"clear=0\.9, flag=0\.1"):
        Thresholds(flag=0.1, clear=0.9)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_decided_more_mildly(low, high, score):
    clear, flag = sorted((low, high))
    order = ["clear", "unsure", "flag"]
    thresholds = Thresholds(flag, clear)
    worse = min(1.0, score + 0.1)
    assert order.index(thresholds.decide(worse)) >= order.index(thresholds.decide(score))


def test_biases_move_scores_between_classes_and_survive_json():
    calibration = Calibration("bcts", 2.0, biases=(1.0, -1.0))
    p = calibration.apply(np.array([[0.0, 2.0]]))[0]

    np.testing.assert_allclose(p, softmax(np.array([1.0, 0.0])))
    assert Calibration.from_dict(calibration.to_dict()) == calibration


def test_a_calibration_without_biases_is_stored_as_before_there_were_any():
    values = {"method": "temperature", "temperature": 2.0, "knots": []}

    assert Calibration.from_dict(values).to_dict() == values
