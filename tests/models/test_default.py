"""The default detector that the package hatelens-en carries."""

from __future__ import annotations

import json

import pytest

import hatelens
from hatelens.models import folder

SIZE = 35 * 1024 * 1024


@pytest.fixture(scope="module")
def detector():
    return hatelens.load()


@pytest.fixture(autouse=True)
def no_other_default(monkeypatch):
    monkeypatch.delenv("HATELENS_MODEL", raising=False)


def test_the_default_is_one_small_onnx_graph_with_all_heads():
    where = folder.find("default")
    manifest = json.loads((where / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["kind"], manifest["runtime"]) == ("encoder", "onnx")
    assert {head["type"] for head in manifest["heads"]} == {"attributes", "targets", "spans"}
    assert (where / "model.onnx").stat().st_size <= SIZE
    assert manifest["languages"] == ["en"]


def test_the_default_says_what_it_learned_from_and_never_from_a_test():
    where = folder.find("default")
    manifest = json.loads((where / "manifest.json").read_text(encoding="utf-8"))
    cards = {source["card"] for source in manifest["data"]}
    assert "hatexplain" in cards
    assert not cards & {"hatecheck", "madlibs", "multilingual_hatecheck", "functions_en"}
    assert all(source["licence"] for source in manifest["data"])
    card = (where / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "## Limits" in card


@pytest.mark.parametrize(
    ("text", "hateful"),
    [
        ("Immigrants are animals and should all be thrown out of this country.", True),
        ("I wish every Muslim would vanish from our town.", True),
        ("My neighbours are immigrants and we cook together on Sundays.", False),
        ("Nobody should ever say that Muslims are animals.", False),
        ("This printer is a piece of rubbish.", False),
        ("What a lovely morning, see you at the library.", False),
    ],
)
def test_the_default_tells_hate_from_what_only_looks_like_it(detector, text, hateful):
    (prediction,) = detector.predict([text])
    assert (prediction.hateful >= 0.5) is hateful


def test_the_default_names_whom_it_is_about_and_marks_the_words(detector):
    text = "Women are stupid and should not be allowed to vote."
    (prediction,) = detector.predict([text])
    assert max(prediction.targets, key=prediction.targets.__getitem__) == "women"
    assert any("stupid" in text[span.begin : span.end] for span in prediction.spans)
    assert prediction.attributes["toxicity"] > 0.5


def test_a_language_that_it_does_not_know_is_said_and_not_guessed_over(detector):
    text = "Guten Morgen, heute scheint die Sonne und wir gehen zusammen in den Garten."
    (prediction,) = detector.predict([text])
    assert prediction.language == "de"
    assert prediction.note
    assert prediction.decision == "unsure"
