from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.storage import database as databases
from hatelens.storage import verdicts
from hatelens.storage.verdicts import Verdict
from tests.serving import whole
from tests.serving.conftest import Keywords
from tests.serving.recorded import url
from tests.serving.reviewing import Reviewer, hidden, user

FILM = "What a stupid film."
JSON = {"content-type": "application/json"}
FOOD = "Zorblaxian food is stupid and disgusting."


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    user(tmp_path)
    user(tmp_path, "bert", "admin")
    with whole.running(tmp_path) as opened:
        yield opened


def ask(client: TestClient, text: str, community: str = "") -> str:
    """Have a text answered; return the id of the request."""
    parameters = {"community": community} if community else {}
    content = json.dumps({"text": text})  # halves of characters, too
    answer = client.post("/infer", content=content, headers=JSON, params=parameters)
    assert answer.status_code == 200
    return answer.headers["x-request-id"]


def given(folder: Path) -> list[Verdict]:
    database = databases.opened(url(folder))
    try:
        return [verdict for verdict, _ in verdicts.latest(database)]
    finally:
        database.close()


def said(html: str) -> str:
    """Return the text of a page as a reader sees it."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def test_the_page_shows_a_text_with_its_score_between_the_thresholds(client: TestClient) -> None:
    ask(client, FOOD)
    page = Reviewer(client).page()
    assert FOOD in said(page)
    assert "86.7% hateful" in said(page)
    assert "Clear below 30.0%, flagged from 70.0%" in said(page)
    assert "1 being looked at" in said(page)
    assert "insult 87%" in said(page)
    assert "just now" in said(page)
    assert re.findall(r'name="label" value="(\w+)"', page) == ["kind", "unkind", "unclear"]


def test_the_page_keeps_to_the_content_security_policy(client: TestClient) -> None:
    ask(client, FILM)
    anna = Reviewer(client)
    for path in ("/login", "/review"):
        answer = (client if path == "/login" else anna.browser).get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'; style-src 'self'" in policy
        assert "form-action 'self'" in policy
        assert not re.search(r"<style|<script>|\son\w+=|\sstyle=|https?://", answer.text)
        for address in re.findall(r'(?:src|href)="(/static/[^"]*)"', answer.text):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("label", "side"), [("kind", "not hateful"), ("unkind", "hateful"), ("unclear", "")]
)
def test_a_verdict_is_on_record_with_its_note_and_the_next_text_comes(
    client: TestClient, tmp_path: Path, label: str, side: str
) -> None:
    ask(client, FILM)
    ask(client, FOOD)
    anna = Reviewer(client)
    before = hidden(anna.page(), "answer")
    after = anna.send("verdict", label=label, note=" a <b>joke</b> ")
    assert after.status_code == 200
    assert f"Saved: {label}." in after.text
    assert hidden(after.text, "answer") != before
    assert "<html" not in after.text
    (verdict,) = given(tmp_path)
    assert (verdict.answer, verdict.label, verdict.side) == (before, label, side)
    assert verdict.note == "a <b>joke</b>"
    assert 0 <= verdict.seconds < 60


def test_without_a_script_a_verdict_leads_back_to_the_page(
    client: TestClient, tmp_path: Path
) -> None:
    ask(client, FILM)
    anna = Reviewer(client)
    page = anna.page()
    fields = {name: hidden(page, name) for name in ("csrf", "answer")} | {"label": "kind"}
    answer = anna.browser.post("/review/verdict", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    assert len(given(tmp_path)) == 1


def test_a_verdict_needs_a_label_of_the_model_the_token_and_the_text_in_hand(
    client: TestClient, tmp_path: Path
) -> None:
    ask(client, FILM)
    anna = Reviewer(client)
    wrong = anna.send("verdict", label="kindd")
    assert wrong.status_code == 422
    assert "kindd" in wrong.json()["error"]
    assert "unkind" in wrong.json()["error"]
    assert anna.send("verdict", label="kind", csrf="x").status_code == 403
    assert anna.send("verdict", label="kind", note="x" * 2001).status_code == 422
    lost = anna.send("verdict", label="kind", answer="0" * 26)
    assert "not yours any more" in lost.text
    assert given(tmp_path) == []


def test_two_reviewers_never_see_the_same_text(client: TestClient) -> None:
    ask(client, FILM)
    ask(client, FOOD)
    anna, bert = Reviewer(client), Reviewer(client, "bert")
    assert hidden(anna.page(), "answer") != hidden(bert.page(), "answer")
    third = anna.send("verdict", label="kind")
    assert "Nothing waits for you" in third.text


def test_a_skipped_text_comes_last_for_who_skipped_it(client: TestClient) -> None:
    ask(client, FILM)
    ask(client, FOOD)
    anna = Reviewer(client)
    first = hidden(anna.page(), "answer")
    after = anna.send("skip")
    assert "Skipped." in after.text
    second = hidden(after.text, "answer")
    assert first != second
    assert hidden(anna.send("verdict", label="kind").text, "answer") == first


def test_undo_brings_the_last_text_back(client: TestClient, tmp_path: Path) -> None:
    ask(client, FILM)
    anna = Reviewer(client)
    assert "No verdict can be taken back." in anna.send("undo").text
    first = hidden(anna.page(), "answer")
    anna.send("verdict", label="kind")
    back = anna.send("undo")
    assert "Taken back" in back.text
    assert hidden(back.text, "answer") == first
    assert given(tmp_path) == []


def test_a_lease_is_renewed_only_for_its_holder(client: TestClient) -> None:
    ask(client, FILM)
    anna, bert = Reviewer(client), Reviewer(client, "bert")
    mine = hidden(anna.page(), "answer")
    assert anna.send("renew").status_code == 204
    refused = bert.send("renew", answer=mine)
    assert refused.status_code == 409
    assert "not yours" in refused.json()["error"]


def test_an_explanation_marks_the_words_that_carried_the_score(client: TestClient) -> None:
    ask(client, FOOD)
    anna = Reviewer(client)
    assert "<mark" not in anna.page()
    explained = anna.send("explain")
    assert re.findall(r"<mark[^>]*>([^<]+)</mark>", explained.text) == ["stupid", "disgusting."]
    assert "without them it falls" in explained.text
    lost = anna.send("explain", answer="0" * 26)
    assert "not yours any more" in lost.text


def test_without_a_script_an_explanation_is_a_whole_page(client: TestClient) -> None:
    ask(client, FOOD)
    anna = Reviewer(client)
    page = anna.page()
    fields = {name: hidden(page, name) for name in ("csrf", "answer")}
    explained = anna.browser.post("/review/explain", data=fields).text
    assert explained.startswith("<!doctype html>")
    assert "without them it falls" in explained


class Silent(Keywords):
    """A model that answers once and fails from then on."""

    failing = False

    def predict(self, texts):  # pyrefly: ignore
        if self.failing:
            raise OSError("the weights are gone")
        return super().predict(texts)


def test_a_person_can_judge_while_the_model_fails(tmp_path: Path) -> None:
    user(tmp_path)
    model = Silent()
    with whole.running(tmp_path, Pipeline(model)) as client:
        ask(client, FILM)
        model.failing = True
        anna = Reviewer(client)
        assert FILM in said(anna.page())
        assert anna.send("verdict", label="kind").status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert('stupid')</script><b id=card>",
        "stupid \ud800 and \x00 \x1b[2J and \u202e backwards",
        "stupid {{ 7 * 7 }} {% raw %}",
        "stupid " + "dreadful! " * 10_000,
    ],
)
def test_a_hostile_text_stays_a_text(client: TestClient, text: str) -> None:
    ask(client, text)
    anna = Reviewer(client)
    page = anna.page()
    assert page.count('id="card"') == 2  # the card, and the one for who was away
    assert "<script>" not in page
    assert "49" not in said(page).split("Your verdict")[0].split("Show the text")[1]
    assert "\x00" not in page
    assert "\x1b" not in page
    assert anna.send("verdict", label="kind").status_code == 200


def test_without_stored_texts_the_page_says_what_to_set(tmp_path: Path) -> None:
    user(tmp_path)
    with whole.running(tmp_path, store_text="never") as client:
        ask(client, FILM)
        page = said(Reviewer(client).page())
    assert "Reviewing needs stored texts" in page
    assert "HATELENS_STORE_TEXT=flagged" in page


def test_the_thresholds_are_those_of_the_community(client: TestClient) -> None:
    ask(client, FOOD, "my-forum")
    assert "Clear below 40.0%, flagged from 71.0% in my-forum" in said(Reviewer(client).page())


def test_an_appeal_comes_first_says_its_reason_and_goes_to_somebody_else(
    client: TestClient,
) -> None:
    request = ask(client, FOOD)
    anna, bert = Reviewer(client), Reviewer(client, "bert")
    anna.page()
    anna.send("verdict", label="unkind")
    made = client.post("/appeals", json={"request": request, "reason": "<i>quoted</i>"})
    assert made.status_code == 201
    ask(client, FILM)
    assert FOOD not in said(anna.page())
    page = bert.page()
    assert FOOD in said(page)
    assert "The appeal says: <i>quoted</i>" in said(page)
    bert.send("verdict", label="kind")
    assert client.get(made.headers["location"]).json()["state"] == "overturned"


def test_what_was_judged_is_for_administrators_and_shows_no_text(client: TestClient) -> None:
    ask(client, FOOD)
    anna, bert = Reviewer(client), Reviewer(client, "bert")
    refused = anna.browser.get("/review/done")
    assert refused.status_code == 403
    assert refused.json()["error"] == "This page needs the role admin; you have reviewer."
    assert "Nothing was judged yet" in bert.browser.get("/review/done").text
    anna.page()
    anna.send("verdict", label="unkind", note="<b>plain</b>")
    page = bert.browser.get("/review/done").text
    assert FOOD not in said(page)
    assert "unkind11100.0%" in said(page).replace(" ", "")
    assert "anna" in said(page)
    assert "&lt;b&gt;plain" in page


def test_pages_of_people_need_no_key_and_appeals_do(tmp_path: Path) -> None:
    user(tmp_path)
    with whole.running(tmp_path, require_key=True) as client:
        assert "Nothing waits" in Reviewer(client).page()
        assert client.post("/appeals", json={"request": "x"}).status_code == 401
