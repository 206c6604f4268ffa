from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from hatelens.evaluation import pictures
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.functional import FunctionScore
from hatelens.evaluation.pictures import Curve

HOSTILE = ("$\\frac{", "<b>\x00\n" * 50, "\ud800 \u202e")
TRUTH = np.array([True, False, True, False, False])
SCORE = np.array([0.9, 0.8, 0.8, 0.2, 0.0])


def functions(baselines: dict[str, float]) -> list[FunctionScore]:
    expected = ("hateful", "not hateful", "both")
    return [
        FunctionScore(name, side, 10, 0.5, baselines)
        for name, side in zip(HOSTILE, expected, strict=True)
    ]


def curves() -> list[Curve]:
    return [Curve(name, TRUTH, SCORE) for name in HOSTILE]


@pytest.mark.parametrize(
    "made",
    [
        lambda: pictures.confusion(HOSTILE, [[1, 2, 3], [0, 0, 0], [3, 0, 9]]),
        lambda: pictures.precision_recall(curves()),
        lambda: pictures.roc(curves()),
        lambda: pictures.reliability(TRUTH, SCORE),
        lambda: pictures.functions(functions({"A": 0.1, "B": 1.0, "C": 0.0, "D": 0.4, "E": 0.5})),
        lambda: pictures.functions(functions({})),
        lambda: pictures.comparison(
            HOSTILE,
            [{"accuracy": Estimate(0.5, 0.4, 0.6), "auroc": Estimate(None), "ece": Estimate(0.1)}]
            * 3,
        ),
    ],
)
def test_every_picture_is_drawn_whatever_its_names(made):
    picture = made()
    image = imread(io.BytesIO(picture.png))

    assert picture.png.startswith(b"\x89PNG")
    assert picture.title
    assert min(image.shape[:2]) > 300
    assert image[..., :3].std() > 0.05  # something is drawn


def test_the_same_data_gives_the_same_bytes():
    first, again = (pictures.reliability(TRUTH, SCORE) for _ in range(2))

    assert first == again


def test_a_curve_needs_texts_of_both_sides():
    assert Curve("a", TRUTH, SCORE).both
    assert not Curve("a", np.ones(5, dtype=bool), SCORE).both
    assert not Curve("a", np.zeros(5, dtype=bool), SCORE).both
