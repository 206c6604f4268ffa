"""A person who reviews over HTTP, for tests of the pages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from httpx2 import Response
from starlette.testclient import TestClient

from hatelens.storage import database as databases
from hatelens.storage import users
from tests.serving.recorded import url

PASSWORD = "a calm horse counts Zorblaxians"


def user(folder: Path, name: str = "anna", role: str = "reviewer") -> str:
    """Make a user in the record of a folder; return the id."""
    database = databases.opened(url(folder))
    try:
        return users.add(database, name, PASSWORD, role).id
    finally:
        database.close()


def hidden(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, html
    return unescape(found[1])


class Reviewer:
    """Somebody at a browser of his own.

    Args:
        client: of the service; its cookies are not used.
        name: of a user whose password is ``PASSWORD``.
    """

    def __init__(self, client: TestClient, name: str = "anna") -> None:
        self.browser = TestClient(client.app, follow_redirects=False)
        self.browser.portal = client.portal  # the service lives in one event loop
        self.entered = self.log_in(name)

    def log_in(self, name: str, password: str = PASSWORD) -> Response:
        csrf = hidden(self.browser.get("/login").text, "csrf")
        fields = {"name": name, "password": password, "csrf": csrf}
        return self.browser.post("/login", data=fields)

    def page(self) -> str:
        answer = self.browser.get("/review")
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, what: str, **fields: str) -> Response:
        """Send a form of the page that is there now, as its script does."""
        html = self.page()
        there = {"csrf": hidden(html, "csrf")}
        if 'name="answer"' in html:
            there["answer"] = hidden(html, "answer")
        headers = {"HX-Request": "true"}
        return self.browser.post(f"/review/{what}", data=there | fields, headers=headers)
