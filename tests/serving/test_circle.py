"""The whole circle: score, review, export, train, shadow, promote, roll back."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hatelens import detect
from hatelens.cli import main
from hatelens.config import settings as server
from hatelens.config.compose import compose
from hatelens.models import folder as folders
from hatelens.models.decision import Thresholds
from hatelens.serving import app as service
from hatelens.storage import audit, tables
from hatelens.storage import database as databases
from hatelens.storage.database import Database
from hatelens.training import run as training
from tests.serving.recorded import url
from tests.serving.reviewing import Reviewer, hidden, user

PEOPLE = ("Zorblaxians", "Veluvians", "Quarrons", "Mistrals", "Tandorians", "Ulmites")
PLACES = ("the market", "our street", "the old bridge", "the school")
PAIRS = [(people, place) for people in PEOPLE for place in PLACES]
KIND = [f"Lovely {people} sang at {place} today." for people, place in PAIRS]
UNKIND = [f"Throw those {people} out of {place}!" for people, place in PAIRS]
RUDE = [f"What a stupid film the {people} showed at {place}." for people, place in PAIRS]
NEW = {
    "normal": "Lovely Norrians sang at the park today.",
    "offensive": "What a stupid film the Norrians showed at the park.",
    "hateful": "Throw those Norrians out of the park!",
}
JUDGED = {"Lovely": "normal", "What": "offensive", "Throw": "hateful"}


class Page(HTMLParser):
    """Finds the text that a card shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or dict(attrs).get("id") == "text"

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "p"

    def handle_data(self, data: str) -> None:
        self.text += data if self._inside else ""


@pytest.fixture
def unsure(model_folder: Path, tmp_path: Path) -> Path:
    """A model that leaves nearly everything to a person."""
    target = tmp_path / "unsure"
    shutil.copytree(model_folder, target)
    manifest = folders.read(target)
    folders.write_manifest(target, replace(manifest, thresholds=Thresholds(0.99999, 0.00001)))
    return target


@pytest.fixture
def client(unsure: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    values = {
        "HATELENS_DATABASE": url(tmp_path),
        "HATELENS_SECRET": "a secret of the tests, long enough",
        "HATELENS_STORE_TEXT": "flagged",
        "HATELENS_MODEL": str(unsure),
        "HATELENS_JOBS_FOLDER": str(tmp_path / "jobs"),
        "HATELENS_DATA": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with TestClient(service.create(detect.load(str(unsure)), server.read())) as opened:
        yield opened


@pytest.fixture
def database(client: TestClient, tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(url(tmp_path))
    yield opened
    opened.close()


def command(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(main.app, [str(each) for each in arguments])
    assert done.exit_code == 0, done.exception
    return done


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "It has not come about."
        time.sleep(0.05)


def scored(client: TestClient, texts: list[str]) -> list[dict[str, Any]]:
    answer = client.post("/infer", json={"texts": texts})
    assert answer.status_code == 200
    results = answer.json()["results"]
    versions = {one["model_version"] for one in results}
    assert versions == {answer.headers["x-model-version"]}
    return results


def serves(client: TestClient) -> str:
    return scored(client, ["A film."])[0]["model_version"]


def judged(client: TestClient) -> int:
    """Judge whatever waits, as a reviewer would who reads each text; return how many."""
    browser = Reviewer(client).browser
    html, count = browser.get("/review").text, 0
    while 'id="text"' in html:
        shown = Page(html).text.strip()
        fields = {name: hidden(html, name) for name in ("csrf", "answer")}
        label = JUDGED.get(shown.split()[0], "normal")
        answer = browser.post(
            "/review/verdict",
            data=fields | {"label": label, "note": ""},
            headers={"HX-Request": "true"},
        )
        assert answer.status_code == 200
        html, count = answer.text, count + 1
    return count


def kinds(database: Database) -> list[str]:
    with database.read() as connection:
        wanted = select(tables.events.c.kind).order_by(tables.events.c.time, tables.events.c.id)
        return list(connection.execute(wanted).scalars())


def test_score_review_export_train_shadow_promote_and_roll_back(
    client: TestClient, database: Database, unsure: Path, tmp_path: Path
) -> None:
    first = folders.read(unsure)
    assert set(first.labels.names) == set(NEW)

    # Score: nearly all is left to a person, who judges it.
    assert serves(client) == first.model_version
    user(tmp_path)
    asked = [text for pair in zip(KIND, RUDE, UNKIND, strict=True) for text in pair]
    assert {one["decision"] for one in scored(client, asked)} == {"unsure"}
    assert judged(client) >= len(asked)

    # Export, and train on it with the line that is printed.
    out = tmp_path / "verdicts.jsonl"
    exported = command("data", "export-verdicts", out, "--model", unsure)
    line = shlex.split(exported.stderr.splitlines()[-1])
    assert line[:2] == ["hatelens", "train"]
    learned = training.run(compose([*line[2:], f"out={tmp_path / 'learned'}"]))
    second = folders.read(learned).model_version
    assert second != first.model_version

    # In the shadow it labels the same traffic, and answers none of it.
    command("models", "shadow", learned)
    until(lambda: "loaded (1 process" in command("models", "served").stdout)
    for text in (*KIND[:5], *UNKIND[:5]):
        scored(client, [text])
    until(lambda: (client.get("/report").json()["shadow"] or {"texts": 0})["texts"] == 10)
    told = client.get("/report").json()["shadow"]
    assert (told["model"], told["against"]) == (second, {first.model_version: 10})
    assert told["agreement"]["value"] < 1
    crossed = {one["answer"] for one in told["crossings"]}
    assert len(crossed) == told["sides"]["count"] > 0
    assert serves(client) == first.model_version

    # Promote: it answers, and it has learned.
    command("models", "promote")
    until(lambda: serves(client) == second)
    assert [one["label"] for one in scored(client, list(NEW.values()))] == list(NEW)
    page = client.get("/").text
    assert second in page

    # And back.
    command("models", "rollback")
    until(lambda: serves(client) == first.model_version)
    assert audit.verify(database).fault == ""
    assert [kind for kind in kinds(database) if kind.startswith("model.")] == [
        "model.load",
        "model.shadow",
        "model.load",
        "model.promote",
        "model.load",
        "model.rollback",
        "model.load",
    ]
