from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.calibration import KNOTS, fit_calibration, fit_thresholds, log_loss
from hatelens.models.decision import Calibration, softmax


def drawn(rows: int = 4000, temperature: float = 1.0, classes: int = 3, seed: int = 0):
    """Logits whose truth was drawn from softmax(logits / temperature)."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(scale=3.0, size=(rows, classes))
    chances = softmax(logits / temperature)
    picks = (generator.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return logits, np.eye(classes)[picks]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_recovered(temperature):
    logits, truth = drawn(temperature=temperature)
    fitted = fit_calibration(logits, truth, method="temperature")

    assert fitted.method == "temperature"
    assert fitted.temperature == pytest.approx(temperature, rel=0.1)


def test_a_temperature_is_recovered_from_shares_of_votes():
    logits, _ = drawn(500)
    fitted = fit_calibration(logits, softmax(logits / 2.0), method="temperature")

    assert fitted.temperature == pytest.approx(2.0, rel=1e-3)


def test_isotonic_curves_rise_and_stay_small():
    logits, truth = drawn(temperature=3.0)
    fitted = fit_calibration(logits, truth, method="isotonic")

    assert len(fitted.knots) == 3
    for curve in fitted.knots:
        x, y = np.array(curve).T
        assert len(curve) <= KNOTS
        assert (np.diff(x) > 0).all()
        assert (np.diff(y) >= 0).all()
        assert y.min() > 0
        assert y.max() < 1


def test_isotonic_improves_the_loss_of_overconfident_scores():
    logits, truth = drawn(temperature=3.0)
    held_logits, held_truth = drawn(temperature=3.0, seed=1)
    fitted = fit_calibration(logits, truth, method="isotonic")

    assert log_loss(fitted.apply(held_logits), held_truth) < (
        log_loss(softmax(held_logits), held_truth) - 0.1
    )


def test_a_calibration_survives_its_manifest():
    fitted = fit_calibration(*drawn(300), method="isotonic")

    assert Calibration.from_dict(fitted.to_dict()) == fitted


def test_auto_takes_the_temperature_where_the_scores_are_only_too_steep():
    fitted = fit_calibration(*drawn(temperature=2.0))

    assert fitted.method == "temperature"


def test_auto_takes_isotonic_where_no_temperature_can_mend_the_scores():
    generator = np.random.default_rng(0)
    score = generator.uniform(-3, 3, size=4000)
    truth = (generator.random(4000) < np.where(score > 1.5, 0.9, 0.05)).astype(int)
    fitted = fit_calibration(np.stack([0 * score, score], axis=1), np.eye(2)[truth])

    assert fitted.method == "isotonic"


def test_auto_chooses_the_same_again_and_takes_the_temperature_for_few_texts():
    assert fit_calibration(*drawn(200)) == fit_calibration(*drawn(200))
    assert fit_calibration(*drawn(20)).method == "temperature"


def test_none_leaves_the_scores_alone():
    assert fit_calibration(*drawn(20), method="none") == Calibration()


def test_an_unknown_method_is_an_error_with_the_ones_there_are():
    with pytest.raises(
        ConfigError, match=r"'platt'\. There are auto, bcts, isotonic, none, temperature"
    ):
        fit_calibration(*drawn(20), method="platt")  # pyrefly: ignore[bad-argument-type]


def test_shapes_that_differ_and_no_texts_are_errors():
    logits, truth = drawn(20)
    with pytest.raises(ModelError, match=r"\(20, 3\).*\(20, 2\)"):
        fit_calibration(logits, truth[:, :2])
    with pytest.raises(ModelError, match="needs validation texts"):
        fit_calibration(logits[:0], truth[:0])


SCORES = np.array([0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
TRUTH = np.array([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)


@pytest.mark.parametrize(
    ("target", "flag"),
    [
        ("precision>=0.8", 0.55),  # 4 of 5 flagged; 3 of 4 would be too few
        ("precision>=1", 0.85),
        ("recall>=0.75", 0.65),
        ("recall>=1", 0.55),
        ("fpr<=0.17", 0.55),
        ("fpr<=0.01", 0.85),
        ("review_budget=0.3", 0.75),
        (" Review_Budget = 1 ", 0.05),
    ],
)
def test_the_flag_is_put_where_the_target_says(target, flag):
    fitted = fit_thresholds(SCORES, TRUTH, target=target, abstain=0.0)

    assert fitted.flag == pytest.approx(flag)
    assert fitted.clear == fitted.flag
    assert fitted.target == target


@pytest.mark.parametrize(("abstain", "clear"), [(0.0, 0.85), (0.1, 0.75), (0.25, 0.65), (1, 0.0)])
def test_the_unsure_band_holds_the_share_asked_for(abstain, clear):
    fitted = fit_thresholds(SCORES, TRUTH, target="fpr<=0.01", abstain=abstain)

    assert fitted.clear == pytest.approx(clear)


def test_equal_scores_are_not_torn_apart_by_the_unsure_band():
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.1])
    truth = np.array([1, 0, 0, 0, 0, 0], dtype=bool)

    assert fit_thresholds(scores, truth, target="fpr<=0.1", abstain=0.4).clear == 0.7
    assert fit_thresholds(scores, truth, target="fpr<=0.1", abstain=0.5).clear == 0.3


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60),
    st.sampled_from(["precision>=", "recall>=", "fpr<=", "review_budget="]),
    st.floats(0.01, 1.0),
    st.floats(0.0, 1.0),
)
def test_thresholds_meet_their_target_or_say_that_none_does(rows, kind, value, abstain):
    scores = np.array([score / 20 for score, _ in rows])
    truth = np.array([label for _, label in rows])
    try:
        fitted = fit_thresholds(scores, truth, target=f"{kind}{value:.3f}", abstain=abstain)
    except ModelError as error:
        event(str(error)[:12])
        return
    value = float(f"{value:.3f}")
    flagged = scores >= fitted.flag
    unsure = (scores < fitted.flag) & (scores >= fitted.clear)
    reached = {
        "precision>=": lambda: truth[flagged].mean() >= value - 1e-9,
        "recall>=": lambda: flagged[truth].mean() >= value - 1e-9,
        "fpr<=": lambda: flagged[~truth].mean() <= value + 1e-9,
        "review_budget=": lambda: flagged.mean() <= value + 1e-9,
    }

    assert flagged.any()
    assert reached[kind]()
    assert unsure.mean() <= abstain + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=40))
def test_no_threshold_would_flag_more_within_the_same_false_positive_rate(rows):
    scores = np.array([score / 20 for score, _ in rows])
    truth = np.array([label for _, label in rows])
    assume(truth.any() and not truth.all())
    try:
        fitted = fit_thresholds(scores, truth, target="fpr<=0.2", abstain=0.0)
    except ModelError:
        return
    lower = [t for t in np.unique(scores) if t < fitted.flag]

    assert all((scores[~truth] >= t).mean() > 0.2 for t in lower)


def test_rounding_of_scores_moves_no_decision():
    fitted = fit_thresholds(SCORES, TRUTH, target="fpr<=0.17", abstain=0.2)
    noise = np.random.default_rng(0).uniform(-1e-5, 1e-5, size=SCORES.size)

    assert [fitted.decide(s) for s in SCORES] == [fitted.decide(s) for s in SCORES + noise]


def test_an_unreachable_target_says_the_best_that_was_reached():
    scores, truth = np.array([0.9, 0.8, 0.1]), np.array([False, True, False])
    with pytest.raises(ModelError, match=r"No threshold reaches precision>=0.9.*precision=0.5\."):
        fit_thresholds(scores, truth, target="precision>=0.9")
    with pytest.raises(ModelError, match=r"reaches fpr<=0.01.*fpr=0.5\."):
        fit_thresholds(scores, truth, target="fpr<=0.01")


def test_one_sided_validation_data_is_an_error():
    with pytest.raises(ModelError, match="has no text that is not hateful"):
        fit_thresholds(np.array([0.9]), np.array([True]), target="fpr<=0.1")
    with pytest.raises(ModelError, match="has no hateful text"):
        fit_thresholds(np.array([0.9]), np.array([False]), target="recall>=0.1")
    with pytest.raises(ModelError, match="need validation texts"):
        fit_thresholds(np.zeros(0), np.zeros(0, dtype=bool))


def test_an_abstention_out_of_range_is_an_error():
    with pytest.raises(ConfigError, match="abstain must be a share"):
        fit_thresholds(SCORES, TRUTH, abstain=5)


BIASES = np.array([0.5, -1.0, 0.5])


def biased(rows: int = 6000, seed: int = 0):
    """Logits whose truth was drawn from softmax(logits / 2 + biases)."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(scale=3.0, size=(rows, 3))
    chances = softmax(logits / 2 + BIASES)
    picks = (generator.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return logits, np.eye(3)[picks]


def half_masked(truth):
    """Say of every other text of the first two classes only that it is one of them."""
    torn = (np.arange(len(truth)) % 2 == 0) & (truth[:, 2] == 0)
    return np.where(torn[:, None], np.array([1.0, 1.0, 0.0]), truth)


@pytest.mark.parametrize("masked", [False, True])
def test_known_biases_are_recovered_from_whole_and_from_partial_labels(masked):
    logits, truth = biased()
    fitted = fit_calibration(logits, half_masked(truth) if masked else truth, method="bcts")

    assert fitted.temperature == pytest.approx(2.0, rel=0.05)
    assert np.array(fitted.biases) - np.mean(fitted.biases) == pytest.approx(BIASES, abs=0.1)


def test_auto_takes_biases_where_a_class_is_named_too_often():
    assert fit_calibration(*biased()).method == "bcts"


def test_a_class_without_a_text_keeps_a_finite_bias():
    logits, truth = biased(200)
    rows = truth[:, 1] == 0
    fitted = fit_calibration(logits[rows], truth[rows], method="bcts")

    assert np.abs(fitted.biases).max() < 20


def test_a_mask_costs_what_its_labels_were_not_given_together():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    truth = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

    assert log_loss(p, truth) == pytest.approx(-(np.log(0.8) + np.log(0.8)) / 2)
    assert log_loss(p, np.ones((2, 3))) == pytest.approx(0.0)


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_every_method_takes_masks_and_improves_the_loss(method):
    logits, truth = drawn(temperature=3.0)
    fitted = fit_calibration(logits, half_masked(truth), method=method)

    assert log_loss(fitted.apply(logits), truth) < log_loss(softmax(logits), truth) - 0.1
