from __future__ import annotations

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from hatelens.errors import DataError
from hatelens.serving.record import RECORD_EXAMPLE, REQUEST_EXAMPLES, Record


def test_an_unknown_path_and_a_wrong_method_are_one_line(client: TestClient) -> None:
    lost = client.get("/infre")
    assert (lost.status_code, lost.json()) == (
        404,
        {"error": "There is nothing at this path; GET /docs lists the paths."},
    )
    wrong = client.get("/infer")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert "does not take GET" in wrong.json()["error"]


def test_a_path_with_a_slash_too_many_is_not_redirected(client: TestClient) -> None:
    assert client.post("/infer/", json={"text": "a"}, follow_redirects=False).status_code == 404


def test_a_failing_model_is_500_without_the_reason(broken: TestClient) -> None:
    answer = broken.post("/infer", json={"text": "a"})
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("The model failed on this request")
    assert "weights" not in answer.text


def test_a_users_mistake_below_the_server_is_422(app: FastAPI, client: TestClient) -> None:
    @app.get("/mistake")
    async def mistake() -> None:
        raise DataError("No such thing; send another.")

    answer = client.get("/mistake")
    assert (answer.status_code, answer.json()) == (422, {"error": "No such thing; send another."})


def test_fastapis_own_validation_has_the_same_shape(app: FastAPI, client: TestClient) -> None:
    @app.get("/count")
    async def count(number: int) -> int:
        return number

    answer = client.get("/count?number=many")
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith("query.number: ")


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_pages_that_would_load_scripts_from_outside_are_off(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_openapi_describes_the_requests_and_their_examples_fit(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {"/healthcheck", "/infer"}
    infer = document["paths"]["/infer"]["post"]
    content = infer["requestBody"]["content"]
    assert set(content) == {"application/json", "text/plain"}
    schema = Draft202012Validator(content["application/json"]["schema"])
    for example in REQUEST_EXAMPLES.values():
        schema.validate(example["value"])
        assert client.post("/infer", json=example["value"]).status_code == 200
    assert {"200", "400", "413", "415", "422", "500"} == set(infer["responses"])


def test_the_example_of_an_answer_is_a_record() -> None:
    record = Record.model_validate(RECORD_EXAMPLE)
    (span,) = record.spans
    assert record.text[span.begin : span.end] == "dreadful"
