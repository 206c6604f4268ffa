from __future__ import annotations

import logging

import pytest
from starlette.testclient import TestClient


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "hatelens.access"]


def test_a_request_is_one_line_without_text_path_or_query(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="hatelens.access")
    client.post("/infer?note=private", json={"text": "a private text"})
    client.get("/static/private.css")
    client.get("/private%0Apath")
    logged = lines(caplog)
    assert [line.rsplit(" ", 2)[0] for line in logged] == [
        "POST /infer 200",
        "GET /static/{name} 404",
        "GET - 404",
    ]
    assert "private" not in caplog.text


def test_a_failure_is_logged_as_500(broken: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="hatelens.access")
    broken.post("/infer", json={"text": "a"})
    assert lines(caplog)[0].startswith("POST /infer 500")


def test_a_request_is_also_told_as_fields(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="hatelens.access")
    client.get("/live")
    (record,) = (one for one in caplog.records if one.name == "hatelens.access")
    facts = record.__dict__["facts"]
    assert (facts["method"], facts["route"], facts["status"]) == ("GET", "/live", 200)
    assert facts["ms"] > 0
