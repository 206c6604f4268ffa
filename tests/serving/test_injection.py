"""Texts that are code somewhere else stay texts: in every route, in the record, on each page."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import inspect
from starlette.testclient import TestClient, httpx

from hatelens.serving.headers import SECURITY
from hatelens.storage import audit, canonical, keys
from hatelens.storage import database as databases
from hatelens.storage.answers import Answer
from tests.hostile_requests import aimed, operations
from tests.injections import ALL, LINES, MARKUP, SQL, TABLES
from tests.running import running as started
from tests.serving.recorded import an_answer, url, write
from tests.serving.test_report import BROWSER, Page
from tests.serving.whole import running

PAGES = ("/", "/docs", "/report")
ROWS = 20


def parts(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut texts into as many as one table of the report shows."""
    return [texts[begin : begin + ROWS] for begin in range(0, len(texts), ROWS)]


def named(names: Sequence[str]) -> list[Answer]:
    """Return answers that carry names wherever the report shows one."""
    return [
        an_answer(community=name[:128], label=name, model=name, policy=name, route=name)
        for name in names
    ]


def built(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a page is built of: its tags and the names of their attributes."""
    return [(tag, tuple(found)) for tag, found in Page(html).tags]


def shown(folder: Path, names: Sequence[str]) -> str:
    """Return the report of answers with these names, as a page."""
    folder.mkdir()
    write(folder, named(names))
    with running(folder) as client:
        answer = client.get("/report", headers=BROWSER)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("names", parts(ALL))
def test_names_that_are_code_change_nothing_of_the_page(
    tmp_path: Path, names: Sequence[str]
) -> None:
    mild = [f"forum {number:02}" for number in range(len(names))]
    html = shown(tmp_path / "hostile", names)
    assert built(html) == built(shown(tmp_path / "mild", mild))
    for _, found in Page(html).tags:
        assert (found.get("href") or "/").startswith("/")
        assert (found.get("src") or "/").startswith("/")


def test_what_a_visitor_writes_into_the_address_changes_nothing_of_the_page(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as client:
        mild = built(client.get("/report", params={"community": "forum"}, headers=BROWSER).text)
        for text in MARKUP:
            html = client.get("/report", params={"community": text}, headers=BROWSER).text
            assert built(html) == mild
            assert "49" not in Page(html).words  # what a template would make of 7 * 7
            for name in ("since", "until", "format"):
                answer = client.get("/report", params={name: text}, headers=BROWSER)
                assert answer.status_code == 422
                assert answer.headers["content-type"] == "application/json"


def test_the_pages_still_say_what_was_written(tmp_path: Path) -> None:
    html = shown(tmp_path / "hostile", MARKUP[:ROWS])
    words = " ".join(Page(html).words)
    for text in MARKUP[:ROWS]:
        assert " ".join(canonical.text(text[:128]).split()) in words


def is_harmless(answer: httpx.Response) -> None:
    """Check that a browser would run nothing of an answer, and that the server did not fail."""
    told = (answer.request.method, str(answer.request.url)[:300])
    assert answer.status_code < 500, told
    assert answer.headers["content-security-policy"] == SECURITY["Content-Security-Policy"], told
    assert answer.headers["x-content-type-options"] == "nosniff", told
    kind = answer.headers.get("content-type", "application/json")
    if not kind.startswith("text/html"):
        assert "xml" not in kind or answer.request.url.path == "/static/icon.svg", told
        return
    assert answer.request.url.path in PAGES, told
    assert not [name for _, names in built(answer.text) for name in names if name[:2] == "on"], told
    scripts = [found for tag, found in Page(answer.text).tags if tag == "script"]
    assert [found.get("src") for found in scripts] in ([], ["/static/page.js"]), told


def through_all_routes(client: TestClient, texts: Sequence[str], seed: int) -> int:
    """Put each text somewhere into a request to each route; return how many were sent."""
    rng = random.Random(seed)
    found = operations(client.get("/openapi.json").json())
    for text in texts:
        for operation in found:
            one = aimed(rng, operation, text)
            headers = [(name.encode(), value) for name, value in one.headers]
            is_harmless(client.request(one.method, one.url, content=one.content, headers=headers))
    return len(texts) * len(found)


def whole_still(folder: Path, before: Sequence[str]) -> None:
    """Check that the database has its tables and one good key, and that the chain holds."""
    database = databases.opened(url(folder), new=False)
    with database.read() as connection:
        assert sorted(inspect(connection).get_table_names()) == before
    assert [key.revoked for key in keys.listed(database)] == [None]
    assert audit.verify(database).fault == ""
    database.close()


def prepared(folder: Path) -> list[str]:
    """Make a record with one key; return the names of its tables."""
    database = databases.opened(url(folder))
    keys.add(database, "the owner's", ("report",))
    with database.read() as connection:
        found = sorted(inspect(connection).get_table_names())
    database.close()
    return found


def test_a_few_of_all_kinds_through_every_route_do_nothing(tmp_path: Path) -> None:
    tables = prepared(tmp_path)
    texts = (*MARKUP[::10], *SQL[::8], TABLES[0], LINES[0])
    with running(tmp_path) as client:
        assert through_all_routes(client, texts, seed=1) > 150
        for page in PAGES:
            is_harmless(client.get(page, headers=BROWSER))
    whole_still(tmp_path, tables)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_all_of_them_through_every_route_do_nothing(tmp_path: Path, seed: int) -> None:
    tables = prepared(tmp_path)
    with running(tmp_path) as client:
        through_all_routes(client, ALL, seed)
        for page in PAGES:
            is_harmless(client.get(page, headers=BROWSER))
    whole_still(tmp_path, tables)


def test_sql_in_place_of_a_name_finds_nothing_but_its_own(tmp_path: Path) -> None:
    write(tmp_path, [an_answer(community=name) for name in ("forum", *SQL)])
    with running(tmp_path) as client:
        for name in SQL:
            found = client.get("/report", params={"community": name}).json()
            assert found["total"]["texts"] == 1
            assert list(found["communities"]) == [canonical.text(name)]
        assert client.get("/report", params={"community": "forum%"}).json()["requests"] == 0
        assert client.get("/report").json()["requests"] == len(SQL) + 1


def test_sql_in_place_of_a_key_opens_nothing(tmp_path: Path) -> None:
    tables = prepared(tmp_path)
    with running(tmp_path, require_key=True) as client:
        for text in SQL:
            sent = text.encode("utf-8")
            for name in (b"Authorization", b"X-Api-Key"):
                value = b"Bearer " + sent if name == b"Authorization" else sent
                assert client.get("/report", headers={name: value}).status_code == 401
            assert client.post("/v1alpha1/comments:analyze", params={"key": text}).is_client_error
    whole_still(tmp_path, tables)


@pytest.mark.parametrize("texts", [MARKUP, SQL])
def test_every_text_goes_on_record_once_and_comes_back_as_it_was(
    tmp_path: Path, texts: Sequence[str]
) -> None:
    with running(tmp_path) as client:
        for text in texts:
            assert client.post("/infer", json={"text": text}).json()["text"] == text
        assert client.get("/report").json()["total"]["texts"] == len(texts)


def dom(address: str, folder: Path) -> str:
    """Open a page in a real browser, let it do what it will, and return what became of it."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("There is no chromium here to open the page with.")
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000")
    done = subprocess.run(
        [found, *options, f"--user-data-dir={folder / 'browser'}", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_browser_runs_nothing_of_it(tmp_path: Path, model_folder: Path) -> None:
    ran = "document.documentElement.dataset.ran=1"
    hostile = [text.replace("alert(1)", ran)[:128] for text in MARKUP[:ROWS]]
    control = tmp_path / "control.html"
    control.write_text(f"<!doctype html><title>control</title>{hostile[3]}", encoding="utf-8")
    assert 'data-ran="1"' in dom(control.as_uri(), tmp_path)
    database = write(tmp_path, named(hostile))
    with started(model_folder, tmp_path, database=database) as server:
        queries = ("", *(f"?{urlencode({'community': text})}" for text in hostile[:5]))
        for address in (*(f"/report{query}" for query in queries), "/docs", "/"):
            html = dom(server.url + address, tmp_path)
            assert "hatelens" in html
            assert "data-ran" not in html
