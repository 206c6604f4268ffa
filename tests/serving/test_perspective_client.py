"""Google's own client against a running server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from hatelens import detect
from hatelens.storage import database as databases
from hatelens.storage import keys
from tests.running import Running, running

TEXT = "Zorblaxians are stupid and disgusting. What a lovely day it is."
POLICY = "communities: {strict: {flag: 0.02, clear: 0.01}, easy: {flag: 0.99, clear: 0.98}}\n"


def client(server: Running, key: str | None = None) -> Any:
    """Build Google's client from our discovery document, as a program does."""
    return discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        discoveryServiceUrl=f"{server.url}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )


def ask(text: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {name: {} for name in names}} | more


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Read the record as it lies on the disk."""
    connection = sqlite3.connect(f"file:{folder / 'hatelens.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("perspective")
    (made / "policy.yaml").write_text(POLICY)
    return made


@pytest.fixture(scope="module")
def server(model_folder: Path, folder: Path) -> Iterator[Running]:
    """The sample model, which has no heads: it scores TOXICITY and IDENTITY_ATTACK."""
    with running(model_folder, folder, policy="policy.yaml", max_text_chars=5000) as started:
        yield started


def test_a_comment_is_scored(server: Running, model_folder: Path) -> None:
    found = client(server, "any key").comments().analyze(body=ask(TEXT, "TOXICITY")).execute()
    (prediction,) = detect.load(str(model_folder)).predict([TEXT])
    summary = found["attributeScores"]["TOXICITY"]["summaryScore"]
    assert summary == {"value": round(prediction.hateful, 6), "type": "PROBABILITY"}
    assert found["languages"] == found["detectedLanguages"] == ["en"]


def test_everything_that_the_client_can_send_is_taken(server: Running) -> None:
    more = {
        "context": {"entries": [{"text": "Before.", "type": "PLAIN_TEXT"}]},
        "languages": ["en"],
        "doNotStore": True,
        "spanAnnotations": True,
        "clientToken": "comment-1",
        "sessionId": "session-1",
        "communityId": "strict",
    }
    body = ask(TEXT, "TOXICITY", "IDENTITY_ATTACK@6", **more)
    body["comment"]["type"] = "PLAIN_TEXT"
    body["requestedAttributes"]["TOXICITY"] = {"scoreType": "PROBABILITY", "scoreThreshold": 0.0}
    found = client(server).comments().analyze(body=body).execute()
    assert found["clientToken"] == "comment-1"
    spans = found["attributeScores"]["IDENTITY_ATTACK@6"]["spanScores"]
    assert [TEXT[span["begin"] : span["end"]] for span in spans] == [
        "Zorblaxians are stupid and disgusting.", "What a lovely day it is.",
    ]  # fmt: skip
    assert spans[0]["score"]["value"] > spans[1]["score"]["value"]


def test_each_comment_is_on_record_once_with_its_communitys_decision(
    server: Running, folder: Path
) -> None:
    text = "Zorblaxians are stupid. They are."
    for community in ("strict", "easy", "nobody's"):
        body = ask(text, "TOXICITY", communityId=community, spanAnnotations=True)
        client(server).comments().analyze(body=body).execute()
    query = (
        "SELECT community, decision, route FROM answers "
        f"WHERE length = {len(text)} AND community != '' ORDER BY time"
    )
    route = "/v1alpha1/comments:analyze"
    found = rows(folder, query)
    assert found[:2] == [("strict", "flag", route), ("easy", "clear", route)]
    assert [one[0] for one in found] == ["strict", "easy", "nobody's"]


def test_a_suggestion_is_on_record(server: Running, folder: Path) -> None:
    body = {
        "comment": {"text": "What a day!"},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
        "communityId": "/forum/films",
        "clientToken": "comment-53922",
    }
    found = client(server).comments().suggestscore(body=body).execute()
    assert found["clientToken"] == "comment-53922"
    ((attributes, community),) = rows(
        folder, "SELECT attributes, community FROM suggestions WHERE token = 'comment-53922'"
    )
    assert (json.loads(attributes), community) == ({"TOXICITY": 0.0}, "/forum/films")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (ask("", "TOXICITY"), "COMMENT_EMPTY", "must be non-empty"),
        (ask("x" * 5001, "TOXICITY"), "COMMENT_TOO_LONG", "Comment text too long"),
        (ask(TEXT), "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        (ask(TEXT, "SEVERE_TOXICITY"), "INVALID_REQUEST", "Unknown requested attribute"),
        (
            ask("Das war gestern ein ziemlich langweiliger Film.", "TOXICITY"),
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "does not support request languages: de",
        ),
    ],
)
def test_the_client_reads_our_errors_as_googles(
    server: Running, body: dict[str, Any], kind: str, words: str
) -> None:
    with pytest.raises(HttpError) as caught:
        client(server).comments().analyze(body=body).execute()
    assert caught.value.status_code == 400
    assert words in caught.value.reason
    (detail,) = json.loads(caught.value.content)["error"]["details"]
    assert caught.value.error_details == [detail]
    assert detail["errorType"] == kind
    assert kind in str(caught.value)


def test_no_key_and_no_text_is_in_the_log(server: Running) -> None:
    client(server, "AIza-a-key").comments().analyze(body=ask(TEXT, "TOXICITY")).execute()
    log = "".join(server.log)
    assert "/v1alpha1/comments:analyze" in log
    assert "AIza" not in log
    assert "Zorblaxians" not in log


@pytest.mark.slow
def test_a_key_of_ours_goes_where_googles_went(model_folder: Path, tmp_path: Path) -> None:
    database = databases.opened(f"sqlite:///{tmp_path / 'hatelens.db'}")
    _, token = keys.add(database, "forum", frozenset({"detect"}))
    database.close()
    body = ask(TEXT, "TOXICITY")
    with running(model_folder, tmp_path, require_key=True) as locked:
        assert client(locked, token).comments().analyze(body=body).execute()["attributeScores"]
        for key in (None, "AIza-of-google"):
            request = client(locked, key).comments().analyze(body=body)
            with pytest.raises(HttpError) as caught:
                request.execute()
            assert caught.value.status_code == 401
            assert json.loads(caught.value.content)["error"]["status"] == "UNAUTHENTICATED"
        assert token not in "".join(locked.log)


@pytest.mark.slow
def test_the_default_model_scores_five_attributes(tmp_path: Path) -> None:
    names = ("TOXICITY", "IDENTITY_ATTACK", "INSULT", "THREAT", "PROFANITY")
    unknown = ask(TEXT, "SEVERE_TOXICITY", "TOXICITY", "SEXUALLY_EXPLICIT")
    with running("default", tmp_path) as served:
        found = client(served).comments().analyze(body=ask(TEXT, *names)).execute()
        refused = client(served).comments().analyze(body=unknown)
        with pytest.raises(HttpError, match="SEVERE_TOXICITY, SEXUALLY_EXPLICIT"):
            refused.execute()
    (prediction,) = detect.load().predict([TEXT])
    scores = {name: one["summaryScore"]["value"] for name, one in found["attributeScores"].items()}
    assert scores == {name: round(prediction.attributes[name.lower()], 6) for name in names}
