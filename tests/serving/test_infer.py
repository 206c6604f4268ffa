from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import app as service
from hatelens.serving.record import Error, Record, Results
from hatelens.storage import answers
from hatelens.storage import database as databases
from tests.serving.conftest import Keywords

PLAIN = {"Content-Type": "text/plain"}


def test_one_text_is_answered_with_the_one_record(client: TestClient) -> None:
    text = "What a stupid film."
    answer = client.post("/infer", json={"text": text})
    assert answer.status_code == 200
    assert answer.json() == Pipeline(Keywords()).predict([text])[0].to_dict(text)
    assert next(iter(answer.json())) == "text"
    Record.model_validate(answer.json())


def test_the_record_says_the_language_and_what_the_heads_say(client: TestClient) -> None:
    text = "Das war gestern Abend doch ein ziemlich langweiliger Film."
    record = client.post("/infer", json={"text": text}).json()
    assert record["language"] == "de"
    assert record["decision"] == "unsure"
    assert "the model knows en only" in record["note"]
    assert record["attributes"] == {"insult": 0.1}
    assert record["targets"] == {"<b>neighbours": 0.5}
    Record.model_validate(record)


def test_an_explanation_marks_the_characters_of_the_text(client: TestClient) -> None:
    text = "\U0001f600 the stupid film"
    record = client.post("/infer", json={"text": text, "explain": True}).json()
    (span,) = record["spans"]
    assert text[span["begin"] : span["end"]] == "stupid"
    assert record["explanation"] == {"method": "occlusion"}
    Record.model_validate(record)


def test_several_texts_are_answered_in_their_order(client: TestClient) -> None:
    texts = ["A stupid film.", "A lovely film.", "A dreadful film."]
    results = client.post("/infer", json={"texts": texts}).json()["results"]
    assert [record["text"] for record in results] == texts
    assert [record["label"] for record in results] == ["unkind", "kind", "unkind"]
    Results.model_validate({"results": results})


def test_plain_text_is_answered_with_the_bare_label(client: TestClient) -> None:
    answer = client.post("/infer", content="A stupid film.", headers=PLAIN)
    assert answer.text == "unkind"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_every_answer_says_which_versions_gave_it(client: TestClient) -> None:
    for answer in (
        client.post("/infer", json={"text": "a"}),
        client.post("/infer", content="a", headers=PLAIN),
    ):
        assert answer.headers["x-model-version"] == "keywords-1"
        assert answer.headers["x-policy-version"] == "policy-1"


def test_a_lone_surrogate_is_answered(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = rb'{"text": "a \ud800 stupid \udfff text", "explain": true}'
    answer = client.post("/infer", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["text"] == "a \ud800 stupid \udfff text"
    assert answer.content.isascii()


def _endless() -> Iterator[bytes]:
    for _ in range(100):
        yield b"x" * 100


def test_a_body_that_is_too_large_is_refused_with_and_without_a_declared_length(
    client: TestClient,
) -> None:
    for content in (b"x" * 2001, _endless()):
        answer = client.post("/infer", content=content, headers=PLAIN)
        assert answer.status_code == 413
        assert answer.json()["error"].startswith("The body is larger than 2000 bytes")


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "text/plain", 400),
        (b"\xff", "text/plain", 400),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"{}", "application/json", 422),
        (b'{"text": 1}', "application/json", 422),
        (b"<x/>", "application/xml", 415),
        (b"x" * 201, "text/plain", 413),
    ],
)
def test_a_refusal_is_one_line_of_json(
    client: TestClient, content: bytes, media: str, status: int
) -> None:
    answer = client.post("/infer", content=content, headers={"Content-Type": media})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert "\n" not in Error.model_validate(answer.json()).error


def test_a_request_without_content_type_is_told_what_to_send(client: TestClient) -> None:
    answer = client.post("/infer", content=b"hello")
    assert answer.status_code == 415
    assert "text/plain" in answer.json()["error"]


def test_a_real_model_answers_the_record(linear: Pipeline, settings: ServerSettings) -> None:
    text = "Zorblaxians are stupid and disgusting, throw them all out of our town."
    with TestClient(service.create(linear, settings)) as client:
        record = client.post("/infer", json={"text": text, "explain": True}).json()
    assert record == linear.predict([text], explain=True)[0].to_dict(text)
    assert Record.model_validate(record).decision in {"flag", "unsure", "clear"}


def test_an_answer_is_on_record_with_its_request_and_a_refusal_is_not(
    client: TestClient, settings: ServerSettings
) -> None:
    asked = client.post("/infer?community=forum", json={"texts": ["A stupid film.", "A fine one."]})
    refused = client.post("/infer", json={"text": 3})
    database = databases.opened(settings.database, new=False)
    found = answers.of_request(database, asked.headers["x-request-id"], 0)
    assert [(one.place, one.decision, one.route, one.community) for one in found] == [
        (0, "flag", "/infer", "forum"),
        (1, "clear", "/infer", "forum"),
    ]
    assert answers.of_request(database, refused.headers["x-request-id"], 0) == []
    database.close()


def test_a_large_body_and_many_texts_are_answered_alike(
    linear: Pipeline, settings: ServerSettings
) -> None:
    changed = settings.model_copy(
        update={"max_body_bytes": 10**6, "max_texts": 100, "max_text_chars": 10**6}
    )
    texts = [f"Text number {number} " + "is fine, " * 400 for number in range(20)]
    with TestClient(service.create(linear, changed)) as client:
        results = client.post("/infer", json={"texts": texts}).json()["results"]
    assert [record["text"] for record in results] == texts
    assert results[3] == linear.predict([texts[3]])[0].to_dict(texts[3])


def test_a_community_with_too_long_a_name_is_refused(client: TestClient) -> None:
    answer = client.post("/infer?community=" + "c" * 129, json={"text": "a"})
    assert answer.status_code == 422
    assert "community has 129 characters" in answer.json()["error"]
