"""``/review/done``: what reviewers have said, and how often the model had said the same."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving import gate, markup
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Desk
from hatelens.storage import clock, reviews, users, verdicts

ADMIN = "admin"


def router(desk: Desk, _: ServerSettings) -> APIRouter:
    """Return the route of the page, which is for administrators; it shows no text."""
    routes = APIRouter(include_in_schema=False)

    def drawn(csrf: str) -> str:
        database = desk.database
        return markup.template("review_done.html").render(
            verdicts=verdicts.latest(database),
            agreement=verdicts.agreement(database),
            names=users.names(database),
            counts=reviews.counts(database, clock.now()),
            written=clock.written,
            csrf=csrf,
            version=__version__,
        )

    @routes.get("/review/done")
    async def done(request: Request) -> Response:
        session = await gate.known(request, desk)
        if session is None:
            return RedirectResponse("/login", 303)
        if session.user.role != ADMIN:
            raise RefusalError(
                403, f"This page needs the role {ADMIN}; you have {session.user.role}."
            )
        return gate.page(await run_in_threadpool(drawn, session.csrf))

    return routes
