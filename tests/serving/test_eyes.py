"""The eyes of the service: what is measured of its traffic, and that drift raises an alarm."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.monitoring import reference as references
from hatelens.serving import app as service
from hatelens.serving.drift import Drift
from hatelens.serving.eyes import spread
from hatelens.storage import alarms, audit, clock, observations, tables
from hatelens.storage import database as databases
from hatelens.storage.database import Database
from tests.serving.conftest import Keywords
from tests.serving.recorded import url
from tests.serving.test_webhook import SECRET, Receiver, receiver  # noqa: F401 -- a fixture

MODEL = Keywords.model_version
SHORT = [
    f"A {'stupid' if i % 5 == 0 else 'fine'} film, {'so' * (i % 7)} it was." for i in range(400)
]
LONG = [f"{text} {'The Zorblaxians sang. ' * (20 + i % 5)}" for i, text in enumerate(SHORT)]


class Watched(Keywords):
    """A detector whose manifest says what it was made with."""

    def __init__(self) -> None:
        scores = [one.hateful for one in self.predict(SHORT)]
        made = references.made(SHORT, scores, ["en"] * len(SHORT))
        self.manifest = SimpleNamespace(reference=made.to_dict())


@contextmanager
def served(folder: Path, **given: Any) -> Iterator[TestClient]:
    fields: dict[str, Any] = {"database": url(folder), "drift_rate": 1000}
    settings = ServerSettings(**(fields | given))
    with TestClient(service.create(Pipeline(Watched()), settings)) as client:
        yield client


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a turn ten times a second: nobody waits two seconds in a test."""
    monkeypatch.setattr("hatelens.serving.eyes.PAUSE", 0.1)


def ask(client: TestClient, texts: list[str]) -> None:
    for begin in range(0, len(texts), 100):
        answer = client.post("/infer", json={"texts": texts[begin : begin + 100]})
        assert answer.status_code == 200


def until(found: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until something is there."""
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = databases.opened(url(folder))
    try:
        yield database
    finally:
        database.close()


def test_texts_are_measured_and_no_text_is_kept(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        ask(client, SHORT[:10])
    with opened(tmp_path) as database:
        rows = observations.after(database, MODEL, 0, 100)
    assert [row.length for row in rows] == [len(text) for text in SHORT[:10]]
    assert [row.score > 0.5 for row in rows] == ["stupid" in text for text in SHORT[:10]]
    assert b"Zorblaxians" not in (tmp_path / "record.db").read_bytes()
    assert b"stupid" not in (tmp_path / "record.db").read_bytes()


def test_drift_raises_one_alarm_everywhere(
    tmp_path: Path,
    receiver: Receiver,  # noqa: F811 -- the fixture
    caplog: pytest.LogCaptureFixture,
) -> None:
    hook = {"webhook_url": receiver.url, "webhook_secret": SECRET}
    with served(tmp_path, **hook) as client, caplog.at_level(logging.WARNING):
        ask(client, SHORT)
        assert until(lambda: client.get("/drift.json").json()["texts"] == len(SHORT))
        assert client.get("/drift.json").json()["alarms"] == []
        ask(client, LONG)
        found = until(lambda: client.get("/drift.json").json()["alarms"])
        assert "length" in {one["signal"] for one in found}
        figures = client.get("/drift.json").json()
        Drift.model_validate(figures)
        assert figures["signals"]["length"]["psi"] > figures["signals"]["length"]["limit"]
        assert figures["performance"]["texts"] > 0
        assert until(lambda: "drift_observed_total 800.0" in client.get("/metrics").text)
        counts = client.get("/metrics").text
        assert 'hatelens_drift_alarms_total{method="psi",signal="length"} 1.0' in counts
        assert 'hatelens_drift_psi{signal="length"}' in counts
        assert client.get("/drift").status_code == 200
        assert until(lambda: receiver.bodies)
    sent = [json.loads(body) for body in receiver.bodies]
    assert {one["signal"] for one in sent} == {one["signal"] for one in figures["alarms"]}
    assert not any("Zorblaxians" in body.decode() for body in receiver.bodies)
    assert "Drift of model keywords-1" in caplog.text
    with opened(tmp_path) as database:
        with database.read() as connection:
            kinds = [row.kind for row in connection.execute(select(tables.events))]
        assert kinds.count("drift.alarm") == len(alarms.latest(database)) > 0
        assert audit.verify(database).fault == ""


def test_a_restart_goes_on_where_the_watch_was(tmp_path: Path) -> None:
    for count in (1, 2, 3):
        with served(tmp_path) as client:
            ask(client, SHORT[:100])
            assert until(lambda: client.get("/drift.json").json()["texts"] == 100 * count)  # noqa: B023 -- called at once


def test_two_processes_watch_the_same_traffic_once(tmp_path: Path) -> None:
    with served(tmp_path) as one, served(tmp_path) as other:
        for begin in range(0, len(LONG), 50):
            ask(one, SHORT[begin : begin + 50])
            ask(other, LONG[begin : begin + 50])
        assert until(lambda: one.get("/drift.json").json()["texts"] == 2 * len(LONG))
        found = one.get("/drift.json").json()["alarms"]
        assert found == other.get("/drift.json").json()["alarms"]
    counted = sum(
        float(line.rpartition(" ")[2])
        for client in (one, other)
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("hatelens_drift_alarms_total{")
    )
    assert counted == len(found) > 0


def test_no_more_texts_are_measured_than_the_settings_say(tmp_path: Path) -> None:
    with served(tmp_path, drift_rate=5) as client:
        begin = time.monotonic()
        ask(client, SHORT)
        seconds = time.monotonic() - begin
        counts = client.get("/metrics").text
    with opened(tmp_path) as database:
        measured = len(observations.after(database, MODEL, 0, 1000))
    assert 5 <= measured <= 5 * (seconds + 2)
    assert f"hatelens_drift_skipped_total {float(len(SHORT) - measured)}" in counts


def test_a_model_without_a_reference_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ServerSettings(database=url(tmp_path))
    with TestClient(service.create(Pipeline(Keywords()), settings)) as client:
        ask(client, SHORT[:3])
        ask(client, SHORT[:3])
        time.sleep(0.3)
    assert caplog.text.count("hatelens models reference FOLDER") == 1
    with opened(tmp_path) as database:
        assert observations.after(database, MODEL, 0, 10) == []


def test_old_measurements_are_removed(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        ask(client, SHORT[:3])
    with opened(tmp_path) as database, database.begin() as connection:
        old = clock.now() - 8 * clock.DAY
        connection.execute(tables.observations.update().values(time=old))
    with served(tmp_path), opened(tmp_path) as database:
        assert until(lambda: not observations.after(database, MODEL, 0, 10))


@pytest.mark.parametrize(
    ("count", "chosen"), [(0, []), (1, [3]), (2, [3, 7]), (4, [3, 5, 7, 9]), (9, [3, 5, 7, 9])]
)
def test_what_is_measured_of_many_texts_is_evenly_spread(count: int, chosen: list[int]) -> None:
    assert spread([3, 5, 7, 9], count) == chosen


@pytest.mark.parametrize("texts", [["a\x00\u202e\U0001f4a9"], ["a" * 20_000], ["."], ["﷽" * 50]])
def test_whatever_is_asked_can_be_measured(tmp_path: Path, texts: list[str]) -> None:
    with served(tmp_path) as client:
        ask(client, texts)
    with opened(tmp_path) as database:
        assert len(observations.after(database, MODEL, 0, 10)) == 1
