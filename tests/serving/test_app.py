from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import ConfigError, DataError, ModelError
from hatelens.serving import app as service
from hatelens.serving.record import RECORD_EXAMPLE, REQUEST_EXAMPLES, Record
from tests.serving.conftest import Keywords


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
    assert {path.split("/")[1] for path in document["paths"]} == {
        "$discovery",
        "appeals",
        "contentsafety",
        "drift.json",
        "healthcheck",
        "infer",
        "jobs",
        "live",
        "metrics",
        "predict",
        "ready",
        "report",
        "texts",
        "v1",
        "v1alpha1",
    }
    infer = document["paths"]["/infer"]["post"]
    content = infer["requestBody"]["content"]
    assert set(content) == {"application/json", "text/plain"}
    schema = Draft202012Validator(content["application/json"]["schema"])
    for example in REQUEST_EXAMPLES.values():
        schema.validate(example["value"])
        assert client.post("/infer", json=example["value"]).status_code == 200
    assert {"200", "400", "413", "415", "422", "429", "500", "503"} == set(infer["responses"])


def test_the_example_of_an_answer_is_a_record() -> None:
    record = Record.model_validate(RECORD_EXAMPLE)
    (span,) = record.spans
    assert record.text[span.begin : span.end] == "dreadful"


def test_the_policy_file_decides_and_is_counted(settings: ServerSettings, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("communities: {strict: {flag: 0.05}}")
    changed = settings.model_copy(update={"policy": str(file)})
    with TestClient(service.create(Pipeline(Keywords()), changed)) as client:
        strict = client.post("/infer?community=strict", json={"text": "A fine film."})
        usual = client.post("/infer?community=other", json={"text": "A fine film."})
        counts = client.get("/metrics")
    assert (strict.json()["decision"], usual.json()["decision"]) == ("flag", "clear")
    assert strict.json()["policy_version"] == strict.headers["x-policy-version"] != "policy-1"
    assert usual.headers["x-policy-version"] == "policy-1"
    assert counts.headers["content-type"].startswith("text/plain; version=0.0.4")
    decided = next(line for line in counts.text.splitlines() if 'decision="flag"' in line)
    assert 'community="strict"' in decided
    assert 'hatelens_requests_total{method="POST",route="/infer",status="200"} 2.0' in counts.text
    assert "other" not in counts.text


def test_a_policy_that_cannot_hold_is_told_before_the_start(
    settings: ServerSettings, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    changed = settings.model_copy(update={"policy": str(file)})
    with pytest.raises(ConfigError, match="cannot be read"):
        service.create(Pipeline(Keywords()), changed)
    file.write_text("communities: {a: {flag: 0.5, adapter: forum}}")
    with pytest.raises(ModelError, match="Only a mixture has adapters"):
        service.create(Pipeline(Keywords()), changed)
