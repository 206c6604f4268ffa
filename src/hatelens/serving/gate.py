"""Who has logged in, and whether what they send comes from a page of ours."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from hatelens.config.settings import ServerSettings
from hatelens.serving import form
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Desk
from hatelens.serving.headers import SECURITY
from hatelens.storage import sessions
from hatelens.storage.sessions import Session

COOKIE = "hatelens_session"
CSRF = "csrf"
CSRF_HEADER = "x-csrf-token"
HEADERS = {
    "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    # Without it a browser hides from us, too, which page a form comes from.
    "Referrer-Policy": "same-origin",
}
"""Of pages with forms that work without a script."""
STALE = "This form is not from this session any more; load the page again and repeat it."


def page(html: str, status: int = 200) -> Response:
    """Return a page whose forms may be sent to us."""
    return HTMLResponse(html.encode("utf-8", "replace"), status, headers=HEADERS)


async def known(request: Request, desk: Desk) -> Session | None:
    """Return the session of a request; None without a good one.

    Raises:
        StorageError: the sessions cannot be read.
    """
    token = request.cookies.get(COOKIE, "")
    return await run_in_threadpool(sessions.find, desk.database, token) if token else None


async def entered(request: Request, desk: Desk) -> Session:
    """Return the session of a request that needs one.

    Raises:
        RefusalError: 401, there is none.
        StorageError: the sessions cannot be read.
    """
    session = await known(request, desk)
    if session is None:
        raise RefusalError(401, "Nobody is logged in here, or no longer; log in at /login.")
    return session


async def sent(request: Request, desk: Desk) -> tuple[Session, dict[str, str]]:
    """Return the session and the fields of a form that changes something.

    Raises:
        RefusalError: 401 without a session, 403 from another page, 413, 415 or 422 no good form.
        StorageError: the sessions cannot be read.
    """
    check_origin(request, desk.settings)
    session = await entered(request, desk)
    fields = await form.read(request)
    check_token(request.headers.get(CSRF_HEADER) or fields.get(CSRF, ""), session.csrf)
    return session, fields


def check_token(found: str, wanted: str) -> None:
    """Refuse a form without the token that our page has put into it.

    Raises:
        RefusalError: 403.
    """
    sent_bytes = found.encode("utf-8", "surrogatepass")
    if not wanted or not secrets.compare_digest(sent_bytes, wanted.encode("utf-8", "replace")):
        raise RefusalError(403, STALE)


def check_origin(request: Request, settings: ServerSettings) -> None:
    """Refuse what a page of somebody else sends; what is no browser says nothing of its page.

    Raises:
        RefusalError: 403.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site in ("same-origin", "none") and (
        origin is None or _host(origin) in _ours(request, settings)
    ):
        return
    raise RefusalError(
        403,
        "This was sent by a page of another origin; send it from this service's own pages. Behind "
        "a proxy, set HATELENS_PUBLIC_URL to the address in the browser.",
    )


def is_encrypted(request: Request, settings: ServerSettings) -> bool:
    """Say whether the browser speaks to us by https, so that its cookie never leaves by http."""
    return request.url.scheme == "https" or settings.public_url.lower().startswith("https://")


def _ours(request: Request, settings: ServerSettings) -> set[str]:
    hosts = {request.headers.get("host", "").lower(), _host(settings.public_url)}
    return hosts - {""}


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
