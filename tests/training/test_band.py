"""How far a first stage is trusted."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.training import band
from hatelens.training.band import Trial


def trial(noise: float, texts: int = 2000) -> Trial:
    rng = np.random.default_rng(0)
    truth = rng.random(texts) < 0.2
    strong = 1 / (1 + np.exp(-(2.5 * truth + rng.normal(size=texts) - 2)))
    first = 1 / (1 + np.exp(-(np.log(strong / (1 - strong)) + noise * rng.normal(size=texts))))
    sources = ["one" if i % 2 else "two" for i in range(texts)]
    return Trial(first, strong, strong >= 0.6, truth, sources)


def fit(found: Trial, auroc_loss: float = 0.005, missed: float | None = None, clear: float = 0.5):
    return band.fit(found, auroc_loss=auroc_loss, missed=missed, clear=clear)


def test_the_bound_holds_on_every_data_set():
    fitted = fit(trial(0.5))
    assert set(fitted.measured.auroc_loss) == {"one", "two"}
    assert max(fitted.measured.auroc_loss.values()) <= 0.005
    assert fitted.measured.cleared > 0.2


def test_a_looser_bound_and_a_better_first_stage_clear_more():
    assert fit(trial(0.8), 0.02).measured.cleared > fit(trial(0.8), 0.002).measured.cleared
    assert fit(trial(0.1)).measured.cleared > fit(trial(0.8)).measured.cleared


def test_what_the_strong_detector_flags_is_not_missed_beyond_the_bound():
    found = trial(1.0)
    fitted = fit(found, auroc_loss=0.2, missed=0.02)
    assert fitted.measured.missed <= 0.02
    assert fitted.measured.cleared < fit(found, auroc_loss=0.2).measured.cleared


def test_no_early_answer_is_other_than_clear():
    fitted = fit(trial(0.0), clear=0.1)
    assert fitted.band.scaled(np.array([fitted.band.clear_below]))[0] < 0.1


def test_where_no_band_keeps_the_bound_nothing_is_cleared():
    rng = np.random.default_rng(1)
    found = trial(0.0)
    backwards = Trial(
        rng.random(len(found.first)), found.strong, found.flagged, found.truth, found.source
    )
    fitted = fit(backwards, auroc_loss=0.0)
    assert (fitted.band.clear_below, fitted.measured.cleared) == (0.0, 0.0)


def test_data_sets_with_few_texts_of_a_side_do_not_count():
    found = trial(0.5)
    few = Trial(found.first, found.strong, found.flagged, found.truth & False, found.source)
    assert fit(few).measured.auroc_loss == {}
    unflagged = Trial(found.first, found.strong, found.flagged & False, found.truth, found.source)
    assert fit(unflagged).measured.missed == 0.0


def test_the_scale_rises_and_gives_the_strong_detectors_mean():
    found = trial(0.5)
    scale = band.fit_scale(found.first, found.strong)
    heights = [y for _, y in scale]
    assert heights == sorted(heights)
    scaled = np.interp(found.first, *np.array(scale).T)
    assert scaled.mean() == pytest.approx(found.strong.mean(), abs=0.01)


def test_a_first_stage_that_says_one_thing_still_has_a_scale():
    scale = band.fit_scale(np.full(50, 0.3), np.linspace(0, 1, 50))
    assert np.interp(0.3, *np.array(scale).T) == pytest.approx(0.5)
