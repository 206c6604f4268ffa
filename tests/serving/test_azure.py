"""``text:analyze``: Azure's shape, severities that follow the thresholds, and no guesses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.models.decision import Thresholds
from hatelens.serving import azure, azure_record
from hatelens.serving.azure import severity
from hatelens.storage import answers
from hatelens.storage import database as databases
from tests.serving import recorded
from tests.serving.test_moderations import Manifold
from tests.serving.whole import running

PATH = "/contentsafety/text:analyze?api-version=2024-09-01"
LIMITS = Thresholds(flag=0.8, clear=0.4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with running(folder) as opened:
        yield opened


def analysed(client: TestClient, **body: Any) -> dict[str, int | None]:
    answer = client.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    Draft202012Validator(azure_record.RESPONSE).validate(answer.json())
    assert answer.json()["blocklistsMatch"] == []
    return {one["category"]: one.get("severity") for one in answer.json()["categoriesAnalysis"]}


@pytest.mark.parametrize(
    ("score", "eight"),
    [
        (0.0, 0), (0.19, 0), (0.2, 1), (0.39, 1), (0.4, 2), (0.59, 2), (0.61, 3), (0.79, 3),
        (0.8, 4), (0.84, 4), (0.86, 5), (0.91, 6), (0.96, 7), (1.0, 7),
    ],
)  # fmt: skip
def test_severities_rise_with_the_score_and_change_at_the_thresholds(
    score: float, eight: int
) -> None:
    assert severity(score, LIMITS, LIMITS.decide(score)) == eight


def test_a_text_that_is_unsure_for_its_language_is_in_the_middle_whatever_its_score() -> None:
    assert [severity(score, LIMITS, "unsure") for score in (0.0, 0.5, 1.0)] == [2, 2, 3]


@pytest.mark.parametrize("limit", [0.0, 0.5, 1.0])
def test_thresholds_without_room_between_them_give_a_severity_too(limit: float) -> None:
    limits = Thresholds(flag=limit, clear=limit)
    for score in (0.0, limit, 1.0):
        assert 0 <= severity(score, limits, limits.decide(score)) <= 7


def test_four_severities_are_the_even_ones(client: TestClient) -> None:
    for text in ("A lovely film.", "A stupid film.", "A stupid, dreadful film."):
        four = analysed(client, text=text)["Hate"]
        eight = analysed(client, text=text, outputType="EightSeverityLevels")["Hate"]
        assert four is not None
        assert eight is not None
        assert four == eight // 2 * 2
    assert four == 6


def test_what_the_model_does_not_score_has_no_severity(client: TestClient) -> None:
    found = analysed(client, text="A stupid film.")
    assert found == {"Hate": 4, "SelfHarm": None, "Sexual": None, "Violence": None}


def test_an_attribute_that_the_model_has_is_its_category(tmp_path: Path) -> None:
    with running(tmp_path, Pipeline(Manifold())) as client:
        assert analysed(client, text="A lovely film.")["Sexual"] == 4


def test_only_the_categories_that_are_asked_for_are_answered(client: TestClient) -> None:
    assert list(analysed(client, text="a", categories=["Violence", "Hate", "Hate"])) == [
        "Violence",
        "Hate",
    ]
    nothing: dict[str, Any] = {"categories": [], "blocklistNames": [], "outputType": None}
    assert len(analysed(client, text="a", haltOnBlocklistHit=True, **nothing)) == 4


def test_the_communitys_thresholds_cut(client: TestClient) -> None:
    body = {"text": "A stupid film.", "outputType": "EightSeverityLevels"}
    found = client.post(f"{PATH}&community=my-forum", json=body).json()["categoriesAnalysis"]
    limits = Thresholds(flag=0.71, clear=0.40)
    assert found[0]["severity"] == severity(0.8, limits, "flag")


def test_the_answer_is_on_record(client: TestClient, folder: Path) -> None:
    answer = client.post(PATH, json={"text": "A stupid film."})
    assert answer.headers["x-policy-version"] == "policy-1"
    database = databases.opened(recorded.url(folder))
    (found,) = answers.of_request(database, answer.headers["x-request-id"], 0)
    database.close()
    assert (found.route, found.label) == (azure.PATH, "unkind")


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        (b"", 400, "is empty"),
        (b"{", 400, "not JSON"),
        (b"[]", 400, "must be an object"),
        (b"{}", 400, "has no text"),
        (b'{"text": null}', 400, "has no text"),
        (b'{"text": ""}', 400, "text is empty"),
        (b'{"text": 1}', 400, "text is a number"),
        (b'{"texts": "a"}', 400, "did you mean 'text'"),
        (b'{"text": "a", "categories": "Hate"}', 400, "must be a list"),
        (b'{"text": "a", "categories": ["Rudeness"]}', 400, "'Rudeness'; there are Hate,"),
        (b'{"text": "a", "categories": [{}]}', 400, "there are Hate,"),
        (b'{"text": "a", "blocklistNames": ["mine"]}', 400, "There are no blocklists here"),
        (b'{"text": "a", "haltOnBlocklistHit": 1}', 400, "must be true or false"),
        (b'{"text": "a", "outputType": "Three"}', 400, "'Three'; send one of FourSeverityLevels"),
        (json.dumps({"text": "a" * 10_001}).encode(), 413, "at most 10000"),
    ],
)
def test_what_is_wrong_is_refused_as_azure_does(
    client: TestClient, body: bytes, status: int, line: str
) -> None:
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    Draft202012Validator(azure_record.ERROR).validate(answer.json())
    assert answer.json()["error"]["code"] == "InvalidRequestBody"
    assert line in answer.json()["error"]["message"]
    assert "\n" not in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("", "api-version is missing; send 2023-10-01 or 2024-09-01."),
        ("?api-version=2020-01-01", "api-version is '2020-01-01'"),
        (f"?api-version=2024-09-01&community={'x' * 129}", "at most 128"),
    ],
)
def test_a_wrong_query_is_refused_in_the_same_shape(
    client: TestClient, query: str, line: str
) -> None:
    answer = client.post(f"{azure.PATH}{query}", json={"text": "a"})
    assert answer.status_code == 400
    assert line in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "401"), (404, "NotFound"), (429, "TooManyRequests"), (415, "Inva")]
)
def test_a_refusal_has_a_code(status: int, code: str) -> None:
    answer = azure.refusal(status, "A line.")
    assert answer.status_code == status
    assert json.loads(bytes(answer.body))["error"]["code"].startswith(code)
