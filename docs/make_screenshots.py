"""Takes the pictures of the pages that stand in the docs; needs Chromium, and a minute.

    python -m docs.make_screenshots

A real service with the default detector answers the sample set that the project ships, and a real
browser judges some of it and looks. The answers are spread over two weeks, so that there is
something to be seen on the report.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from hatelens.data import catalog
from hatelens.storage import clock, tables, users
from hatelens.storage import database as databases
from hatelens.storage.database import Database
from tests import running
from tests.running import Running
from tests.serving.reviewing import PASSWORD

IMAGES = Path(__file__).with_name("images")
SHOWN = "All Zorblaxian newcomers are vermin, send them back to their planet."
DAYS = 14
SIZE = {"width": 1200, "height": 960}
VERDICTS = 12
KEYS = {"flag": "3", "unsure": "1"}
"""Per decision, the key of the default detector's label that a reviewer presses."""
COMMUNITIES = ("", "forum", "chat")


def main() -> None:
    """Take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'hatelens.db'}"
        database = databases.opened(address)
        users.add(database, "anna", PASSWORD, "reviewer")
        settings = {
            "database": address,
            "secret": "a secret for pictures, long enough",
            "store_text": "flagged",
            "drift_rate": 1000,
        }
        with running.running("default", Path(folder), **settings) as server:
            ask(server, [one.text for one in catalog.load("sample").examples])
            spread(database)
            picture(server)
        database.close()


def ask(server: Running, texts: Sequence[str]) -> None:
    """Have texts answered, and wait until the drift page has seen them."""
    with server.client() as client:
        for number, text in enumerate([*texts, *texts]):
            community = COMMUNITIES[number % len(COMMUNITIES)]
            parameters = {"community": community} if community else {}
            client.post("/infer", json={"text": text}, params=parameters).raise_for_status()
        until = time.monotonic() + 60
        while client.get("/drift.json").json()["texts"] < len(texts) and time.monotonic() < until:
            time.sleep(1)


def spread(database: Database) -> None:
    """Move the answers to the days of two weeks, more of them to the later ones."""
    with database.begin() as connection:
        ids = [row.id for row in connection.execute(select(tables.answers.c.id))]
        for number, one in enumerate(ids):
            back = int(DAYS * (1 - number / len(ids)) ** 2)
            moved = tables.answers.c.time - back * clock.DAY
            found = tables.answers.update().where(tables.answers.c.id == one)
            connection.execute(found.values(time=moved))
        # What is asked now comes before all of them: the picture is of that card.
        connection.execute(tables.reviews.update().values(priority=0.0))


def picture(server: Running) -> None:
    """Look at the pages."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(base_url=server.url, viewport=SIZE)
        page.goto("/login")
        page.fill("#name", "anna")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/review")
        page.wait_for_selector("#card:focus")
        for _ in range(VERDICTS):
            decision = page.locator("#card").get_attribute("data-decision") or ""
            leave(page, KEYS[decision])
        with server.client() as client:
            client.post("/infer", json={"text": SHOWN}).raise_for_status()
        leave(page, "s")
        page.keyboard.press("e")
        page.wait_for_selector("#veil.off mark")
        page.evaluate("() => document.activeElement.blur()")
        taken(page, "review")
        page.goto("/report")
        taken(page, "report")
        page.goto("/drift")
        lengths = page.locator("section", has_text="Lengths in characters")
        lengths.evaluate("section => section.scrollIntoView({ block: 'start' })")
        taken(page, "drift")
        browser.close()


def leave(page: Page, key: str) -> None:
    """Press a key that brings the next card, and wait for it."""
    before = page.locator("#card").get_attribute("data-answer")
    page.keyboard.press(key)
    page.wait_for_selector(f'#card[data-answer]:not([data-answer="{before}"]):focus')


def taken(page: Page, name: str) -> None:
    """Take one picture, of the part that fits on a screen."""
    page.wait_for_timeout(1000)
    page.screenshot(path=IMAGES / f"{name}.png", scale="css")


if __name__ == "__main__":
    main()
