"""``/predict``: one text as ``input_data``, in the query or in JSON, and never in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.serving.record import Error, Record
from hatelens.storage import answers
from hatelens.storage import database as databases
from tests.serving import recorded
from tests.serving.conftest import Keywords
from tests.serving.whole import running

TEXT = "What a stupid film & more; \u00fcber \U0001f600"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with running(folder, max_text_chars=50) as opened:
        yield opened


def test_the_query_and_the_body_are_answered_with_the_record(client: TestClient) -> None:
    expected = Pipeline(Keywords()).predict([TEXT])[0].to_dict(TEXT)
    for answer in (
        client.get("/predict", params={"input_data": TEXT}),
        client.post("/predict", json={"input_data": TEXT}),
    ):
        assert answer.json() == expected
        assert answer.headers["x-model-version"] == "keywords-1"
        Record.model_validate(answer.json())


def test_the_answer_is_on_record_with_its_community(client: TestClient, folder: Path) -> None:
    answer = client.get("/predict?input_data=a%20stupid%20film&community=my-forum")
    database = databases.opened(recorded.url(folder))
    (found,) = answers.of_request(database, answer.headers["x-request-id"], 0)
    database.close()
    assert (found.route, found.community, found.length) == ("/predict", "my-forum", 13)


def test_the_text_of_the_address_is_not_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="hatelens"):
        client.get("/predict", params={"input_data": "quite stupid"})
        client.get("/predict", params={"input_data": "quite stupid" * 10})
    # The client's own log, in the same process here, names what it asked for.
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("hatelens")]
    assert [line.rsplit(" ", 2)[0] for line in ours] == ["GET /predict 200", "GET /predict 413"]


@pytest.mark.parametrize(
    ("query", "status", "line"),
    [
        ("", 400, "The query has no input_data; send /predict?input_data=TEXT."),
        ("?text=a", 400, "has no input_data"),
        ("?input_data=", 400, "input_data is empty"),
        ("?input_data=" + "x" * 51, 413, "at most 50"),
        ("?input_data=a&community=" + "x" * 129, 422, "at most 128"),
    ],
)
def test_a_wrong_query_is_one_line(client: TestClient, query: str, status: int, line: str) -> None:
    answer = client.get(f"/predict{query}")
    assert answer.status_code == status
    assert line in Error.model_validate(answer.json()).error


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("", "is empty"),
        ("[]", "must be an object"),
        ("{}", "has no input_data"),
        ('{"input": "a"}', "No field named 'input'"),
        ('{"input_data": ["a"]}', "must be a string"),
    ],
)
def test_a_wrong_body_is_one_line(client: TestClient, body: str, line: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/predict", content=body, headers=headers)
    assert answer.status_code == 400
    assert line in answer.json()["error"]


def test_bytes_that_are_not_utf8_are_a_text_like_any_other(client: TestClient) -> None:
    answer = client.get("/predict?input_data=stupid%ff")
    assert answer.json()["text"] == "stupid\ufffd"
