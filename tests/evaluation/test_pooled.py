from __future__ import annotations

import json

import numpy as np
import pytest

from hatelens.errors import DataError
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.pooled import pool, write
from hatelens.evaluation.run import evaluate


def reports(keyword, make, **given):
    maps = Maps(given=given)
    return [
        evaluate(keyword(), make(rows=rows, name=name), split="test", resamples=5, maps=maps)
        for name, rows in (("village", 100), ("town", 50))
    ]


def test_texts_of_several_data_sets_count_once_each(keyword, make):
    made = reports(keyword, make)
    found = pool(made, resamples=20)
    truth = np.concatenate([one.predictions.truth for one in made])
    score = np.concatenate([one.predictions.hateful for one in made])
    bins = np.ceil(score * 15)
    gaps = [abs((truth - score)[bins == b].sum()) for b in np.unique(bins)]

    assert found.rows == 150
    assert found.ece.value == pytest.approx(sum(gaps) / 150)
    assert found.ece.value == pytest.approx(found.ece_cards.value)
    assert found.brier.value == pytest.approx(((score - truth) ** 2).mean())
    assert [part.rows for part in found.parts] == [100, 50]


def test_labels_on_both_sides_and_labels_left_out_do_not_count(keyword, make):
    found = pool(reports(keyword, make, rude="rude|hateful", calm=""), resamples=5)

    assert found.rows == 60
    assert found.truth.all()
    assert [part.left_out for part in found.parts] == [60, 30]
    assert found.ece_cards.value != found.ece.value


def test_a_label_on_one_side_counts_for_it(keyword, make):
    found = pool(reports(keyword, make, rude="calm|rude", calm="hateful"), resamples=5)

    assert found.rows == 150
    assert found.truth.sum() == 120


def test_texts_that_cannot_be_placed_are_an_error(keyword, make):
    made = reports(keyword, make, rude="", calm="", hateful="rude|hateful")

    with pytest.raises(DataError, match="No text of village, town"):
        pool(made, resamples=5)
    (alone, other) = reports(keyword, make)
    half = pool([made[0], other], resamples=5)
    assert (half.parts[0].rows, half.parts[0].ece) == (0, None)
    assert alone.rows == 100


def test_the_figures_are_written_without_texts(keyword, make, tmp_path):
    path = write(pool(reports(keyword, make), resamples=5), tmp_path / "out")
    found = json.loads(path.read_text(encoding="utf-8"))

    assert found["ece"]["value"] is not None
    assert "score" not in found
    assert (tmp_path / "out" / "pooled.png").is_file()
