"""Small lessons in the words that the tiny tokenizer knows."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.config.encoder import EncoderModel, EncoderTraining, HeadSettings
from hatelens.labels import LabelSet
from hatelens.text import clean
from hatelens.training.trained import Lesson, Material

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
GOOD = ["marsh folk sing", "folk sing", "marsh marsh sing", "sing marsh a b"]
BAD = ["worthless a b", "worthless", "a worthless b c d", "b a worthless"]
SPANS = HeadSettings(type="spans", train={"mine": {}})
INSULT = HeadSettings(type="attributes", names=("insult", "threat"), train={"mine": {}})


def lesson(texts, classes, heads=None, marks=()):
    return Lesson([clean(text) for text in texts], np.asarray(classes, float), heads or {}, marks)


def halves(size):
    """Return the classes of as many harmless texts as hateful ones."""
    return np.eye(2)[[0] * size + [1] * size]


@pytest.fixture
def prepared(tmp_path):
    """Return the function that makes the material of a training in a folder of its own."""

    def make(name="work", *, train=None, held_out=None, heads=None, resume=None):
        work = tmp_path / name
        work.mkdir(exist_ok=True)
        train = train or lesson((GOOD + BAD) * 2, np.tile(halves(4), (2, 1)))
        held_out = held_out or lesson(GOOD + BAD, halves(4))
        return Material(
            train,
            held_out,
            held_out.classes,
            LABELS,
            work,
            resume or tmp_path / f"{name}-resume",
            heads or {},
        )

    return make


@pytest.fixture
def model(base_folder):
    """Return the settings of a tiny encoder."""
    return EncoderModel(base=str(base_folder), max_length=16)


FAST = EncoderTraining(
    num_train_epochs=2.0, per_device_train_batch_size=4, learning_rate=3e-3, save_steps=2
)
