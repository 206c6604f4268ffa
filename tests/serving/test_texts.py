from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import app as service
from hatelens.storage import audit, keys, sealing
from hatelens.storage import database as databases
from hatelens.storage import texts as stored
from hatelens.storage.database import Database
from tests.serving.conftest import Keywords
from tests.serving.recorded import url

SECRET = "a secret of the tests, long enough"
TEXT = "Stupid film, said the Zorblaxian. \ud800"


def settings(folder: Path, **given) -> ServerSettings:
    return ServerSettings(database=url(folder), secret=SecretStr(SECRET), store_text="all", **given)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Database]:
    """The same database as the service's, opened beside it."""
    opened = databases.opened(url(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(service.create(Pipeline(Keywords()), settings(tmp_path))) as found:
        yield found


def asked(client: TestClient, *texts: str) -> None:
    """Ask about texts; a lone surrogate travels as an escape."""
    content = json.dumps({"texts": texts})
    answer = client.post("/infer", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


def text_hash(record: Database, text: str = TEXT) -> str:
    return sealing.sealer(record, SECRET).hash(text)


def kept(record: Database) -> bytes | None:
    with record.read() as connection:
        return stored.sealed(connection, text_hash(record))


def test_an_erased_text_is_gone_and_the_chain_still_holds(
    client: TestClient, record: Database
) -> None:
    for _ in range(2):
        asked(client, TEXT)
    sealed = kept(record)
    assert sealed
    assert sealing.sealer(record, SECRET).open(sealed) == TEXT
    answer = client.delete(f"/texts/{text_hash(record)}")
    assert (answer.status_code, answer.json()) == (200, {"erased": 1})
    assert kept(record) is None
    assert client.get("/report").json()["total"]["texts"] == 2
    assert audit.verify(record).fault == ""


def test_it_may_be_asked_for_twice(client: TestClient, record: Database) -> None:
    asked(client, TEXT)
    address = f"/texts/{text_hash(record)}"
    assert [client.delete(address).json()["erased"] for _ in range(3)] == [1, 0, 0]
    assert audit.verify(record).fault == ""


def test_other_texts_stay(client: TestClient, record: Database) -> None:
    asked(client, TEXT, "Good morning.")
    client.delete(f"/texts/{text_hash(record, 'Good morning.')}")
    assert kept(record)


def test_no_route_tells_the_hash_or_the_text(client: TestClient, record: Database) -> None:
    asked(client, TEXT)
    name = text_hash(record)
    assert client.get(f"/texts/{name}").status_code == 405
    for path in ("/texts", "/texts/hash", f"/texts/{name}/text"):
        answer = client.post(path, json={"text": "Good morning."})
        assert answer.status_code in {404, 405}
        assert name not in answer.text


@pytest.mark.parametrize(
    "name",
    ["x", "AB" * 32, "ab" * 31, "ab" * 33, "ab" * 32 + "%0a", "%", "' OR 1=1 --", "*", "\x00" * 64],
)
def test_what_is_no_hash_is_one_line(client: TestClient, record: Database, name: str) -> None:
    asked(client, TEXT)
    answer = client.delete("/texts/" + name.replace(" ", "%20").replace("\x00", "%00"))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("path.text_hash: ")
    assert kept(record)


def test_it_needs_a_key_with_its_scope(tmp_path: Path, record: Database) -> None:
    app = service.create(Pipeline(Keywords()), settings(tmp_path, require_key=True))
    _, other = keys.add(record, "other", ("detect", "report"))
    _, own = keys.add(record, "own", ("erase",))
    address = "/texts/" + "ab" * 32
    with TestClient(app) as client:
        assert client.delete(address).status_code == 401
        assert client.delete(address, headers={"X-Api-Key": other}).status_code == 403
        assert client.delete(address, headers={"X-Api-Key": own}).json() == {"erased": 0}
