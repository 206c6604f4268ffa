"""A real Chromium, driven by the keyboard, before a real server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hatelens.models import folder as folders
from hatelens.models.decision import Thresholds
from hatelens.storage import database as databases
from hatelens.storage import users
from tests import running
from tests.running import Running
from tests.serving.reviewing import PASSWORD

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
NAMES = ("chromium", "google-chrome")
SECRET = "a secret of the tests, long enough"
STEP = 30_000
"""Milliseconds that one step may take on a busy machine."""


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """Chromium of the system, or the one that ``playwright install chromium`` brings.

    Not longer than for a module: as long as it is there, an event loop runs in this thread, and
    tests that start one of their own would fail.
    """
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_api.sync_playwright() as playwright:
        try:
            # Without a sandbox of its own it runs as root, too: in a container, on a build machine.
            opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(
                f"there is no Chromium here; make test-all installs it: {error.message[:80]}"
            )
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real linear model, trained on the sample set that the project ships, that flags nearly all.

    Whatever a test asks about then waits for a reviewer.
    """
    made = running.made(tmp_path_factory.mktemp("browser") / "linear")
    low = Thresholds(flag=0.2, clear=0.001)
    folders.write_manifest(made, replace(folders.read(made), thresholds=low))
    return made


@pytest.fixture
def server(model: Path, tmp_path: Path) -> Iterator[Running]:
    """A server that stores all texts, with two reviewers and an administrator."""
    address = f"sqlite:///{tmp_path / 'hatelens.db'}"
    database = databases.opened(address)
    for name, role in (("anna", "reviewer"), ("bert", "reviewer"), ("carla", "admin")):
        users.add(database, name, PASSWORD, role)
    database.close()
    with running.running(
        model, tmp_path, database=address, secret=SECRET, store_text="all"
    ) as started:
        yield started


@pytest.fixture
def visit(browser: sync_api.Browser, server: Running) -> Iterator[Callable[..., sync_api.Page]]:
    """Return what opens a page as somebody, with cookies of their own."""
    contexts: list[sync_api.BrowserContext] = []

    def opened(name: str = "", path: str = "/review", **given: object) -> sync_api.Page:
        context = browser.new_context(base_url=server.url, **given)  # pyrefly: ignore
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(STEP)
        if name:
            page.goto("/login")
            page.wait_for_selector("#name:focus")  # it comes after the load
            page.keyboard.type(name)
            page.keyboard.press("Tab")
            page.keyboard.type(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/review")
            settled(page)
        if not name or path != "/review":
            page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def settled(page: sync_api.Page) -> None:
    """Wait until the script of the review page has taken the card in and read it out."""
    page.wait_for_function(
        "() => document.activeElement?.id === 'card' && document.getElementById('status')"
        ".textContent === (document.activeElement.dataset.said ?? '').trim()"
    )


@contextmanager
def quiet(page: sync_api.Page) -> Iterator[None]:
    """Fail where a page does what the Content-Security-Policy forbids, or a script breaks."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert said == []
