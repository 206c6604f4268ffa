"""The record of a prediction."""

from __future__ import annotations

import json

from hatelens.models.detector import Prediction, Span

PREDICTION = Prediction(
    "hateful", 0.75, "flag", {"normal": 0.25, "hateful": 0.75}, "m1", "p1", spans=(Span(2, 5, 0.5),)
)


def test_the_record_holds_every_field_and_the_text_first():
    record = PREDICTION.to_dict("a text")
    assert list(record) == [
        "text",
        "label",
        "hateful",
        "decision",
        "scores",
        "attributes",
        "targets",
        "spans",
        "explanation",
        "language",
        "note",
        "model_version",
        "policy_version",
    ]
    assert record["spans"] == [{"begin": 2, "end": 5, "score": 0.5}]
    assert record["explanation"] is None
    assert json.loads(json.dumps(record)) == record


def test_without_a_text_the_record_has_none():
    assert "text" not in PREDICTION.to_dict()


def test_spans_move_with_their_window():
    assert PREDICTION.shifted(10).spans == (Span(12, 15, 0.5),)
