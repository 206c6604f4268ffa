"""``/review``: the page on which a person judges one text after the other, with a key for each."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.errors import unknown
from hatelens.models.detector import Prediction
from hatelens.serving import card as cards
from hatelens.serving import gate, markup
from hatelens.serving.answer import RefusalError, shown
from hatelens.serving.card import Card
from hatelens.serving.desk import Desk
from hatelens.storage import clock, reviews, verdicts
from hatelens.storage.review_states import UNCLEAR
from hatelens.storage.reviews import Item
from hatelens.storage.sessions import Session

LATER = 10 * 60 * clock.SECOND
"""For how long a skipped text comes last for who skipped it."""
MARKED = 10_000
"""Characters up to which a text is marked unasked: longer ones cost many passes of the model."""
PATIENCE = 2.0
"""Seconds that a card waits for its marks; without them it is shown all the same."""
KEYS = 9
LOST = "This text is not yours any more: its time was over. Here is another one."

logger = logging.getLogger(__name__)


def router(desk: Desk, _: ServerSettings) -> APIRouter:
    """Return the routes of reviewing."""
    routes = APIRouter(include_in_schema=False)
    table = Table(desk)

    @routes.get("/review")
    async def review(request: Request) -> Response:
        session = await gate.known(request, desk)
        if session is None:
            return RedirectResponse("/login", 303)
        return await table.page(session)

    @routes.get("/review/card")
    async def card(request: Request) -> Response:
        return await table.fragment(await gate.entered(request, desk))

    @routes.post("/review/verdict")
    async def verdict(request: Request) -> Response:
        session, fields = await gate.sent(request, desk)
        return await _next(request, table, session, await table.judge(session, fields))

    @routes.post("/review/skip")
    async def skip(request: Request) -> Response:
        session, fields = await gate.sent(request, desk)
        later, answer = clock.now() + LATER, fields.get("answer", "")
        mine = await run_in_threadpool(
            reviews.release, desk.database, answer, session.user.id, later
        )
        return await _next(request, table, session, "Skipped." if mine else LOST)

    @routes.post("/review/undo")
    async def undo(request: Request) -> Response:
        session, __ = await gate.sent(request, desk)
        now = clock.now()
        back = await run_in_threadpool(verdicts.undo, desk.database, session.user.id, now)
        line = "Taken back: your last text is here again."
        return await _next(
            request, table, session, line if back else "No verdict can be taken back."
        )

    @routes.post("/review/explain")
    async def explain(request: Request) -> Response:
        session, fields = await gate.sent(request, desk)
        drawn = table.fragment if _is_script(request) else table.page
        return await drawn(session, explained=fields.get("answer", ""))

    @routes.post("/review/renew")
    async def renew(request: Request) -> Response:
        session, fields = await gate.sent(request, desk)
        until, answer = clock.now() + table.lease, fields.get("answer", "")
        if not await run_in_threadpool(
            reviews.renew, desk.database, answer, session.user.id, until
        ):
            raise RefusalError(409, LOST)
        return Response(status_code=204)

    return routes


class Table:
    """Where a reviewer sits: the text in front of him, and what he says of it.

    Args:
        desk: model and record.

    Attributes:
        lease: how long a text is one reviewer's, microseconds.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.lease = desk.settings.review_lease * clock.SECOND

    async def page(self, session: Session, explained: str = "") -> Response:
        """Return the whole page.

        Args:
            session: of the reviewer.
            explained: as in ``fragment``.

        Raises:
            RefusalError: 429 or 503, the explanation has to wait.
            StorageError: the record cannot be used.
        """
        return await self._drawn("review.html", session, "", explained)

    async def fragment(self, session: Session, line: str = "", explained: str = "") -> Response:
        """Return what lies in the middle of the page.

        Args:
            session: of the reviewer.
            line: what has just happened.
            explained: id of the answer to be explained, if it is still this reviewer's.

        Raises:
            RefusalError: 429 or 503, the explanation has to wait.
            StorageError: the record cannot be used.
        """
        return await self._drawn("review_card.html", session, line, explained)

    async def judge(self, session: Session, fields: dict[str, str]) -> str:
        """Put a verdict on record, and say so.

        Raises:
            RefusalError: 422, there is no such label.
            ConfigError: the note is too long.
            StorageError: the record cannot be used.
        """
        labels, label = self._desk.pipeline.labels, fields.get("label", "")
        allowed = (*labels.names, UNCLEAR)
        if label not in allowed:
            raise RefusalError(422, unknown("label", shown(label, 40)[1:-1], allowed))
        given = await run_in_threadpool(
            verdicts.give,
            self._desk.database,
            fields.get("answer", ""),
            session.user.id,
            label,
            note=fields.get("note", "").strip(),
            now=clock.now(),
            side=None if label not in labels.names else labels.is_hateful(label),
        )
        return f"Saved: {label}." if given else LOST

    async def _drawn(self, name: str, session: Session, line: str, explained: str) -> Response:
        desk, now = self._desk, clock.now()
        stores = desk.settings.store_text != "never" and desk.sealer.seals
        item = await self._claimed(session, now) if stores else None
        lost = explained and (item is None or item.answer.id != explained)
        card = await self._laid_out(item, now, explain=bool(explained)) if item else None
        html = markup.template(name).render(
            stores=stores,
            card=card,
            line=LOST if lost else line,
            labels=desk.pipeline.labels,
            unclear=UNCLEAR,
            most_keys=KEYS,
            longest_note=verdicts.LONGEST_NOTE,
            counts=await run_in_threadpool(reviews.counts, desk.database, now),
            session=session,
            seconds=desk.settings.review_lease,
            version=__version__,
        )
        return gate.page(html)

    async def _claimed(self, session: Session, now: int) -> Item | None:
        return await run_in_threadpool(
            reviews.claim, self._desk.database, session.user.id, now, self.lease
        )

    async def _laid_out(self, item: Item, now: int, *, explain: bool) -> Card:
        text, served = self._desk.sealer.open(item.text), self._desk.communities
        community = item.answer.community
        prediction = await self._marked(text, community, explain=explain)
        thresholds, named = served.thresholds(community), served.pipeline.named
        return cards.made(item, text, thresholds, named, now=now, prediction=prediction)

    async def _marked(self, text: str, community: str, *, explain: bool) -> Prediction | None:
        """Ask the model for its marks; unasked, only where that costs little."""
        served = self._desk.communities
        if not explain and len(text) > MARKED:
            return None
        try:
            (found,) = await served.engine.predict(
                [text],
                explain=explain,
                adapter=served.adapter(community),
                deadline=None if explain else PATIENCE,
            )
        except RefusalError:
            if explain:
                raise
            return None
        except Exception:  # an outer edge: a person can judge without the model
            logger.exception("A text of the queue cannot be marked.")
            return None
        return found


async def _next(request: Request, table: Table, session: Session, line: str) -> Response:
    """Return the next text: in place of the last one, or to a browser without scripts as a page."""
    if not _is_script(request):
        return RedirectResponse("/review", 303)
    return await table.fragment(session, line)


def _is_script(request: Request) -> bool:
    """Say whether the page's script asks, which puts the answer in place of the last card."""
    return "hx-request" in request.headers
