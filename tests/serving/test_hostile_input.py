from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, httpx

from hatelens.detect import Pipeline
from hatelens.serving.headers import SECURITY
from hatelens.serving.record import Error, Record, Results
from hatelens.storage import audit
from hatelens.storage import database as databases
from tests.hostile import Body, bodies, strings
from tests.hostile_requests import Operation, Sent, operations, requests
from tests.serving.recorded import url
from tests.serving.whole import running

JSON = {"Content-Type": "application/json"}
REFUSED = range(400, 500)
NEEDY = {"POST /appeals"}
"""What a body cannot be written for before there is something that it names."""


@pytest.fixture
def server(linear: Pipeline, tmp_path: Path) -> Iterator[TestClient]:
    """A real model behind every route; uploads are small and the queue of jobs is short."""
    with running(tmp_path, linear, max_body_bytes=8 * 1024 * 1024, max_jobs=3) as client:
        yield client


def answered(server: TestClient, body: Body) -> int:
    """Post a body, check that there is exactly one well-formed answer, return its status."""
    headers = {} if body.content_type is None else {"Content-Type": body.content_type}
    answer = server.post("/infer", content=body.content, headers=headers)
    if answer.status_code != 200:
        assert answer.status_code in REFUSED, (answer.status_code, body.content[:200])
        line = Error.model_validate(answer.json()).error
        assert line.isprintable()
        assert len(line) < 400
    elif answer.headers["content-type"].startswith("text/plain"):
        assert answer.text
    else:
        checked(answer.json())
    return answer.status_code


def checked(content: dict[str, object]) -> None:
    if "results" in content:
        assert isinstance(content["results"], list)
        assert content["results"]
        return
    # A lone surrogate is beyond pydantic; the other fields are checked without the text.
    Record.model_validate(content | {"text": ""})


def sent(server: TestClient, hostile: Sent) -> httpx.Response:
    """Send a request anywhere; check that its answer is one of ours, and no failure."""
    answer = server.request(
        hostile.method,
        hostile.url,
        content=hostile.content,
        headers=[(name.encode(), value) for name, value in hostile.headers],
        follow_redirects=False,
    )
    told = (answer.status_code, hostile.method, hostile.url[:300], hostile.content[:300])
    assert answer.status_code in {200, 201, 202, 204, *REFUSED}, told
    assert len(answer.headers["x-request-id"]) == 26, told
    assert answer.headers["x-content-type-options"] == "nosniff", told
    assert answer.headers["content-security-policy"] == SECURITY["Content-Security-Policy"], told
    if answer.status_code in REFUSED and hostile.method != "HEAD":
        line = refusal(answer.json())
        assert line.isprintable(), told
        assert 10 < len(line) < 500, told
    return answer


def refusal(content: dict[str, Any]) -> str:
    """Return the line of a refusal, in the form of any route."""
    error = content["error"]
    return error if isinstance(error, str) else error["message"]


def all_sent(server: TestClient, count: int, seed: int, longest: int) -> Counter[tuple[str, int]]:
    """Send hostile requests to all routes; return how often each route gave each status."""
    found = operations(server.get("/openapi.json").json())
    statuses: Counter[tuple[str, int]] = Counter()
    for hostile in requests(found, count, seed, longest):
        answer = sent(server, hostile)
        statuses[f"{hostile.operation.method} {hostile.operation.path}", answer.status_code] += 1
    assert {name for name, _ in statuses} == names(found)
    # Each route that takes a body also got one that it could answer.
    answered = {name for name, status in statuses if status < 300}
    assert names([one for one in found if one.bodies]) - NEEDY <= answered
    return statuses


def names(found: Sequence[Operation]) -> set[str]:
    return {f"{one.method} {one.path}" for one in found}


def verified(folder: Path) -> int:
    """Check the chain of a record; return how many entries it has."""
    database = databases.opened(url(folder), new=False)
    verdict = audit.verify(database)
    database.close()
    assert verdict.fault == ""
    return verdict.entries


def test_hostile_bodies_get_one_answer_each_and_never_a_server_error(server: TestClient) -> None:
    statuses = [answered(server, body) for body in bodies(100, seed=1, longest=50_000)]
    assert len(statuses) == 100
    assert statuses.count(200) > 30
    assert {400, 415, 422} <= set(statuses)


def test_hostile_requests_to_every_route_get_one_answer_each(
    server: TestClient, tmp_path: Path
) -> None:
    statuses = all_sent(server, 350, seed=1, longest=20_000)
    assert statuses.total() == 350
    assert sum(count for (_, status), count in statuses.items() if status == 200) > 50
    assert server.get("/healthcheck").status_code == 200
    assert verified(tmp_path) > 30


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_hostile_bodies_get_one_answer_each(server: TestClient) -> None:
    statuses = [answered(server, body) for body in bodies(10_000, seed=2)]
    assert len(statuses) == 10_000


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_thousand_hostile_requests_to_every_route_get_one_answer_each(
    server: TestClient, tmp_path: Path
) -> None:
    statuses = all_sent(server, 20_000, seed=3, longest=1024 * 1024)
    assert statuses.total() == 20_000
    assert server.get("/healthcheck").status_code == 200
    assert verified(tmp_path) > 1000


def test_a_hostile_text_comes_back_as_it_was_sent(server: TestClient) -> None:
    for text in strings(60, seed=3, longest=10_000):
        content = json.dumps({"text": text})
        answer = server.post("/infer", content=content, headers=JSON)
        # JSON itself joins two escaped halves into one character.
        assert answer.json()["text"] == json.loads(content)["text"]


def test_the_same_seed_gives_the_same_hostile_input() -> None:
    assert list(bodies(50, seed=4)) == list(bodies(50, seed=4))
    assert list(strings(50, seed=4)) != list(strings(50, seed=5))
    assert all(strings(50, seed=4))
    found = [Operation("POST", "/infer", (), (), (("application/json", {"text": "Hello"}),))]
    assert list(requests(found, 50, seed=4)) == list(requests(found, 50, seed=4))
    assert list(requests(found, 50, seed=4)) != list(requests(found, 50, seed=5))


def test_the_results_of_many_texts_match_their_shape(server: TestClient) -> None:
    answer = server.post("/infer", json={"texts": ["Good morning.", "Quendari."], "explain": True})
    assert len(Results.model_validate(answer.json()).results) == 2
