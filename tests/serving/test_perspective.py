"""Perspective's routes, asked as its callers do."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import app as service
from hatelens.serving import perspective
from hatelens.serving.perspective_record import (
    ANALYZE_EXAMPLE,
    ANALYZED_EXAMPLE,
    SUGGEST_EXAMPLE,
    Analyzed,
    Problems,
    SuggestionTaken,
)
from tests.hostile import strings
from tests.serving.conftest import Keywords
from tests.serving.recorded import url

ANALYZE, SUGGEST = perspective.ANALYZE_PATH, perspective.SUGGEST_PATH
JSON = {"Content-Type": "application/json"}
TEXT = "What a stupid, dreadful film."
GERMAN = "Das war gestern Abend doch ein ziemlich langweiliger Film."


def ask(text: str, *names: str, **more: Any) -> dict[str, Any]:
    wanted = {name: {} for name in names or ("INSULT",)}
    return {"comment": {"text": text}, "requestedAttributes": wanted} | more


def hateful(text: str) -> float:
    (prediction,) = Pipeline(Keywords()).predict([text])
    return round(prediction.hateful, 6)


def problem(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 400
    Problems.model_validate(answer.json())
    return answer.json()["error"]


def test_an_answer_has_perspectives_shape(client: TestClient) -> None:
    answer = client.post(f"{ANALYZE}?key=mine&alt=json", json=ask(TEXT, "INSULT", "TOXICITY"))
    score = {"value": hateful(TEXT), "type": "PROBABILITY"}
    scores = {
        "spanScores": [{"begin": 0, "end": len(TEXT), "score": score}],
        "summaryScore": score,
    }
    assert answer.status_code == 200
    assert answer.json() == {
        "attributeScores": {"INSULT": scores, "TOXICITY": scores},
        "languages": ["en"],
        "detectedLanguages": ["en"],
    }
    assert answer.headers["x-model-version"] == "keywords-1"
    Analyzed.model_validate(answer.json())


def test_names_mirror_the_request(client: TestClient) -> None:
    names = ["INSULT@6", "INSULT_EXPERIMENTAL", "IDENTITY_ATTACK@keywords-1"]
    scores = client.post(ANALYZE, json=ask(TEXT, *names)).json()["attributeScores"]
    assert list(scores) == names


def test_scores_below_their_threshold_are_left_out(client: TestClient) -> None:
    score = hateful(TEXT)
    wanted = {"INSULT": {"scoreThreshold": score}, "TOXICITY": {"scoreThreshold": score + 0.001}}
    body = {"comment": {"text": TEXT}, "requestedAttributes": wanted}
    assert list(client.post(ANALYZE, json=body).json()["attributeScores"]) == ["INSULT"]


def test_each_sentence_is_scored_where_that_is_asked(client: TestClient) -> None:
    text = "\U0001f600 Good tea! A stupid film.\nBye"
    found = client.post(ANALYZE, json=ask(text, spanAnnotations=True)).json()
    spans = found["attributeScores"]["INSULT"]["spanScores"]
    units = text.encode("utf-16-le")
    said = [units[2 * span["begin"] : 2 * span["end"]].decode("utf-16-le") for span in spans]
    assert said == ["\U0001f600 Good tea!", "A stupid film.", "Bye"]
    assert [span["score"]["value"] for span in spans] == [hateful(sentence) for sentence in said]
    assert found["attributeScores"]["INSULT"]["summaryScore"]["value"] == hateful(text)


def test_too_many_sentences_are_refused(client: TestClient) -> None:
    error = problem(client.post(ANALYZE, json=ask("Hi. " * 6, spanAnnotations=True)))
    assert "6 sentences; at most 5 are allowed" in error["message"]


@pytest.mark.parametrize("token", ["", "mine", "\x00 \ud800 <b>"])
def test_the_token_comes_back_whatever_it_holds(client: TestClient, token: str) -> None:
    said = {"INSULT": {"summaryScore": {"value": 1}}}
    suggestion = {"comment": {"text": TEXT}, "attributeScores": said, "clientToken": token}
    for path, body in ((ANALYZE, ask(TEXT, clientToken=token)), (SUGGEST, suggestion)):
        answer = client.post(path, content=json.dumps(body), headers=JSON)
        assert answer.status_code == 200
        assert answer.json()["clientToken"] == token


@pytest.mark.parametrize("names", [("THREAT",), ("INSULT", "SEVERE_TOXICITY"), ("insult",)])
def test_what_the_model_cannot_score_is_refused(client: TestClient, names: tuple[str, ...]) -> None:
    error = problem(client.post(ANALYZE, json=ask(TEXT, *names)))
    assert error["message"].startswith(f"Unknown requested attribute: {names[-1]}. ")
    assert "scores TOXICITY, IDENTITY_ATTACK, INSULT" in error["message"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"][0]["errorType"] == "INVALID_REQUEST"


def test_a_language_that_was_found_and_is_not_known_is_refused(client: TestClient) -> None:
    error = problem(client.post(ANALYZE, json=ask(GERMAN, "TOXICITY")))
    assert error["message"].startswith("Attribute TOXICITY does not support request languages: de.")
    (detail,) = error["details"]
    assert detail["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    assert detail["languageNotSupportedByAttributeError"] == {
        "detectedLanguages": ["de"],
        "attribute": "TOXICITY",
    }


def test_a_language_that_is_said_and_not_known_is_refused(client: TestClient) -> None:
    for languages in (["de"], ["en", "de"], ["en-Latn"], ["en\n\ud800"], ["x" * 500]):
        body = json.dumps(ask(TEXT, languages=languages))
        error = problem(client.post(ANALYZE, content=body, headers=JSON))
        said = error["details"][0]["languageNotSupportedByAttributeError"]
        assert said["requestedLanguages"] == languages
        assert "\n" not in error["message"]


def test_a_language_that_is_said_is_believed(client: TestClient) -> None:
    found = client.post(ANALYZE, json=ask(GERMAN, languages=["en"])).json()
    assert found["languages"] == ["en"]
    assert found["detectedLanguages"] == ["de"]
    assert found["attributeScores"]["INSULT"]["summaryScore"]["value"] == hateful(GERMAN)


def test_a_region_makes_no_other_language(client: TestClient) -> None:
    for languages in (["en-US"], ["EN"], ["en-001", "en"]):
        found = client.post(ANALYZE, json=ask(TEXT, languages=languages)).json()
        assert found["languages"] == languages


def test_a_text_too_short_to_tell_is_read_in_the_models_language(client: TestClient) -> None:
    found = client.post(ANALYZE, json=ask("ok")).json()
    assert found["languages"] == ["en"]
    assert "detectedLanguages" not in found


def test_a_suggestion_is_taken(client: TestClient) -> None:
    body = {
        "comment": {"text": TEXT},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.25}}},
        "languages": ["en"],
        "communityId": "films",
        "clientToken": "c-1",
    }
    answer = client.post(f"{SUGGEST}?key=mine", json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "clientToken": "c-1", "detectedLanguages": ["en"], "requestedLanguages": ["en"],
    }  # fmt: skip
    SuggestionTaken.model_validate(answer.json())


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"comment": NaN}', "application/json", 400),
        (b"[" * 1000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"text=a", "application/x-www-form-urlencoded", 400),
        (b" " * 2001, "application/json", 413),
    ],
)
def test_a_refusal_has_googles_envelope(
    client: TestClient, path: str, content: bytes, media: str, status: int
) -> None:
    answer = client.post(path, content=content, headers={"Content-Type": media})
    assert answer.status_code == status
    error = Problems.model_validate(answer.json()).error
    assert (error.code, error.status) == (status, "INVALID_ARGUMENT")
    assert "\n" not in error.message


def test_paths_and_methods_that_are_not_there_have_the_envelope_too(client: TestClient) -> None:
    for answer, status in (
        (client.get(ANALYZE), 405),
        (client.post("/v1alpha1/comments:analyse", json={}), 404),
    ):
        assert answer.status_code == status
        assert Problems.model_validate(answer.json()).error.code == status


@pytest.mark.parametrize(("keep", "stored"), [(True, 1), (False, 0)])
def test_do_not_store_keeps_the_text_out_whatever_the_settings_say(
    tmp_path: Path, keep: bool, stored: int
) -> None:
    settings = ServerSettings(
        database=url(tmp_path),
        store_text="all",
        secret=SecretStr("a secret of the tests, long enough"),
    )
    with TestClient(service.create(Pipeline(Keywords()), settings)) as opened:
        body = ask(TEXT, doNotStore=not keep)
        assert opened.post(ANALYZE, json=body).status_code == 200
    with sqlite3.connect(tmp_path / "record.db") as record:
        assert record.execute("SELECT count(*) FROM answers").fetchone() == (1,)
        assert record.execute("SELECT count(*) FROM texts").fetchone() == (stored,)


def test_a_missing_key_is_told_in_the_envelope(tmp_path: Path) -> None:
    settings = ServerSettings(database=url(tmp_path), require_key=True)
    with TestClient(service.create(Pipeline(Keywords()), settings)) as opened:
        for path in (ANALYZE, f"{ANALYZE}?key=AIza", SUGGEST):
            answer = opened.post(path, json=ask(TEXT))
            assert answer.status_code == 401
            assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
        assert opened.get("/$discovery/rest?version=v1alpha1").status_code == 200


def test_hostile_texts_tokens_and_communities_get_an_answer_each(client: TestClient) -> None:
    for text in strings(60, longest=150):
        body = ask(text[:40], clientToken=text[:40], communityId=text[:40], languages=["en"])
        answer = client.post(ANALYZE, content=json.dumps(body), headers=JSON)
        assert answer.status_code == 200, answer.text
        assert answer.content.isascii()


def test_a_hostile_name_is_refused_in_one_line(client: TestClient) -> None:
    for name in strings(60, longest=100):
        body = json.dumps(ask(TEXT, name[:100]))
        error = problem(client.post(ANALYZE, content=body, headers=JSON))
        assert error["message"].startswith("Unknown requested attribute: ")
        assert error["message"].isascii()
        assert error["message"].isprintable()


def test_openapi_describes_both_routes_and_their_examples_fit(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, example in ((ANALYZE, ANALYZE_EXAMPLE), (SUGGEST, SUGGEST_EXAMPLE)):
        route = paths[path]["post"]
        content = route["requestBody"]["content"]["application/json"]
        assert content["example"] == example
        Draft202012Validator(content["schema"]).validate(example)
        assert client.post(path, json=example).status_code == 200
        assert {"200", "400", "413", "429", "500", "503"} <= set(route["responses"])
    assert "/$discovery/rest" in paths
    Analyzed.model_validate(ANALYZED_EXAMPLE)


@pytest.mark.parametrize(
    ("text", "ranges", "expected"),
    [
        ("plain", [(0, 5)], [(0, 5)]),
        ("über", [(0, 4)], [(0, 4)]),
        ("\U0001f600 a \U0001f600", [(0, 1), (2, 5)], [(0, 2), (3, 7)]),
        ("\ud800a", [(0, 2)], [(0, 2)]),
    ],
)
def test_places_are_counted_as_javascript_counts(text, ranges, expected) -> None:
    assert perspective.utf16(text, ranges) == expected
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert perspective.utf16(text, [(0, len(text))]) == [(0, length)]
