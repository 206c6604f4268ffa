"""``POST /v1/moderations``: OpenAI's shape, and nothing in it that the model did not say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.models.detector import Prediction
from hatelens.serving import moderation_record, moderations
from hatelens.serving.moderation_record import CATEGORIES
from hatelens.storage import answers
from hatelens.storage import database as databases
from tests.serving import recorded
from tests.serving.conftest import Keywords
from tests.serving.whole import running

PATH = "/v1/moderations"


class Manifold(Keywords):
    """Also scores threats and what is sexual."""

    named: Mapping[str, float] = {"insult": 0.6, "threat": 0.95, "sexual_explicit": 0.2}

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [
            replace(one, attributes={**one.attributes, "threat": 0.9, "sexual_explicit": 0.3})
            for one in super().predict(texts)
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with running(folder, max_texts=3, max_text_chars=50) as opened:
        yield opened


def results(client: TestClient, value: Any) -> list[dict[str, Any]]:
    answer = client.post(PATH, json={"input": value, "model": "omni-moderation-latest"})
    assert answer.status_code == 200, answer.text
    Draft202012Validator(moderation_record.RESPONSE).validate(answer.json())
    return answer.json()["results"]


def test_one_text_has_one_result(client: TestClient) -> None:
    (unkind,) = results(client, "A stupid film.")
    assert unkind["flagged"] is True
    assert {name for name, flagged in unkind["categories"].items() if flagged} == {
        "hate", "harassment",
    }  # fmt: skip
    assert unkind["category_scores"]["hate"] == 0.8
    (kind,) = results(client, "A lovely film.")
    assert kind["flagged"] is False
    assert kind["category_scores"]["hate"] == 0.1


def test_what_the_model_does_not_score_is_zero_and_said_to_be_of_no_input(
    client: TestClient,
) -> None:
    (result,) = results(client, "A stupid film.")
    assert list(result["categories"]) == list(CATEGORIES)
    applied = {name for name, kinds in result["category_applied_input_types"].items() if kinds}
    assert applied == {"hate", "harassment"}
    for name in set(CATEGORIES) - applied:
        assert result["category_scores"][name] == 0.0
        assert result["categories"][name] is False


def test_attributes_that_the_model_has_are_their_categories(tmp_path: Path) -> None:
    with running(tmp_path, Pipeline(Manifold())) as client:
        (result,) = results(client, "A lovely film.")
    assert result["category_scores"]["harassment/threatening"] == 0.9
    assert result["category_scores"]["sexual"] == 0.3
    flagged = {name for name, said in result["categories"].items() if said}
    assert flagged == {"sexual"}  # from its own threshold on, which the threat does not reach
    assert result["flagged"] is True


def test_several_texts_have_one_result_each_in_their_order(client: TestClient) -> None:
    found = results(client, ["A stupid film.", "A lovely film."])
    assert [one["flagged"] for one in found] == [True, False]


def test_the_parts_of_a_message_have_one_result_together(client: TestClient) -> None:
    parts = [{"type": "text", "text": "A lovely"}, {"type": "text", "text": "stupid film."}]
    (result,) = results(client, parts)
    assert result["flagged"] is True


def test_the_answer_names_what_answered_and_is_on_record(client: TestClient, folder: Path) -> None:
    answer = client.post(f"{PATH}?community=my-forum", json={"input": ["a", "b"]})
    assert answer.headers["x-model-version"] == "keywords-1"
    assert answer.json()["model"] == "hatelens-keywords-1"
    database = databases.opened(recorded.url(folder))
    found = answers.of_request(database, answer.json()["id"].removeprefix("modr-"), 0)
    database.close()
    assert [(one.place, one.route, one.community) for one in found] == [
        (0, PATH, "my-forum"),
        (1, PATH, "my-forum"),
    ]


def test_the_communitys_thresholds_flag(client: TestClient) -> None:
    asked = {"input": "A stupid film."}
    strict = client.post(f"{PATH}?community=my-forum", json=asked).json()
    assert strict["results"][0]["categories"]["hate"] is True  # 0.8 is above its 0.71


def test_a_lone_surrogate_is_a_text_like_any_other(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post(PATH, content=rb'{"input": "a \ud800 stupid"}', headers=headers)
    assert answer.json()["results"][0]["flagged"] is True


PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        (b"", 400, "is empty"),
        (b"\xff", 400, "not UTF-8"),
        (b"{", 400, "not JSON"),
        (b"[]", 400, "must be an object"),
        (b"{}", 400, "has no input"),
        (b'{"inputs": "a"}', 400, "did you mean 'input'"),
        (b'{"input": 1}', 400, "input is a number; it must be a list."),
        (b'{"input": null}', 400, "input is null"),
        (b'{"input": ""}', 400, "input is empty"),
        (b'{"input": []}', 400, "an empty list"),
        (b'{"input": ["a", ""]}', 400, "input[1] is empty"),
        (b'{"input": ["a", 1]}', 400, "input[1] is a number"),
        (b'{"input": ["a", {}]}', 400, "input[1] is an object"),
        (b'{"input": "a", "model": 1}', 400, "model is a number"),
        (b'{"input": [{"text": "a"}]}', 400, "input[0].type is null"),
        (b'{"input": [{"type": "sound"}]}', 400, 'input[0].type must be "text"'),
        (b'{"input": [{"type": "text"}]}', 400, "input[0].text is null"),
        (b'{"input": [{"type": "text", "text": "a"}, "b"]}', 400, "input[1] is a string"),
        (json.dumps({"input": [PICTURE]}).encode(), 400, "cannot see"),
        (json.dumps({"input": ["a"] * 4}).encode(), 413, "at most 3"),
        (json.dumps({"input": "a" * 51}).encode(), 413, "at most 50"),
        (json.dumps({"input": [{"type": "text", "text": "a" * 30}] * 2}).encode(), 413, "61"),
    ],
)
def test_what_is_wrong_is_refused_as_openai_does(
    client: TestClient, body: bytes, status: int, line: str
) -> None:
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    Draft202012Validator(moderation_record.ERROR).validate(answer.json())
    error = answer.json()["error"]
    assert line in error["message"]
    assert "\n" not in error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_long_community_and_another_media_type_are_refused_in_the_same_shape(
    client: TestClient,
) -> None:
    for answer, status in (
        (client.post(f"{PATH}?community={'x' * 129}", json={"input": "a"}), 400),
        (client.post(PATH, content="a", headers={"Content-Type": "text/plain"}), 415),
        (client.get(PATH), 405),
    ):
        assert answer.status_code == status
        assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, "authentication_error", "invalid_api_key"),
        (403, "permission_error", None),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (500, "server_error", None),
        (503, "server_error", None),
    ],
)
def test_a_refusal_has_the_type_that_clients_know(status: int, kind: str, code: str) -> None:
    answer = moderations.refusal(status, "A line.")
    assert answer.status_code == status
    assert json.loads(bytes(answer.body))["error"] == {
        "message": "A line.", "type": kind, "param": None, "code": code,
    }  # fmt: skip


def test_the_interface_describes_what_is_taken(client: TestClient) -> None:
    document = client.get("/openapi.json").json()["paths"][PATH]["post"]
    schema = Draft202012Validator(document["requestBody"]["content"]["application/json"]["schema"])
    for value in ("a", ["a", "b"], [{"type": "text", "text": "a"}]):
        schema.validate({"input": value, "model": "omni-moderation-latest"})
        assert len(results(client, value)) in (1, 2)
    assert not schema.is_valid({"input": [PICTURE]})
