from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import app as service
from hatelens.serving.report import Reported, Wish, wanted
from hatelens.storage import clock, keys
from hatelens.storage import database as databases
from hatelens.storage.answers import Answer
from tests.serving.conftest import Keywords
from tests.serving.recorded import SPRING, an_answer, url, write

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ANSWERS = (
    an_answer(request="one", community="my-forum"),
    an_answer(request="one", community="my-forum", place=1, decision="unsure", hateful=0.5),
    an_answer(label="unkind", decision="flag", hateful=0.9, latency=80.0, route="/v1/moderations"),
    an_answer(time=SPRING + 2 * clock.DAY, community="=1+1", policy="policy-2"),
)

Serve = Callable[..., "TestClient"]


class Page(HTMLParser):
    """Collects the start tags of a page and what it says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))


@contextmanager
def served(folder: Path, answers: tuple[Answer, ...] = ANSWERS, **given) -> Iterator[TestClient]:
    settings = ServerSettings(database=write(folder, answers), **given)
    with TestClient(service.create(Pipeline(Keywords()), settings)) as client:
        yield client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path) as found:
        yield found


def test_the_report_counts_what_was_answered(client: TestClient) -> None:
    found = client.get("/report").json()
    Reported.model_validate(found)
    assert (found["requests"], found["total"]) == (
        3,
        {"texts": 4, "flag": 1, "clear": 2, "unsure": 1},
    )
    assert found["unsure"] == 0.25
    assert {name: count["texts"] for name, count in found["labels"].items()} == {
        "kind": 3,
        "unkind": 1,
    }
    assert {name: count["texts"] for name, count in found["communities"].items()} == {
        "": 1,
        "my-forum": 2,
        "=1+1": 1,
    }
    assert found["policies"]["policy-2"]["texts"] == 1
    assert set(found["models"]) == {"keywords-1"}
    assert set(found["routes"]) == {"/infer", "/v1/moderations"}
    assert list(found["days"]) == ["2026-03-01", "2026-03-03"]
    assert found["latency"]["p50"] == 8.0
    assert found["latency"]["p99"] <= 80.0


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", 4),
        ("?since=2026-03-02", 1),
        ("?until=2026-03-01", 3),
        ("?since=2026-03-01&until=2026-03-01", 3),
        ("?until=2026-03-01T12:00Z", 0),
        ("?since=2026-03-01T13:00%2B02:00", 4),
        ("?community=my-forum", 2),
        ("?community=", 1),
        ("?community=nobody", 0),
        ("?community=%00", 0),
        ("?since=2030-01-01", 0),
    ],
)
def test_a_time_and_a_community_can_be_chosen(client: TestClient, query: str, texts: int) -> None:
    assert client.get(f"/report{query}").json()["total"]["texts"] == texts
    page = client.get(f"/report{query}", headers=BROWSER)
    assert page.status_code == 200
    assert ("Nothing was answered in this time." in page.text) == (texts == 0)


@pytest.mark.parametrize(
    "query",
    [
        "?since=yesterday",
        "?until=2026-02-30",
        "?since=",
        "?since=2026-03-01;DROP",
        "?format=xml",
        "?community=" + "x" * 769,
    ],
)
def test_what_is_no_date_no_form_or_too_long_is_one_line(client: TestClient, query: str) -> None:
    answer = client.get(f"/report{query}", headers=BROWSER)
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert len(answer.json()["error"]) < 200


def test_the_csv_is_a_file_of_the_same_counts_in_which_no_name_is_a_formula(
    client: TestClient,
) -> None:
    answer = client.get("/report?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="hatelens-report.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len({len(row) for row in rows}) == 1
    assert any("my-forum" in row for row in rows)
    assert any("'=1+1" in row for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/json", "json"),
        (BROWSER["Accept"], "html"),
        ("TEXT/HTML", "html"),
        ("text/csv, text/html", "csv"),
        ("image/png, */*", "json"),
        (",;;=,", "json"),
    ],
)
def test_the_accept_header_decides_the_form(accept: str, form: str) -> None:
    assert wanted(accept) == form


def test_a_form_that_is_asked_for_wins_over_the_header(client: TestClient) -> None:
    answer = client.get("/report?format=json", headers=BROWSER)
    assert answer.headers["content-type"] == "application/json"
    assert "text/html" in client.get("/report?format=html").headers["content-type"]


def test_the_page_shows_the_counts_and_draws_them_without_script_or_style(
    client: TestClient,
) -> None:
    page = Page(client.get("/report", headers=BROWSER).text)
    names = [tag for tag, _ in page.tags]
    assert not {"script", "style", "form", "iframe"} & set(names)
    assert not [
        name for _, found in page.tags for name in found if name.startswith(("on", "style"))
    ]
    assert {"my-forum", "=1+1", "none named", "kind", "unkind", "policy-2", "/v1/moderations"} <= {
        *page.words
    }
    assert {"25.0%", "2026-03-01", "2026-03-03"} <= {*page.words}
    drawn = [found["class"] for tag, found in page.tags if tag == "rect"]
    assert {*drawn} == {"flag", "unsure", "clear"}


def test_every_link_of_the_page_leads_on(client: TestClient) -> None:
    page = Page(client.get("/report?community=my-forum", headers=BROWSER).text)
    links = {found["href"] or "" for tag, found in page.tags if tag == "a"}
    assert len(links) > 8
    for link in links | {found["href"] or "" for tag, found in page.tags if tag == "link"}:
        assert link.startswith("/")
        assert client.get(link, headers=BROWSER).status_code == 200
    current = [found["href"] for _, found in page.tags if "aria-current" in found]
    assert current == ["/report?community=my-forum"]


def test_a_community_with_odd_characters_leads_to_itself(tmp_path: Path) -> None:
    name = "Zorblaxians & Söhne #1 + ?format=csv"
    with served(tmp_path, (an_answer(community=name),)) as client:
        page = Page(client.get("/report", headers=BROWSER).text)
        (link,) = [
            found["href"] or ""
            for _, found in page.tags
            if "Zorblaxians" in (found.get("href") or "")
        ]
        assert parse_qs(urlsplit(link).query) == {"community": [name]}
        assert client.get(link).json()["total"]["texts"] == 1


def test_a_name_with_control_characters_leads_to_itself_too(tmp_path: Path) -> None:
    with served(tmp_path, (an_answer(community="\x00\ud800" * 64), an_answer())) as client:
        page = Page(client.get("/report", headers=BROWSER).text)
        links = [
            found["href"] or "" for _, found in page.tags if "%5C" in (found.get("href") or "")
        ]
        assert [client.get(link).json()["total"]["texts"] for link in links] == [1]
        assert client.get("/report?community=" + "%00" * 2).json()["total"]["texts"] == 0


def test_a_link_keeps_what_is_not_changed() -> None:
    wish = Wish("2026-03-01", None, "a b")
    assert wish.link() == "/report?since=2026-03-01&community=a+b"
    assert wish.link(since=None) == "/report?community=a+b"
    assert wish.link(since=None, community=None) == "/report"
    assert wish.link(community="") == "/report?since=2026-03-01&community="


def test_it_needs_a_key_with_its_scope(tmp_path: Path) -> None:
    with served(tmp_path, require_key=True) as client:
        assert client.get("/report").status_code == 401
        database = databases.opened(url(tmp_path))
        _, other = keys.add(database, "other", ("detect",))
        _, own = keys.add(database, "own", ("report",))
        database.close()
        assert client.get("/report", headers={"X-Api-Key": other}).status_code == 403
        assert client.get("/report", headers={"X-Api-Key": own}).status_code == 200
        assert client.get("/report", headers=BROWSER, auth=("me", own)).status_code == 200


def test_thousands_of_communities_make_a_short_page(tmp_path: Path) -> None:
    many = tuple(an_answer(community=f"forum {number}") for number in range(2000))
    with served(tmp_path, many) as client:
        html = client.get("/report", headers=BROWSER).text
        assert "1,980 texts more, under other names." in html
        assert len(html) < 40_000
        counts = client.get("/report").json()["communities"]
        assert sum(count["texts"] for count in counts.values()) == 2000
