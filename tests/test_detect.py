"""The path from texts to predictions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from hatelens.detect import Pipeline
from hatelens.explain.explanation import Explanation
from hatelens.labels import LabelSet
from hatelens.models import reading
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction, Span


class TenCharacters:
    """Reads ten characters at once and finds "bad" hateful."""

    labels = LabelSet(("fine", "bad"), ("bad",))
    thresholds = Thresholds()
    languages: tuple[str, ...] = ()
    named: Mapping[str, float] = {"insult": 0.6, "Quendari": 0.5}
    model_version = "m"
    policy_version = "p"

    def __init__(self):
        self.batches = []

    def windows(self, text):
        return [(i, min(i + 10, len(text))) for i in range(0, max(1, len(text) - 3), 7)]

    def predict(self, texts):
        assert all(len(text) <= 10 for text in texts)
        self.batches.append(len(texts))
        return [self.one(text) for text in texts]

    def one(self, text):
        found = text.find("bad")
        hateful = 0.9 if found >= 0 else 0.1
        spans = (Span(found, found + 3, 0.9),) if found >= 0 else ()
        decision = self.thresholds.decide(hateful)
        scores = {"fine": 1 - hateful, "bad": hateful}
        heads = {"attributes": {"insult": hateful}, "targets": {"Quendari": len(text) / 10}}
        return Prediction("bad", hateful, decision, scores, "m", "p", spans=spans, **heads)


class English(TenCharacters):
    languages = ("en",)

    def windows(self, text):
        return [(0, min(len(text), 10))]


def test_a_long_text_gets_the_answer_of_its_worst_window_at_its_place():
    text = "all is well here and bad there, and well again"
    (prediction,) = Pipeline(TenCharacters()).predict([text])
    assert prediction.hateful == 0.9
    (span,) = prediction.spans
    assert text[span.begin : span.end] == "bad"


def test_a_long_text_keeps_the_spans_of_all_windows_and_the_highest_scores():
    text = "a bad one, many are well, and then another bad one at the end, bad"
    (prediction,) = Pipeline(TenCharacters()).predict([text])
    assert [text[span.begin : span.end] for span in prediction.spans] == ["bad", "bad", "bad"]
    assert [span.begin for span in prediction.spans] == [2, 43, 63]
    assert prediction.attributes == {"insult": 0.9}
    assert prediction.targets == {"Quendari": 1.0}


def test_a_language_that_the_model_does_not_know_is_said_and_not_decided_on():
    (prediction,) = Pipeline(English()).predict(["Die Quendari sind doch alle sehr nett zu uns."])
    assert prediction.language == "de"
    assert prediction.decision == "unsure"
    assert prediction.hateful == 0.1
    assert prediction.note == (
        "The text seems to be in German (de); the model knows en only: its score says little."
    )


@pytest.mark.parametrize(
    ("text", "code"), [("They are all very bad people.", "en"), ("bad", ""), ("", "")]
)
def test_a_language_that_it_knows_or_that_is_not_sure_changes_nothing(text, code):
    pipeline = Pipeline(English())
    (prediction,) = pipeline.predict([text])
    (plain,) = Pipeline(TenCharacters()).predict([text[:10]])
    assert (prediction.language, prediction.note) == (code, "")
    assert prediction.decision == plain.decision


def test_a_model_that_names_no_languages_is_asked_nothing():
    (prediction,) = Pipeline(TenCharacters()).predict(["привет всем"])
    assert (prediction.language, prediction.note) == ("", "")


def test_an_explanation_replaces_the_spans_and_keeps_the_note():
    text = "bad привет, как дела"
    (prediction,) = Pipeline(English()).predict([text], explain=True)
    assert prediction.explanation == {"method": "occlusion"}
    assert prediction.note.startswith("The text seems to be in Russian")


def test_an_explanation_points_into_the_whole_text():
    text = "all is well here and bad there, and well again"
    (prediction,) = Pipeline(TenCharacters()).predict([text], explain=True)
    assert prediction.explanation == {"method": "occlusion"}
    (span,) = prediction.spans
    assert text[span.begin : span.end] == "bad"


def test_order_is_kept_and_every_text_is_answered():
    texts = ["fine", "bad", "", "a rather long text that is bad", "x"] * 200
    found = [round(p.hateful, 1) for p in Pipeline(TenCharacters()).predict(texts)]
    assert found == [0.1, 0.9, 0.1, 0.9, 0.1] * 200


def test_an_endless_stream_is_read_a_batch_at_a_time():
    model = TenCharacters()
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield f"text {number}"

    stream = Pipeline(model).stream(endless())
    assert next(stream).hateful == 0.1
    assert len(taken) == reading.BATCH


def test_a_single_string_is_not_taken_for_a_list_of_letters():
    with pytest.raises(TypeError, match=r"predict\(\[text\]\)"):
        Pipeline(TenCharacters()).predict("bad")


def test_a_pipeline_is_a_detector_for_texts_of_any_length():
    pipeline = Pipeline(TenCharacters())
    assert pipeline.windows("x" * 1000) == [(0, 1000)]
    assert (pipeline.model_version, pipeline.policy_version) == ("m", "p")
    assert pipeline.labels.names == ("fine", "bad")
    assert pipeline.thresholds == Thresholds()
    assert pipeline.languages == ()
    assert pipeline.named == {"insult": 0.6, "Quendari": 0.5}
    (outer,) = Pipeline(pipeline).predict(["well and well and then bad"])
    assert outer.hateful == 0.9


class Wordy:
    """Explains a text by its first word."""

    batch = 2
    prompt = "Why?"

    def __init__(self):
        self.asked = []

    def write(self, texts, labels):
        assert len(texts) <= self.batch
        self.asked += zip(texts, labels, strict=True)
        return [
            Explanation(label, (), (text[:3],), "So it is.", (Span(0, 3, 1.0),))
            for text, label in zip(texts, labels, strict=True)
        ]


def test_a_model_that_has_learned_to_explain_does_so_in_words(monkeypatch):
    writer = Wordy()
    monkeypatch.setattr("hatelens.detect._writer", lambda model: writer)
    text = "all is well here and bad there, and well again"
    found = Pipeline(TenCharacters()).predict([text, "bad", "well"], explain=True)
    (span,) = found[0].spans
    window = writer.asked[0][0]
    assert text[span.begin :].startswith(window)
    assert "bad" in window
    assert found[0].explanation == {
        "method": "written",
        "class": "bad",
        "affected_groups": [],
        "harmful_words": [window[:3]],
        "reason": "So it is.",
    }
    assert [label for _, label in writer.asked] == ["bad", "bad", "bad"]


def test_a_model_that_has_not_is_explained_by_leaving_words_out():
    pipeline = Pipeline(TenCharacters())
    assert pipeline.writer is None
    (prediction,) = pipeline.predict(["bad"], explain=True)
    assert prediction.explanation == {"method": "occlusion"}
