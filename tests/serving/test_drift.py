"""The page of drift and its figures, from what the watch has written down."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import app as service
from hatelens.serving.drift import Drift
from hatelens.storage import clock, keys, watches
from hatelens.storage import database as databases
from hatelens.storage.alarms import Alarm
from hatelens.storage.watches import Mark
from tests.serving.conftest import Keywords
from tests.serving.recorded import SPRING, url
from tests.serving.test_report import Page

MODEL = Keywords.model_version
HOSTILE = '</script><img src=x onerror="alert(1)">'
LENGTHS = {
    "psi": 0.41,
    "limit": 0.12,
    "bins": ["up to 20", "more than 20"],
    "reference": [0.5, 0.5],
    "recent": [0.9, 0.1],
}
LANGUAGES = {
    "psi": 0.01,
    "limit": 0.1,
    "bins": ["en", HOSTILE],
    "reference": [0.9, 0.1],
    "recent": [0.9, 0.1],
}
NONE = {"value": None, "low": None, "high": None}
ESTIMATE = {
    "texts": 500,
    "threshold": 0.7,
    "flag_rate": {"value": 0.2, "low": 0.15, "high": 0.25},
    "precision": {"value": 0.81, "low": 0.7, "high": 0.9},
    "recall": NONE,
    "f1": NONE,
    "accuracy": {"value": 0.9, "low": 0.88, "high": 0.92},
}
STATE: dict[str, Any] = {
    "watch": {},
    "shown": {
        "texts": 1234,
        "window": 500,
        "signals": {"length": LENGTHS, "language": LANGUAGES},
    },
    "history": {
        "step": 60_000_000,
        "points": [[SPRING + i * 60_000_000, {"psi.length": 0.1 * i}] for i in range(4)],
    },
    "checked": {
        "estimate": ESTIMATE,
        "verdicts": 40,
        "hateful": 12,
        "contradicted": True,
        "explanation": "Fewer of the flags are right than was estimated.",
    },
}
ALARM = Alarm(
    "an-alarm", SPRING, MODEL, "length", "psi", 0.41, 0.12, 500, f"Texts are shorter. {HOSTILE}"
)


def write(folder: Path, state: dict[str, Any] = STATE) -> str:
    """Write the watch over the model down, as a process does."""
    address = url(folder)
    database = databases.opened(address)
    begin = watches.begun(database, MODEL)
    assert watches.keep(database, begin, Mark(MODEL, SPRING, 1234), state, [ALARM])
    database.close()
    return address


def served(database: str, **given: Any) -> TestClient:
    settings = ServerSettings(database=database, **given)
    return TestClient(service.create(Pipeline(Keywords()), settings))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with served(write(tmp_path)) as found:
        yield found


def test_the_figures_are_those_that_were_written_down(client: TestClient) -> None:
    found = client.get("/drift.json").json()
    Drift.model_validate(found)
    assert (found["model"], found["note"]) == (MODEL, "")
    assert (found["texts"], found["window"]) == (1234, 500)
    assert found["signals"] == {"length": LENGTHS, "language": LANGUAGES}
    assert found["history"][3] == {
        "time": "2026-03-01T12:03:00Z",
        "figures": {"psi.length": pytest.approx(0.3)},
    }
    assert found["performance"]["precision"] == {"value": 0.81, "low": 0.7, "high": 0.9}
    assert (found["performance"]["verdicts"], found["performance"]["contradicted"]) == (40, True)
    assert found["alarms"] == [ALARM.to_dict()]


def test_the_page_shows_alarms_and_figures_and_loads_nothing_from_outside(
    client: TestClient,
) -> None:
    answer = client.get("/drift", headers={"Accept": "text/html"})
    page = Page(answer.text)
    said = " ".join(page.words)
    assert "Texts are shorter." in said
    assert "above the limit, 0.120" in said
    assert "Fewer of the flags are right" in said
    assert "Reviewers see a selected part" in said
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert not any(tag == "img" and attributes.get("src") == "x" for tag, attributes in page.tags)
    assert not any("style" in attributes for _, attributes in page.tags)
    sources = [
        attributes.get("src") or attributes.get("href")
        for tag, attributes in page.tags
        if tag in {"script", "link", "img"}
    ]
    assert "/static/uplot.min.js" in sources
    for source in sources:
        assert source is not None
        assert client.get(source).status_code == 200


def test_the_licence_of_the_charts_lies_beside_them(client: TestClient) -> None:
    assert "MIT License" in client.get("/static/uplot.LICENSE.txt").text


def test_a_model_that_is_not_watched_says_how_it_can_be(tmp_path: Path) -> None:
    with served(url(tmp_path)) as client:
        found = client.get("/drift.json").json()
        Drift.model_validate(found)
        assert "hatelens models reference FOLDER" in found["note"]
        assert (found["signals"], found["performance"], found["alarms"]) == ({}, None, [])
        assert "hatelens models reference FOLDER" in client.get("/drift").text


def test_where_nothing_is_to_be_measured_the_page_says_so(tmp_path: Path) -> None:
    with served(url(tmp_path), drift_rate=0) as client:
        assert client.get("/drift.json").json()["note"].startswith("Nothing is measured")


def test_a_watch_that_has_begun_only_has_no_figures(tmp_path: Path) -> None:
    with served(write(tmp_path, {})) as client:
        Drift.model_validate(client.get("/drift.json").json())
        assert client.get("/drift").status_code == 200


@pytest.mark.parametrize("path", ["/drift", "/drift.json"])
def test_it_takes_a_key_of_the_report_which_a_browser_sends_as_a_password(
    tmp_path: Path, path: str
) -> None:
    address = write(tmp_path)
    database = databases.opened(address)
    _, token = keys.add(database, "a colleague", ("report",))
    _, other = keys.add(database, "a program", ("detect",))
    database.close()
    with served(address, require_key=True) as client:
        refused = client.get(path)
        assert (refused.status_code, refused.headers["WWW-Authenticate"][:5]) == (401, "Basic")
        assert client.get(path, headers={"X-Api-Key": other}).status_code == 403
        assert client.get(path, headers={"X-Api-Key": token}).status_code == 200
        password = base64.b64encode(f":{token}".encode()).decode()
        assert client.get(path, headers={"Authorization": f"Basic {password}"}).status_code == 200


def test_the_time_of_an_alarm_is_the_text_s(client: TestClient) -> None:
    assert client.get("/drift.json").json()["alarms"][0]["time"] == clock.written(SPRING)
