"""``/login`` and ``/logout``: who reviews says who they are; a cookie remembers it for a day."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving import caller, form, gate, markup
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Desk
from hatelens.serving.failures import Failures
from hatelens.storage import clock, identity, sessions, users
from hatelens.storage.audit import Event
from hatelens.storage.users import User

BEFORE = "hatelens_login"
"""The cookie that holds the token of the form while nobody is logged in."""
AT_ONCE = 2
WRONG = "This name and this password do not belong together; try again, or ask an administrator."

logger = logging.getLogger(__name__)


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes that let people in and out."""
    routes = APIRouter(include_in_schema=False)
    door = Door(desk)
    _warn(settings)

    @routes.get("/login")
    async def show(request: Request) -> Response:
        if await gate.known(request, desk):
            return RedirectResponse("/review", 303)
        return door.page(request)

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        gate.check_origin(request, settings)
        fields = await form.read(request)
        gate.check_token(fields.get(gate.CSRF, ""), request.cookies.get(BEFORE, ""))
        address = caller.address(request.scope)
        try:
            user = await door.let_in(fields.get("name", ""), fields.get("password", ""), address)
        except RefusalError as error:
            return door.page(request, error)
        return await door.begun(request, user)

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        await gate.sent(request, desk)
        token = request.cookies[gate.COOKIE]
        await run_in_threadpool(sessions.end, desk.database, token)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(gate.COOKIE)
        return answer

    return routes


class Door:
    """Lets people in who know their password, and puts on record who does not.

    Args:
        desk: with the record.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._failures = Failures()
        self._turn = anyio.CapacityLimiter(AT_ONCE)
        self._page = markup.template("login.html")

    def page(self, request: Request, refusal: RefusalError | None = None) -> Response:
        """Return the page that asks for name and password, and says why it does so again."""
        token = request.cookies.get(BEFORE) or secrets.token_urlsafe(32)
        html = self._page.render(csrf=token, line=str(refusal or ""), version=__version__)
        answer = gate.page(html, refusal.status if refusal else 200)
        if refusal and refusal.retry_after:
            answer.headers["Retry-After"] = str(refusal.retry_after)
        answer.set_cookie(BEFORE, token, **self._kept(request))
        return answer

    async def begun(self, request: Request, user: User) -> Response:
        """Begin a session and lead to the queue.

        Raises:
            StorageError: the record cannot be used.
        """
        hours = self._desk.settings.session_hours
        token, _ = await run_in_threadpool(sessions.begin, self._desk.database, user, hours)
        answer = RedirectResponse("/review", 303)
        answer.set_cookie(gate.COOKIE, token, max_age=3600 * hours, **self._kept(request))
        answer.delete_cookie(BEFORE)
        return answer

    async def let_in(self, name: str, password: str, address: str) -> User:
        """Return who it is.

        Raises:
            RefusalError: 401 a wrong name or password, 429 too many of them.
            StorageError: the record cannot be used.
        """
        pause = self._failures.begin(name, address)
        if pause:
            line = f"Too many failed logins; wait {-(-pause // 60)} minutes and try again."
            raise RefusalError(429, line, retry_after=pause)
        user = await anyio.to_thread.run_sync(
            users.by_password, self._desk.database, name, password, limiter=self._turn
        )
        if user is None:
            await self._note(name, address)
            raise RefusalError(401, WRONG)
        self._failures.succeeded(name, address)
        return user

    async def _note(self, name: str, address: str) -> None:
        """Put a failure on record; a name that nobody has may be a password in the wrong field."""
        names = await run_in_threadpool(users.names, self._desk.database)
        known = next((user for user, called in names.items() if called == name), "")
        event = Event(identity.new(), clock.now(), "login.fail", known, {"known": bool(known)})
        await self._desk.note(event)
        logger.warning("A login failed, from %s.", address)

    def _kept(self, request: Request) -> dict[str, Any]:
        """Return how the browser is to keep a cookie."""
        secure = gate.is_encrypted(request, self._desk.settings)
        return {"secure": secure, "httponly": True, "samesite": "strict"}


def _warn(settings: ServerSettings) -> None:
    """Say at the start that passwords would go through the network as they are."""
    if settings.public_url.lower().startswith("http://") and not _is_loopback(settings.host):
        logger.warning(
            "HATELENS_PUBLIC_URL begins with http: passwords and texts of /review would cross the "
            "network unencrypted; put the service behind https."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
