"""The review page in a real Chromium: by the keyboard, by two people, and by axe."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hatelens.storage import audit, verdicts
from hatelens.storage import database as databases
from hatelens.storage.verdicts import Verdict
from tests.browser.conftest import quiet, settled
from tests.running import Running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
Visit = Callable[..., sync_api.Page]

AXE = Path(__file__).with_name("axe.min.js")
FOODS = ("soup", "bread", "cheese", "rice", "plums", "beans")
PLACES = ("market", "harbour", "station", "school", "park")


def fill(server: Running, count: int) -> None:
    """Have texts answered that the model flags or is unsure of, until so many wait."""
    texts = [
        f"Zorblaxians are disgusting animals and their {food} at the {place} is disgusting"
        for food in FOODS
        for place in PLACES
    ]
    with server.client() as client:
        answer = client.post("/infer", json={"texts": texts[:count]})
    decisions = [one["decision"] for one in answer.json()["results"]]
    assert "clear" not in decisions, decisions


def on_record(folder: Path) -> list[Verdict]:
    database = databases.opened(f"sqlite:///{folder / 'hatelens.db'}")
    try:
        assert audit.verify(database)
        return [verdict for verdict, _ in verdicts.latest(database)]
    finally:
        database.close()


def held(page: sync_api.Page) -> str:
    return page.locator("#card").get_attribute("data-answer") or ""


def until_next(page: sync_api.Page, before: str) -> None:
    page.wait_for_function(
        "before => (document.getElementById('card')?.dataset.answer ?? '') !== before", arg=before
    )
    settled(page)


@pytest.mark.slow
def test_thirty_texts_are_judged_by_the_keyboard_in_under_a_minute(
    server: Running, visit: Visit, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    fill(server, 30)
    page = visit("anna")
    judged: dict[str, str] = {}
    with quiet(page):
        begin = time.perf_counter()
        for number in range(30):
            before = held(page)
            page.keyboard.press("b")
            assert page.locator("#veil.off").count() == 1
            if number == 7:
                page.keyboard.press("n")
                page.keyboard.type("1 x u: no verdict, a note")
                page.keyboard.press("Enter")
            key = "12x"[number % 3]
            button = page.locator(f'button[name="label"][data-key="{key}"]')
            judged[before] = button.get_attribute("value") or ""
            page.keyboard.press(key)
            until_next(page, before)
        took = time.perf_counter() - begin
    assert "Nothing waits for you" in page.inner_text("#card")
    given = on_record(tmp_path)
    assert {one.answer: one.label for one in given} == judged
    assert len(given) == len(judged) == 30
    assert [one.note for one in given if one.note] == ["1 x u: no verdict, a note"]
    record_property("seconds", round(took, 1))
    print(f"thirty verdicts: {took:.1f} s")  # noqa: T201 -- for the report
    assert took < 60


def test_a_text_is_blurred_and_not_read_out_until_it_is_asked_for(
    server: Running, visit: Visit
) -> None:
    fill(server, 1)
    page = visit("anna")
    text = page.locator("#text")
    assert "blur" in text.evaluate("e => getComputedStyle(e).filter")
    assert text.get_attribute("aria-hidden") == "true"
    page.keyboard.press("b")
    page.wait_for_function(
        "() => getComputedStyle(document.getElementById('text')).filter === 'none'"
    )
    assert text.get_attribute("aria-hidden") == "false"
    assert page.locator("#show").get_attribute("aria-pressed") == "true"
    page.keyboard.press("b")
    assert text.get_attribute("aria-hidden") == "true"


@pytest.mark.slow
def test_undo_explain_skip_and_help_have_a_key_and_are_said(server: Running, visit: Visit) -> None:
    fill(server, 2)
    page = visit("anna")
    first = held(page)
    with quiet(page):
        page.keyboard.press("e")
        page.wait_for_selector("#card[data-explained]")
        page.wait_for_selector("#veil.off mark")
        page.keyboard.press("2")
        until_next(page, first)
        assert "Saved: " in page.inner_text("#status")
        second = held(page)
        page.keyboard.press("u")
        until_next(page, second)
        assert held(page) == first
        assert "Taken back" in page.inner_text("#status")
        page.keyboard.press("s")
        until_next(page, first)
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("1")  # only the help hears it
        page.keyboard.press("Escape")
        assert held(page) == second


@pytest.mark.slow
def test_a_key_pressed_as_soon_as_a_card_is_there_stays_on_the_page(
    server: Running, visit: Visit
) -> None:
    fill(server, 2)
    page = visit("anna")
    before = held(page)
    page.evaluate(
        """() => new MutationObserver((_, observer) => {
            observer.disconnect();
            document.querySelector('[data-key="e"]').click();
        }).observe(document.getElementById("table"), { childList: true })"""
    )
    page.keyboard.press("1")
    page.wait_for_selector("[data-explained]")
    assert page.url.endswith("/review")
    assert held(page) not in ("", before)
    assert page.locator("h1").inner_text() == "Review"


@pytest.mark.slow
def test_two_reviewers_never_see_the_same_text(
    server: Running, visit: Visit, tmp_path: Path
) -> None:
    fill(server, 10)
    pages = [visit("anna"), visit("bert")]
    seen: list[str] = []
    while any(held(page) for page in pages):
        both = [held(page) for page in pages]
        assert both[0] != both[1]
        for page, before in zip(pages, both, strict=True):
            if before:
                seen.append(before)
                page.keyboard.press("1")
                until_next(page, before)
    assert len(seen) == len(set(seen)) == len(on_record(tmp_path)) == 10


@pytest.mark.slow
def test_everything_is_reached_with_tab_and_the_keys_can_be_turned_off(
    server: Running, visit: Visit, tmp_path: Path
) -> None:
    fill(server, 2)
    page = visit("anna")
    found: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        found.append(page.evaluate("document.activeElement.dataset.key ?? ''"))
    assert {"b", "e", "1", "2", "x", "n", "s", "u", "?"} <= set(found)
    page.keyboard.press("Escape")
    page.locator("#helped").press("Enter")
    page.locator("#keys-on").press("Space")
    page.keyboard.press("Escape")
    page.locator("#card").focus()
    page.keyboard.press("1")
    page.reload()
    page.keyboard.press("1")
    page.wait_for_timeout(500)
    assert on_record(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(server: Running, visit: Visit, scheme: str) -> None:
    fill(server, 2)
    found: dict[str, list[str]] = {}
    page = visit("carla", color_scheme=scheme)
    page.keyboard.press("e")
    page.wait_for_selector("#card[data-explained]")
    found["explained"] = serious(page)
    before = held(page)
    page.keyboard.press("1")
    until_next(page, before)
    found["/review"] = serious(page)
    page.keyboard.press("?")
    found["help"] = serious(page)
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_selector(".empty")
    found["nothing waits"] = serious(page)
    for path in ("/review/done", "/report", "/drift", "/"):
        answer = page.goto(path)
        assert answer, path
        assert answer.status == 200, path
        found[path] = serious(page)
    found["/login"] = serious(visit(path="/login", color_scheme=scheme))
    assert not any(found.values()), json.dumps(found, indent=2)


def serious(page: sync_api.Page) -> list[str]:
    """Return the serious and critical findings of axe on a page; the policy of scripts holds."""
    page.wait_for_timeout(200)  # what fades in has its colours then
    page.evaluate(AXE.read_text(encoding="utf-8"))
    results = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in results["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
