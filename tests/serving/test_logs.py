from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatelens.errors import StorageError
from hatelens.serving import logs, request_id
from tests.serving.whole import running

FORGED = "ok\r\n2026-01-01T00:00:00.000Z INFO forged\x1b[31m\u2028\x85\u202e\ud800 end"


@pytest.fixture
def request_named() -> Iterator[str]:
    token = request_id.current.set("01kbwr7m0000000000000000zz")
    yield "01kbwr7m0000000000000000zz"
    request_id.current.reset(token)


@pytest.mark.parametrize("form", ["plain", "json"])
def test_a_record_is_one_line_whatever_a_visitor_sent(form, capsys) -> None:
    logs.configure("info", form)
    logging.getLogger("hatelens.test").info("asked for %s", FORGED)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "forged" in line


def test_a_json_line_has_time_level_logger_message_request_and_facts(
    capsys, request_named: str
) -> None:
    logs.configure("info", "json")
    facts = {"route": "/infer", "status": 200, "level": "not ours"}
    logging.getLogger("hatelens.test").warning("done", extra={"facts": facts})
    fields = json.loads(capsys.readouterr().err)
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "level": "warning",
        "logger": "hatelens.test",
        "message": "done",
        "request": request_named,
        "route": "/infer",
        "status": 200,
    }


def test_a_plain_line_names_the_request(capsys, request_named: str) -> None:
    logs.configure("info", "plain")
    logging.getLogger("hatelens.test").info("done")
    assert capsys.readouterr().err.endswith(f" INFO hatelens.test {request_named} done\n")


def test_below_the_level_nothing_is_written(capsys) -> None:
    logs.configure("warning", "plain")
    logging.getLogger("hatelens.test").info("done")
    assert capsys.readouterr().err == ""


def failed(error: Exception) -> None:
    try:
        try:
            raise error
        except Exception as inner:
            raise KeyError("outer private text") from inner
    except KeyError:
        logging.getLogger("hatelens.test").exception("It failed.\n")


@pytest.mark.parametrize("form", ["plain", "json"])
def test_an_error_says_what_it_is_and_where_but_quotes_no_text(form, capsys) -> None:
    logs.configure("info", form)
    failed(ValueError("a private text\nforged line"))
    (line,) = capsys.readouterr().err.splitlines()
    assert "private" not in line
    assert line.count("test_logs.py:") == 2
    assert "KeyError" in line
    assert "ValueError" in line


def test_what_the_system_or_the_project_says_is_kept(capsys) -> None:
    logs.configure("info", "plain")
    failed(StorageError("The database is locked."))
    failed(OSError(28, "No space left on device"))
    written = capsys.readouterr().err
    assert "StorageError: The database is locked." in written
    assert "No space left on device" in written


def test_debug_shows_what_an_exception_says(capsys) -> None:
    logs.configure("debug", "plain")
    failed(ValueError("a text\nwith a break"))
    assert "ValueError: a text\\nwith a break" in capsys.readouterr().err


def test_no_line_of_the_service_holds_a_text_a_key_or_an_address(capsys, tmp_path: Path) -> None:
    logs.configure("debug", "json")
    with running(tmp_path) as client:
        named = client.post("/infer?note=private", json={"text": "a private text"})
        client.get("/predict?input_data=private")
        client.get("/private%0Apath", headers={"X-Api-Key": "hl_private"})
        client.post("/v1alpha1/comments:analyze?key=hl_private", content="{private")
        client.delete("/texts/private")
    written = capsys.readouterr().err
    found = [json.loads(line) for line in written.splitlines()]
    asked = [fields for fields in found if fields["logger"] == "hatelens.access"]
    assert [(fields["route"], fields["status"]) for fields in asked] == [
        ("/infer", 200),
        ("/predict", 200),
        ("-", 401),
        ("-", 401),
        ("/texts/{text_hash}", 422),
    ]
    assert asked[0]["request"] == named.headers["x-request-id"]
    assert len({fields["request"] for fields in asked}) == 5
    ours = [line for line in written.splitlines() if '"logger": "hatelens' in line]
    assert not [line for line in ours if "private" in line]


def test_a_long_message_is_cut(capsys) -> None:
    logs.configure("info", "plain")
    logging.getLogger("hatelens.test").info("x" * 1_000_000)
    assert len(capsys.readouterr().err) < logs.LONGEST + 100
