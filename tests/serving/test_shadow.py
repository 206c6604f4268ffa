from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hatelens.config.policy import Community, Policy
from hatelens.detect import Pipeline
from hatelens.models.detector import Detector, Prediction
from hatelens.serving import backlog
from hatelens.serving import shadow as shadowing
from hatelens.serving.communities import Communities
from hatelens.serving.desk import Answered, Asked
from hatelens.serving.engine import Engine
from hatelens.serving.metrics import Metrics
from hatelens.serving.shadow import Shadow
from hatelens.storage import database as databases
from hatelens.storage import identity, tables
from hatelens.storage.database import Database
from tests.serving.conftest import Keywords
from tests.serving.recorded import url

POLICY = Policy({"strict": Community("strict", 0.05, 0.01)})
BUSY, IDLE = (lambda: False), (lambda: True)


class Second(Keywords):
    """A second model, which can be held."""

    model_version = "second-1"

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.passes: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        assert self.free.wait(10)
        self.passes.append(list(texts))
        return super().predict(texts)


class Fails(Second):
    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        if "bad" in texts:
            raise OSError("cannot read it")
        return super().predict(texts)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(url(tmp_path))
    yield opened
    opened.close()


def made(model: Detector, database: Database, **given: Any) -> tuple[Shadow, Metrics]:
    metrics = Metrics()
    communities = Communities(Engine(Pipeline(model)), POLICY)
    shadow = Shadow(communities, database, given.pop("idle", IDLE), metrics, **given)
    return shadow, metrics


def answered(*texts: str, community: str = "") -> tuple[Asked, Answered]:
    found = Pipeline(Keywords()).predict(texts)
    ids = tuple(identity.new() for _ in texts)
    served = Communities(Engine(Pipeline(Keywords())), POLICY)
    asked = Asked(texts, "/infer", community=community)
    return asked, Answered(identity.new(), ids, tuple(found), served)


def rows(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        return {row.answer: row for row in connection.execute(select(tables.shadows))}


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "It has not come about."
        time.sleep(0.02)


def count(metrics: Metrics, name: str) -> float:
    line = f'hatelens_shadow_{name}_total{{model="second-1"}} '
    found = [one for one in metrics.written().decode().splitlines() if one.startswith(line)]
    return float(found[0].removeprefix(line)) if found else 0.0


def test_what_was_answered_is_labelled_by_the_community_s_thresholds(database: Database) -> None:
    shadow, metrics = made(Second(), database)
    shadow.start()
    plain = answered("A stupid film.", "A fine film.")
    strict = answered("A fine film.", community="strict")
    shadow.hear(*plain)
    shadow.hear(*strict)
    until(lambda: len(rows(database)) == 3)
    shadow.close()
    found = rows(database)
    first, second = (found[one] for one in plain[1].ids)
    assert (first.model, first.label, first.hateful, first.decision) == (
        "second-1", "unkind", 0.8, "flag",
    )  # fmt: skip
    assert (second.label, second.decision) == ("kind", "clear")
    assert found[strict[1].ids[0]].decision == "flag"
    assert (count(metrics, "compared"), count(metrics, "dropped")) == (3, 0)


def test_what_does_not_fit_is_counted_and_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "ROOM", 3)
    monkeypatch.setattr(backlog, "ROOM_CHARS", 100)
    model = Second()
    shadow, metrics = made(model, database)
    shadow.hear(*answered(*"abcde"))
    assert count(metrics, "dropped") == 2
    shadow.hear(*answered("f"))
    assert count(metrics, "dropped") == 3
    shadow.start()
    until(lambda: count(metrics, "compared") == 3)
    shadow.hear(*answered("a long text " * 20))
    assert count(metrics, "dropped") == 4
    shadow.close()
    assert [text for each in model.passes for text in each] == ["a", "b", "c"]


class Slow(Second):
    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        time.sleep(0.05)
        return super().predict(texts)


def took(database: Database, **given: Any) -> float:
    """Return the seconds of six passes of at least 0.05 s."""
    model = Slow()
    shadow, _ = made(model, database, **given)
    shadow.hear(*answered(*(f"Text {number}." for number in range(6 * shadowing.BATCH))))
    begin = time.monotonic()
    shadow.start()
    until(lambda: len(model.passes) == 6)
    seconds = time.monotonic() - begin
    shadow.close()
    return seconds


def test_while_others_are_answered_it_works_for_a_part_of_the_time(database: Database) -> None:
    # Five rests between six passes, each of three times the pass.
    assert took(database, idle=BUSY, share=0.25) >= 6 * 0.05 + 5 * 0.15


def test_while_nobody_asks_it_does_not_rest(database: Database) -> None:
    assert took(database, idle=IDLE, share=0.005) < 5 * 0.05 * 199 / 2


def test_a_text_that_breaks_it_is_left_out_and_said_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    shadow, metrics = made(Fails(), database)
    shadow.start()
    for text in ("bad", "bad", "A fine film."):
        shadow.hear(*answered(text))
        until(lambda: not shadow._items)  # one pass for each of them
    until(lambda: count(metrics, "compared") == 1)
    shadow.close()
    assert count(metrics, "dropped") == 2
    said = [record.getMessage() for record in caplog.records]
    assert said == ["The model in the shadow failed (OSError)."]


def test_closing_leaves_out_what_waits_and_keeps_what_was_said(database: Database) -> None:
    model = Second()
    shadow, _ = made(model, database)
    shadow.start()
    shadow.hear(*answered("A fine film."))
    until(lambda: bool(model.passes))
    model.free.clear()
    shadow.hear(*answered(*(f"Text {number}." for number in range(100))))
    threading.Timer(0.1, model.free.set).start()
    shadow.close()
    assert 1 <= len(rows(database)) <= 1 + 2 * shadowing.BATCH


def test_no_text_is_logged_or_written(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shadow, _ = made(Second(), database)
    shadow.start()
    shadow.hear(*answered("The Zorblaxians had a stupid picnic \ud800\x00.", community="\ud800"))
    until(lambda: len(rows(database)) == 1)
    shadow.close()
    assert "picnic" not in caplog.text
    assert not [one for one in tmp_path.iterdir() if b"picnic" in one.read_bytes()]
