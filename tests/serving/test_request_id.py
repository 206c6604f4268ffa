from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from hatelens.serving import request_id
from hatelens.storage import identity


def client() -> TestClient:
    async def told(request: Request) -> PlainTextResponse:
        assert request_id.current.get() == request_id.of(request)
        return PlainTextResponse(request_id.of(request))

    app = Starlette(routes=[Route("/", told)])
    app.add_middleware(request_id.RequestIds)
    return TestClient(app)


def test_every_request_has_its_own_id_also_one_that_finds_nothing() -> None:
    asked = client()
    answers = [asked.get(path) for path in ("/", "/", "/nothing")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert all(len(one) == identity.LENGTH for one in ids)
    assert answers[0].text == ids[0]


def test_an_id_that_comes_in_is_not_believed() -> None:
    answer = client().get("/", headers={"X-Request-Id": "forged\tline"})
    assert answer.headers.get_list("x-request-id") == [answer.text]
    assert "forged" not in answer.text
