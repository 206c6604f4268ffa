"""Who asks: an API key, what it may do and how often; decided before any route is reached.

All is closed but what is named here as public, so that a route that is added is closed, too.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hatelens.config.settings import ServerSettings
from hatelens.errors import StorageError
from hatelens.serving.answer import RefusalError
from hatelens.serving.keyring import Keyring
from hatelens.serving.rates import Allowance, Rates
from hatelens.storage.keys import PREFIX, SCOPES, Key

PUBLIC = frozenset(
    ("/", "/docs", "/openapi.json", "/healthcheck", "/live", "/ready", "/$discovery/rest")
)
STATIC = "/static/"
BY_SESSION = frozenset(("login", "logout", "review"))
"""Pages of people, by the first part of their path; they ask for a login themselves."""
NEEDED = {
    "infer": "detect",
    "predict": "detect",
    "v1": "detect",
    "v1alpha1": "detect",
    "contentsafety": "detect",
    "respond": "respond",
    "appeals": "appeals",
    "jobs": "jobs",
    "report": "report",
    "drift": "report",
    "drift.json": "report",
    "texts": "erase",
    "metrics": "metrics",
}
"""Scope by the first part of a path."""
HEADERS = ("x-api-key", "x-goog-api-key", "ocp-apim-subscription-key")
PERSPECTIVE = "v1alpha1"
IN_BROWSER = frozenset(("report", "drift", "drift.json"))
"""First parts of paths for which a browser may ask for the key as a password."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        key: id of the key; empty where none was given and none is needed.
        scopes: what the caller may ask for.
        rate: requests a minute; 0 for as many as come.
    """

    key: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    rate: int = 0


def of(request: Request) -> Caller:
    """Return who sent a request."""
    return getattr(request.state, "caller", Caller())


class Callers:
    """ASGI middleware that finds out who asks and refuses whom it must.

    Args:
        app: the service.
        find: looks a token up, as ``storage.keys.find``; called in a thread.
        settings: whether a key is needed, and how often a caller may ask.
        refused: from path, status and line to the answer in the form of that path.
    """

    def __init__(
        self,
        app: ASGIApp,
        find: Callable[[str], Key | None],
        settings: ServerSettings,
        refused: Callable[[str, int, str], Response],
    ) -> None:
        self.app = app
        self._keys = Keyring(find)
        self._rates = Rates()
        self._settings = settings
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller, or refuse it."""
        if scope["type"] != "http" or is_public(scope["path"]):
            await self.app(scope, receive, send)
            return
        said: dict[str, str] = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(said)
            await send(message)

        try:
            scope.setdefault("state", {})["caller"] = await self._admitted(scope, said)
        except RefusalError as error:
            answer = self._refused(scope["path"], error.status, str(error))
            if error.retry_after:
                said["Retry-After"] = str(error.retry_after)
            await answer(scope, receive, sending)
            return
        await self.app(scope, receive, sending)

    async def _admitted(self, scope: Scope, said: dict[str, str]) -> Caller:
        """Return the caller; write into ``said`` what the answer's headers tell them.

        Raises:
            RefusalError: 401 without a good key, 403 without the scope, 429 too often, 503 when
                the keys cannot be looked up.
        """
        token = presented(scope)
        key = await self._found(token)
        rate = (key.rate if key else 0) or self._settings.rate_limit
        if rate:
            allowance = self._rates.take(key.id if key else address(scope), rate)
            said |= allowance.headers()
            _check_rate(allowance)
        if key is None:
            self._check_anonymous(scope, token, said)
            return Caller(rate=rate)
        _check_scope(scope["path"], key)
        return Caller(key.id, key.scopes, rate)

    async def _found(self, token: str) -> Key | None:
        try:
            return await self._keys.find(token)
        except StorageError as error:
            logger.error("A key cannot be looked up: %s", error)
            line = "The keys cannot be looked up now; try again later."
            raise RefusalError(503, line, retry_after=1) from None

    def _check_anonymous(self, scope: Scope, token: str, said: dict[str, str]) -> None:
        """Let a caller without a key pass where none is needed.

        A key of another service, which its client cannot do without, is then no mistake; one of
        ours that is not good any more is.
        """
        ours = token.startswith(PREFIX)
        if not self._settings.require_key and not ours:
            return
        said["WWW-Authenticate"] = 'Bearer realm="hatelens"'
        if first(scope["path"]) in IN_BROWSER:
            said["WWW-Authenticate"] = 'Basic realm="hatelens: the key is the password"'
        raise RefusalError(
            401,
            "This API key is not known here, or it was revoked; ask the service's owner for one."
            if token
            else "An API key is needed; send it as Authorization: Bearer hl_... or X-Api-Key.",
        )


def is_public(path: str) -> bool:
    """Say whether a path needs no key: it is open to everybody, or asks for a login itself."""
    return path in PUBLIC or path.startswith(STATIC) or first(path) in BY_SESSION


def first(path: str) -> str:
    """Return the first part of a path: ``jobs`` of ``/jobs/1/result``."""
    return path[1:].partition("/")[0]


def presented(scope: Scope) -> str:
    """Return the key that a request brings; empty where it brings none."""
    headers = Headers(scope=scope)
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic" and first(scope["path"]) in IN_BROWSER:
        return _password(rest)
    for name in HEADERS:
        if value := headers.get(name, "").strip():
            return value
    if first(scope["path"]) == PERSPECTIVE:
        found = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])
        return found[0].strip()
    return ""


def address(scope: Scope) -> str:
    """Return the address that a request comes from; of IPv6 the network, for it is one owner's."""
    host = (scope.get("client") or ("",))[0]
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host  # a socket file has no address
    if found.version == 4:
        return host
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or ipaddress.ip_network((int(found), 64), strict=False))


def _password(encoded: str) -> str:
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(":")[2]


def _check_rate(allowance: Allowance) -> None:
    if not allowance.granted:
        raise RefusalError(
            429,
            f"At most {allowance.limit} requests a minute are allowed; wait {allowance.seconds} "
            "seconds and ask again.",
            retry_after=allowance.seconds,
        )


def _check_scope(path: str, key: Key) -> None:
    needed = NEEDED.get(first(path))
    if needed is not None and needed not in key.scopes:
        has = ", ".join(sorted(key.scopes)) or "none"
        raise RefusalError(
            403, f"This needs a key with the scope {needed}; this one has {has}. Use another key."
        )
