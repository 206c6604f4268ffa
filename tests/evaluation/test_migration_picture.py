"""The pictures of a migration."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from matplotlib.image import imread

from hatelens.evaluation import migration_picture
from hatelens.evaluation.migration import migrate
from tests.evaluation.test_migration import OURS, log, noisy


@pytest.mark.parametrize(
    "scored", [noisy(100), log(OURS, [1, 1, 0, 0, 0, 0]), replace(noisy(100), review=None)]
)
def test_the_picture_shows_the_thresholds(scored):
    made = migrate(scored, resamples=10, score="$\\frac{")
    picture = migration_picture.thresholds(scored, made)
    image = imread(io.BytesIO(picture.png))

    assert picture.name == "migration"
    assert image[..., :3].std() > 0.05  # something is drawn
    assert picture == migration_picture.thresholds(scored, made)


def test_many_texts_are_drawn_as_a_sample(monkeypatch):
    scored = noisy(100)
    made = migrate(scored, resamples=10, thresholds=(0.6, 0.4))
    assert scored.theirs is not None
    whole = migration_picture.sides(scored.theirs, scored, made)
    monkeypatch.setattr(migration_picture, "MOST", 10)
    some = migration_picture.sides(scored.theirs, scored, made)

    assert whole.png.startswith(b"\x89PNG")
    assert len(some.png) < len(whole.png)
