from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from hatelens.errors import StorageError
from hatelens.serving import logs, request_id

FORGED = "ok\r\n2026-01-01T00:00:00.000Z INFO forged\x1b[31m\u2028\x85\u202e\ud800 end"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """Give the root logger back as it was."""
    found = logging.getLogger()
    handlers, level = found.handlers, found.level
    yield found
    found.handlers = handlers
    found.setLevel(level)


@pytest.fixture
def request_named() -> Iterator[str]:
    token = request_id.current.set("01kbwr7m0000000000000000zz")
    yield "01kbwr7m0000000000000000zz"
    request_id.current.reset(token)


@pytest.mark.parametrize("form", ["plain", "json"])
def test_a_record_is_one_line_whatever_a_visitor_sent(form, root, capsys) -> None:
    logs.configure("info", form)
    logging.getLogger("hatelens.test").info("asked for %s", FORGED)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "forged" in line


def test_a_json_line_has_time_level_logger_message_request_and_facts(
    root, capsys, request_named: str
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


def test_a_plain_line_names_the_request(root, capsys, request_named: str) -> None:
    logs.configure("info", "plain")
    logging.getLogger("hatelens.test").info("done")
    assert capsys.readouterr().err.endswith(f" INFO hatelens.test {request_named} done\n")


def test_below_the_level_nothing_is_written(root, capsys) -> None:
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
def test_an_error_says_what_it_is_and_where_but_quotes_no_text(form, root, capsys) -> None:
    logs.configure("info", form)
    failed(ValueError("a private text\nforged line"))
    (line,) = capsys.readouterr().err.splitlines()
    assert "private" not in line
    assert line.count("test_logs.py:") == 2
    assert "KeyError" in line
    assert "ValueError" in line


def test_what_the_system_or_the_project_says_is_kept(root, capsys) -> None:
    logs.configure("info", "plain")
    failed(StorageError("The database is locked."))
    failed(OSError(28, "No space left on device"))
    written = capsys.readouterr().err
    assert "StorageError: The database is locked." in written
    assert "No space left on device" in written


def test_debug_shows_what_an_exception_says(root, capsys) -> None:
    logs.configure("debug", "plain")
    failed(ValueError("a text\nwith a break"))
    assert "ValueError: a text\\nwith a break" in capsys.readouterr().err


def test_a_long_message_is_cut(root, capsys) -> None:
    logs.configure("info", "plain")
    logging.getLogger("hatelens.test").info("x" * 1_000_000)
    assert len(capsys.readouterr().err) < logs.LONGEST + 100
