from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.serving.failures import BY_NAME
from hatelens.storage import audit, users
from hatelens.storage import database as databases
from tests.serving import whole
from tests.serving.recorded import url
from tests.serving.reviewing import PASSWORD, Reviewer, hidden, user

WRONG = "not the password at all"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    user(tmp_path)
    with whole.running(tmp_path) as opened:
        yield opened


def form(client: TestClient) -> dict[str, str]:
    return {"name": "anna", "password": PASSWORD, "csrf": hidden(client.get("/login").text, "csrf")}


def events(folder: Path, kind: str) -> list[tuple[str, str]]:
    database = databases.opened(url(folder))
    try:
        with database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT subject, facts FROM events WHERE kind = ?", (kind,)
            )
            return [(row[0], row[1]) for row in rows]
    finally:
        database.close()


def test_who_is_not_logged_in_is_led_to_the_login(client: TestClient) -> None:
    for path in ("/review", "/review/done"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for path in ("verdict", "skip", "undo", "renew", "explain"):
        answer = client.post(f"/review/{path}", data={"csrf": ""})
        assert answer.status_code == 401
        assert "log in at /login" in answer.json()["error"]
    assert client.get("/review/card").status_code == 401


def test_name_and_password_open_the_queue_and_the_cookie_is_kept_from_scripts_and_others(
    client: TestClient,
) -> None:
    anna = Reviewer(client)
    assert (anna.entered.status_code, anna.entered.headers["location"]) == (303, "/review")
    cookie = next(c for c in anna.entered.headers.get_list("set-cookie") if "session" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie
    assert "anna" in anna.page()
    assert anna.browser.get("/login").headers["location"] == "/review"


@pytest.mark.parametrize("given", [{}, {"public_url": "https://hate.example"}])
def test_over_https_the_cookie_never_leaves_by_http(tmp_path: Path, given: dict[str, Any]) -> None:
    user(tmp_path)
    with whole.running(tmp_path, **given) as client:
        secure = TestClient(client.app, base_url="https://testserver", follow_redirects=False)
        secure.portal = client.portal
        answer = secure.post("/login", data=form(secure))
        assert all("Secure" in c for c in answer.headers.get_list("set-cookie") if "session" in c)


def test_logging_out_ends_the_session_on_the_server(client: TestClient) -> None:
    anna = Reviewer(client)
    csrf, token = hidden(anna.page(), "csrf"), anna.browser.cookies["hatelens_session"]
    assert anna.browser.post("/logout", data={"csrf": "wrong"}).status_code == 403
    assert anna.browser.post("/logout", data={"csrf": csrf}).headers["location"] == "/login"
    anna.browser.cookies.set("hatelens_session", token)
    assert anna.browser.get("/review").status_code == 303


def test_a_disabled_user_is_out_at_once(client: TestClient, tmp_path: Path) -> None:
    anna = Reviewer(client)
    database = databases.opened(url(tmp_path))
    users.disable(database, "anna")
    database.close()
    assert anna.browser.get("/review").status_code == 303


def test_a_form_of_another_page_is_refused(client: TestClient) -> None:
    fields = form(client)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    ):
        answer = client.post("/login", data=fields, headers=headers)
        assert answer.status_code == 403
        assert "another origin" in answer.json()["error"]
    assert client.post("/login", data=fields | {"csrf": ""}).status_code == 403
    assert (
        client.post(
            "/login", data=fields | {"csrf": "ü\ud800".encode("utf-8", "replace").decode()}
        ).status_code
        == 403
    )
    ours = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/login", data=fields, headers=ours).url.path == "/review"


def test_behind_a_proxy_the_address_in_the_browser_is_ours_too(tmp_path: Path) -> None:
    user(tmp_path)
    with whole.running(tmp_path, public_url="http://hate.example/") as client:
        headers = {"Origin": "http://hate.example"}
        assert client.post("/login", data=form(client), headers=headers).url.path == "/review"


def test_a_form_that_cannot_be_read_is_refused_in_one_line(client: TestClient) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    many = "&".join(f"a{n}=1" for n in range(30))
    for content, headers, status in (
        (b'{"name": "anna"}', {"Content-Type": "application/json"}, 415),
        (b"name=" + b"x" * 100_000, kind, 413),
        (many.encode(), kind, 422),
        ("name=ü".encode(), kind, 422),
    ):
        answer = client.post("/login", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.json()["error"].endswith(".")


def test_failures_are_on_record_without_what_was_typed_and_in_no_log(
    client: TestClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fields = form(client)
    known = client.post("/login", data=fields | {"password": WRONG})
    other = client.post("/login", data=fields | {"name": "hunter2 secret", "password": WRONG})
    assert (known.status_code, other.status_code) == (401, 401)
    assert "do not belong together" in known.text
    assert known.text == other.text
    (first, second) = events(tmp_path, "login.fail")
    assert len(first[0]) == 26
    assert second[0] == ""
    said = caplog.text + str(first) + str(second)
    assert "A login failed" in said
    assert "hunter2" not in said
    assert WRONG not in said
    database = databases.opened(url(tmp_path))
    assert audit.verify(database)
    database.close()


def test_after_ten_failures_even_the_right_password_has_to_wait(client: TestClient) -> None:
    fields = form(client)
    for _ in range(BY_NAME):
        assert client.post("/login", data=fields | {"password": WRONG}).status_code == 401
    answer = client.post("/login", data=fields)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "Too many failed logins; wait 15 minutes" in answer.text


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({"public_url": "http://hate.example", "host": "0.0.0.0"}, True),
        ({"public_url": "http://hate.example", "host": "127.0.0.1"}, False),
        ({"public_url": "http://hate.example", "host": "localhost"}, False),
        ({"public_url": "https://hate.example", "host": "0.0.0.0"}, False),
    ],
)
def test_unencrypted_passwords_are_warned_of_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: dict[str, Any], warned: bool
) -> None:
    whole.whole(tmp_path, **given)
    assert ("begins with http" in caplog.text) == warned


def test_hostile_names_and_passwords_are_only_wrong(client: TestClient) -> None:
    fields = form(client)
    for value in ("", "\x00", "<script>", "x" * 5000, "a' OR 1=1 --", "%ed%a0%80"):
        answer = client.post("/login", data=fields | {"name": value, "password": value})
        assert answer.status_code == 401
        assert "<script>" not in answer.text
