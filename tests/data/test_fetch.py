from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hatelens.data import catalog
from hatelens.data.card import Card, Source, SourceFile
from hatelens.data.fetch import fetch
from hatelens.errors import DataError

CONTENT = b"text,label\nThe Quendari sing well,kind\n"
SHA = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word; ``/cut/`` promises more bytes than it sends."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its parent's name)
        """Say nothing."""

    def do_GET(self) -> None:
        if not self.path.startswith("/cut/"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(CONTENT)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    served = tmp_path / "served"
    served.mkdir()
    (served / "notes.csv").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def card(where: str, sha256: str | None = SHA) -> Card:
    source = Source("url", where, (SourceFile("notes.csv", sha256=sha256),))
    return Card("notes", url="https://example.org", sources=(source,))


def hub(revision: str | None = None) -> Card:
    return Card("notes", sources=(Source("hub", "some/notes", (SourceFile("*.csv"),), revision),))


def left(one: Card) -> list[str]:
    return [path.name for path in catalog.fetched(one).rglob("*") if path.is_file()]


def test_a_file_is_fetched_and_then_at_hand(address: str) -> None:
    one = card(address)
    assert catalog.locate(one) == ()

    files = fetch(one)

    assert [(file.path.read_bytes(), file.sha256) for file in files] == [(CONTENT, SHA)]
    assert [located.path for located in catalog.locate(one)] == [files[0].path]


def test_a_file_with_another_hash_is_not_kept(address: str) -> None:
    one = card(address, "0" * 64)

    with pytest.raises(DataError, match=f"has the sha256 {SHA} where the card expects 0000"):
        fetch(one)

    assert left(one) == []


def test_a_file_without_a_hash_is_only_taken_when_asked_to(address: str) -> None:
    one = card(address, None)
    with pytest.raises(DataError, match=r"knows no sha256 of notes.csv; .*--unchecked"):
        fetch(one)

    assert fetch(one, unchecked=True)[0].sha256 == SHA


@pytest.mark.parametrize("path", ["missing/", "cut/"])
def test_what_does_not_come_whole_is_one_line(address: str, path: str) -> None:
    one = card(address + path, None)

    with pytest.raises(DataError, match=r"cannot be reached .*try again with a network"):
        fetch(one, unchecked=True)

    assert left(one) == []


def test_without_a_network_there_is_one_line() -> None:
    with pytest.raises(DataError, match="cannot be reached"):
        fetch(card("http://127.0.0.1:9/"))


def test_only_web_addresses_are_fetched() -> None:
    with pytest.raises(DataError, match="must begin with https:// or http://"):
        fetch(card("file:///etc/"))


def test_a_hub_set_without_a_revision_says_how_to_name_one() -> None:
    with pytest.raises(DataError, match=r"no pinned revision of some/notes; .*--revision COMMIT"):
        fetch(hub())


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route\nand more")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)

    with pytest.raises(DataError, match=r"some/notes cannot be had from the hub: no route$"):
        fetch(hub("abc"))


def test_a_hub_set_is_kept_below_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def download(repository: str, **given: Any) -> None:
        asked.update(given, repository=repository)
        given["local_dir"].mkdir(parents=True)
        (given["local_dir"] / "a.csv").write_bytes(CONTENT)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    one = hub()

    files = fetch(one, revision="abc")

    assert [(file.path.name, file.sha256) for file in files] == [("a.csv", SHA)]
    assert (asked["repository"], asked["revision"], asked["repo_type"]) == (
        "some/notes",
        "abc",
        "dataset",
    )
    assert len(catalog.locate(one)) == 1


def test_a_hub_set_without_the_files_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: None)

    with pytest.raises(DataError, match=r"some/notes holds no file \*\.csv"):
        fetch(hub("abc"))


def test_the_next_source_is_tried_and_all_faults_are_told(address: str) -> None:
    first, second = card("http://127.0.0.1:9/"), card(address)
    both = Card("notes", sources=(*hub().sources, *first.sources, *second.sources))
    none = Card("notes", sources=(*hub().sources, *first.sources))

    with pytest.raises(DataError, match=r"no pinned revision .* cannot be reached"):
        fetch(none)
    assert fetch(both)[0].sha256 == SHA


def test_a_set_that_must_be_got_by_hand_says_where() -> None:
    with pytest.raises(DataError, match=r"olid must be got by hand. Put its files into"):
        fetch(catalog.card("olid"))
