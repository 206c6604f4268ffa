from __future__ import annotations

import numpy as np
import pytest

from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.platt import best_f1, fit_head, fit_spans
from hatelens.models.heads import Head, TokenLogits, sigmoid
from hatelens.text import clean

TWO = Head("attributes", "attributes", ("insult", "threat"))
SPANS = Head("spans", "spans", ("span",))


def drawn(rows: int = 5000, slope: float = 0.5, intercept: float = -1.0):
    """Logits whose truth was drawn from sigmoid(slope x logit + intercept)."""
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=3.0, size=(rows, 2))
    chances = sigmoid(slope * logits + intercept)
    return logits, (generator.random(chances.shape) < chances).astype(float), chances


def test_known_slopes_and_intercepts_are_recovered():
    logits, truth, _ = drawn()
    fitted = fit_head(TWO, logits, truth)

    np.testing.assert_allclose(fitted.slopes, 0.5, atol=0.06)
    np.testing.assert_allclose(fitted.intercepts, -1.0, atol=0.1)
    assert (fitted.name, fitted.type, fitted.names) == (TWO.name, TWO.type, TWO.names)


def test_shares_of_people_are_recovered_more_sharply_than_labels():
    logits, _, chances = drawn(500)
    fitted = fit_head(TWO, logits, chances)

    np.testing.assert_allclose(fitted.slopes, 0.5, atol=0.02)


def test_texts_of_unknown_truth_do_not_count():
    logits, truth, _ = drawn()
    half = truth.copy()
    half[2500:, 0] = np.nan
    alone = fit_head(TWO, logits[:2500], truth[:2500])
    fitted = fit_head(TWO, logits, half)

    assert fitted.slopes[0] == pytest.approx(alone.slopes[0], rel=1e-4)
    assert fitted.thresholds[0] == alone.thresholds[0]


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_an_output_without_both_sides_is_left_alone(value):
    logits, truth, _ = drawn(100)
    truth[:, 1] = value
    fitted = fit_head(TWO, logits, truth)

    assert (fitted.slopes[1], fitted.intercepts[1], fitted.thresholds[1]) == (1.0, 0.0, 0.5)
    assert fitted.slopes[0] != 1.0


def test_one_positive_text_does_not_make_a_steep_curve():
    logits = np.linspace(-5, 0, 1000)[:, None]
    truth = (np.arange(1000) == 999).astype(float)[:, None]
    fitted = fit_head(Head("a", "attributes", ("rare",)), logits, truth)

    assert 0 < fitted.slopes[0] < 5


def test_scores_that_rank_the_wrong_way_keep_a_slope_above_zero():
    logits, truth, _ = drawn()

    assert min(fit_head(TWO, logits, 1 - truth).slopes) > 0


def test_the_threshold_of_the_highest_f1_is_found():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.1])
    truth = np.array([1, 0, 1, 1, 0, 0], dtype=bool)

    assert best_f1(scores, truth) == pytest.approx(0.35)
    assert best_f1(scores, np.array([1, 0, 0, 0, 0, 0], dtype=bool)) == pytest.approx(0.85)


def test_a_threshold_can_hold_a_target_and_falls_back_on_f1():
    logits, truth, _ = drawn()
    strict = fit_head(TWO, logits, truth, target="fpr<=0.01")
    said = strict.probabilities(logits)[:, 0] >= strict.threshold(0)

    assert said[truth[:, 0] == 0].mean() <= 0.01
    worst = np.where(truth == 1, -1.0, 1.0)
    fitted = fit_head(TWO, worst, truth, target="precision>=0.99")
    assert fitted.thresholds == fit_head(TWO, worst, truth).thresholds
    with pytest.raises(ConfigError, match="no target"):
        fit_head(TWO, logits, truth, target="nonsense")


def test_scores_of_another_shape_are_an_error():
    with pytest.raises(ModelError, match=r"has 2 outputs; found scores of shape \(3, 3\)"):
        fit_head(TWO, np.zeros((3, 3)), np.zeros((3, 3)))


def words(text: str) -> list[tuple[int, int]]:
    ranges, at = [], 0
    for word in text.split(" "):
        ranges.append((at, at + len(word)))
        at += len(word) + 1
    return ranges


def test_a_spans_head_gets_the_threshold_that_marks_what_people_mark():
    text = "what a frightful heap of mouldy turnips today"
    ranges = words(text)
    logits = np.array([-3.0, -3.0, 1.0, -3.0, -3.0, 1.2, 1.1, -1.0])
    tokens = [TokenLogits([(0, 0), *ranges], np.append(9.0, logits))] * 30
    gold = [[ranges[2], (ranges[5][0], ranges[6][1])]] * 30
    fitted = fit_spans(SPANS, tokens, [text] * 30, gold)
    marked = fitted.probabilities(logits[:, None])[:, 0] >= fitted.threshold()

    assert marked.tolist() == [False, False, True, False, False, True, True, False]


def test_marks_of_the_original_are_found_behind_a_cleaned_text():
    original = "you fu\u200bnny tur\u200bnip, hello"
    cleaned = clean(original)
    ranges = words(cleaned.text)
    begin = original.index("tur")
    gold = [(begin, begin + len("tur\u200bnip"))]
    logits = np.array([-2.0, -2.0, 2.0, -2.0])
    fitted = fit_spans(SPANS, [TokenLogits(ranges, logits)] * 20, [cleaned] * 20, [gold] * 20)
    marked = fitted.probabilities(logits[:, None])[:, 0] >= fitted.threshold()

    assert marked.tolist() == [False, False, True, False]


def test_a_spans_head_without_marks_or_texts_is_left_alone():
    tokens = TokenLogits([(0, 3)], np.array([0.3]))

    assert fit_spans(SPANS, [tokens], ["tea"], [[]]).slopes == (1.0,)
    assert fit_spans(SPANS, [], [], []).slopes == (1.0,)
    with pytest.raises(ModelError, match="found 1, 1 and 0"):
        fit_spans(SPANS, [tokens], ["tea"], [])
