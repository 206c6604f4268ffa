"""What adapters said is remembered."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from hatelens.training.opinions import Opinions

TEXTS = ["marsh folk", "a", "worthless b \ud800"]
ASKED = ["forum", "all", "forum"]


class Counting:
    """Adapters that say how long a text is, and count what they are asked."""

    names = ("forum", "all")

    def __init__(self):
        self.asked = 0

    def logits(self, texts, adapters):
        self.asked += len(texts)
        return np.array(
            [
                [len(text), self.names.index(name)]
                for text, name in zip(texts, adapters, strict=True)
            ],
            float,
        )

    def combined(self, texts, weights):
        return np.zeros((len(texts), 2))

    def windows(self, text):
        return [(0, len(text))]


def remembering(adapted, path, **versions):
    return Opinions(adapted, {"forum": "1", "all": "2"} | versions, path / "opinions.sqlite")


def test_nothing_is_asked_twice(tmp_path):
    adapted = Counting()
    first = remembering(adapted, tmp_path).logits(TEXTS, ASKED)
    np.testing.assert_array_equal(first, [[10, 0], [1, 1], [13, 0]])
    again = remembering(adapted, tmp_path).logits(TEXTS[::-1], ASKED[::-1])
    np.testing.assert_array_equal(again, first[::-1])
    assert adapted.asked == 3
    remembering(adapted, tmp_path).logits(TEXTS, ["all"] * 3)
    assert adapted.asked == 5


def test_another_version_of_an_adapter_is_asked_anew(tmp_path):
    adapted = Counting()
    remembering(adapted, tmp_path).logits(TEXTS, ASKED)
    remembering(adapted, tmp_path, forum="3").logits(TEXTS, ASKED)
    assert adapted.asked == 5


def test_a_killed_run_keeps_what_was_said(tmp_path, monkeypatch):
    adapted = Counting()
    texts = [f"text {number}" for number in range(600)]
    logits = adapted.logits

    def dies(some, names):
        if adapted.asked >= 256:
            raise KeyboardInterrupt
        return logits(some, names)

    monkeypatch.setattr(adapted, "logits", dies)
    with pytest.raises(KeyboardInterrupt):
        remembering(adapted, tmp_path).logits(texts, ["all"] * 600)
    monkeypatch.undo()
    assert len(remembering(adapted, tmp_path).logits(texts, ["all"] * 600)) == 600
    assert adapted.asked == 600


def test_no_text_is_kept(tmp_path):
    remembering(Counting(), tmp_path).logits(TEXTS, ASKED)
    with sqlite3.connect(tmp_path / "opinions.sqlite") as database:
        kept = database.execute("SELECT key, answer FROM kept").fetchall()
    assert all(b"marsh" not in key + row for key, row in kept)


def test_the_rest_is_passed_on(tmp_path):
    opinions = remembering(Counting(), tmp_path)
    assert opinions.windows("abc") == [(0, 3)]
    assert opinions.combined(TEXTS, np.ones((3, 2))).shape == (3, 2)
