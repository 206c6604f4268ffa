"""The JSON of Perspective's requests."""

from __future__ import annotations

from typing import Any

import pytest

from hatelens.config.settings import ServerSettings
from hatelens.serving.answer import RefusalError
from hatelens.serving.google_rpc import GoogleError
from hatelens.serving.perspective_question import Common, Wanted, analysis, suggestion
from tests.hostile import strings

SETTINGS = ServerSettings(max_text_chars=200)
COMMENT = {"comment": {"text": "A film."}}
LEAST = {**COMMENT, "requestedAttributes": {"INSULT": {}}}
SUGGESTED = {**COMMENT, "attributeScores": {"INSULT": {"summaryScore": {"value": 0.5}}}}


def test_the_least_that_can_be_asked() -> None:
    asked = analysis(LEAST, SETTINGS)
    assert asked.common == Common("A film.")
    assert asked.attributes == (Wanted("INSULT"),)
    assert (asked.keep, asked.spans) == (True, False)


def test_everything_that_can_be_asked() -> None:
    everything = {
        "comment": {"text": "A film.", "type": "PLAIN_TEXT"},
        "context": {"entries": [{"text": "Before.", "type": "PLAIN_TEXT"}]},
        "requestedAttributes": {
            "INSULT": {"scoreType": "PROBABILITY", "scoreThreshold": 0.25},
            "THREAT@6": {"scoreThreshold": 1},
        },
        "languages": ["en", "de"],
        "doNotStore": True,
        "spanAnnotations": True,
        "clientToken": "mine",
        "sessionId": "s",
        "communityId": "/forum/films",
    }
    asked = analysis(everything, SETTINGS)
    assert asked.common == Common("A film.", ("en", "de"), "/forum/films", "mine")
    assert asked.attributes == (Wanted("INSULT", 0.25), Wanted("THREAT@6", 1.0))
    assert (asked.keep, asked.spans) == (False, True)


def test_null_is_a_field_that_is_not_there() -> None:
    nulls: dict[str, Any] = dict.fromkeys(
        ("context", "languages", "doNotStore", "spanAnnotations", "clientToken", "communityId")
    )
    parameters = {"INSULT": {"scoreThreshold": None, "scoreType": None}, "THREAT": None}
    comment = {"text": "A film.", "type": None}
    asked = analysis({**nulls, "comment": comment, "requestedAttributes": parameters}, SETTINGS)
    assert asked.common == Common("A film.")
    assert asked.attributes == (Wanted("INSULT"), Wanted("THREAT"))


