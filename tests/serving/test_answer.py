from __future__ import annotations

import json

from hatelens.serving.answer import Json, refused, shown


def test_a_lone_surrogate_becomes_an_escape() -> None:
    body = bytes(Json({"text": "\ud800"}).body)
    assert body == b'{"text": "\\ud800"}'


def test_a_refusal_has_one_shape() -> None:
    answer = refused(418, "It is a teapot.")
    assert answer.status_code == 418
    assert json.loads(bytes(answer.body)) == {"error": "It is a teapot."}


def test_what_a_stranger_sent_is_shown_short_and_printable() -> None:
    assert shown("a\nb\x1b") == r"'a\nb\x1b'"
    assert shown("é\ud800") == r"'\xe9\ud800'"
    assert len(shown("x" * 500)) == 60