def test_a_suggestion_holds_a_score_per_attribute() -> None:
    said = suggestion({**SUGGESTED, "communityId": "films", "clientToken": "c"}, SETTINGS)
    assert said.common == Common("A film.", (), "films", "c")
    assert said.scores == {"INSULT": 0.5}


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"comment": None}, "COMMENT_EMPTY", "must be non-empty"),
        ({"comment": {"text": ""}}, "COMMENT_EMPTY", "must be non-empty"),
        ({"comment": {"text": "x" * 201}}, "COMMENT_TOO_LONG", "201 characters; at most 200"),
        ({"comment": {"text": "a", "type": "HTML"}}, "INVALID_REQUEST", "only 'PLAIN_TEXT'"),
        ({"comment": {"text": "a", "type": "PDF"}}, "INVALID_REQUEST", "No comment.type named"),
        ({"comment": {"txet": "a"}}, "INVALID_REQUEST", "did you mean 'text'"),
        ({"requestedAttributes": None}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        ({"requestedAttributes": {}}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        ({"requestedAttribute": {}}, "INVALID_REQUEST", "did you mean 'requestedAttributes'"),
        (
            {"requestedAttributes": {"INSULT": {"scoreType": "RAW"}}},
            "INVALID_REQUEST",
            "Requested score type RAW is not supported by attribute 'INSULT'",
        ),
        (
            {"requestedAttributes": {"INSULT": {"scoreThreshold": 10**400}}},
            "INVALID_REQUEST",
            "too large a number",
        ),
        (
            {"requestedAttributes": {str(n): {} for n in range(65)}},
            "INVALID_REQUEST",
            "65 entries; at most 64",
        ),
        ({"languages": ["en"] * 65}, "INVALID_REQUEST", "at most 64"),
        ({"clientToken": "x" * 1025}, "INVALID_REQUEST", "1025 characters; at most 1024"),
        (
            {"context": {"entries": [], "articleAndParentComment": {}}},
            "INVALID_REQUEST",
            "both fields were populated",
        ),
        ({"context": {"article": {}}}, "INVALID_REQUEST", "context: No field named 'article'"),
    ],
)
def test_what_is_wrong_has_perspectives_reason(
    change: dict[str, Any], kind: str, words: str
) -> None:
    with pytest.raises(GoogleError) as caught:
        analysis({**LEAST, **change}, SETTINGS)
    assert caught.value.kind == kind
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"comment": []},
        {"comment": {"text": 1}},
        {"comment": {"text": "a", "type": 1}},
        {"context": "a"},
        {"context": {"entries": {}}},
        {"context": {"articleAndParentComment": []}},
        {"requestedAttributes": ["INSULT"]},
        {"requestedAttributes": {"INSULT": 1}},
        {"requestedAttributes": {"INSULT": {"scoreThreshold": "0.5"}}},
        {"requestedAttributes": {"INSULT": {"scoreThreshold": True}}},
        {"requestedAttributes": {"INSULT": {"scoreType": 1}}},
        {"languages": "en"},
        {"languages": [1]},
        {"doNotStore": "yes"},
        {"spanAnnotations": 1},
        {"clientToken": 1},
        {"sessionId": []},
        {"communityId": 3},
        {"communityId": "x" * 129},
    ],
)
def test_a_wrong_type_is_400_in_one_line(change: dict[str, Any]) -> None:
    with pytest.raises(RefusalError) as caught:
        analysis({**LEAST, **change}, SETTINGS)
    assert caught.value.status == 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (None, "missing or empty"),
        ({}, "missing or empty"),
        ({"insult": {"summaryScore": {"value": 1}}}, "no name of an attribute"),
        ({"IN\nSULT": {"summaryScore": {"value": 1}}}, "no name of an attribute"),
        ({"INSULT": {}}, "no summaryScore"),
        ({"INSULT": {"spanScores": []}}, "no summaryScore"),
        ({"INSULT": {"summaryScore": {"value": 1.5}}}, "is 1.5; it must be 0 to 1"),
        ({"INSULT": {"summaryScore": {"value": -1}}}, "it must be 0 to 1"),
        ({"INSULT": {"summaryScore": {"value": 1, "type": "PERCENTILE"}}}, "PERCENTILE is not"),
    ],
)
def test_a_suggestion_that_cannot_be_kept_is_refused(scores: Any, words: str) -> None:
    with pytest.raises(GoogleError, match=words) as caught:
        suggestion({**COMMENT, "attributeScores": scores}, SETTINGS)
    assert "\n" not in str(caught.value)


def test_a_score_of_zero_may_be_left_out_as_googles_clients_do() -> None:
    scores = {"INSULT": {"summaryScore": {"type": "PROBABILITY"}}}
    assert suggestion({**COMMENT, "attributeScores": scores}, SETTINGS).scores == {"INSULT": 0.0}


def test_hostile_names_and_values_are_refused_in_one_line() -> None:
    for text in strings(200, longest=2000):
        for values in (
            {**LEAST, text: 1},
            {**LEAST, "requestedAttributes": {text: {text: 1}}},
            {**LEAST, "comment": {"text": "a", "type": text}},
        ):
            with pytest.raises(RefusalError) as caught:
                analysis(values, SETTINGS)
            assert str(caught.value).isascii()
            assert str(caught.value).isprintable()
