"""Talks to a model server over HTTP: time limits, another try where it may help, plain errors."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from hatelens.errors import ModelError, require
from hatelens.models.server_limits import PREFIX, Limits

LARGEST = 16 * 1024 * 1024
"""Bytes of the longest answer that is read."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE = 30.0
_KEYS = frozenset({401, 403})

Item = TypeVar("Item")
Result = TypeVar("Result")


class UnavailableError(ModelError):
    """A model server does not answer at present; the same question may be answered later.

    Attributes:
        status: what a service that stands on the server answers over HTTP.
    """

    status = 503


class RefusedError(ModelError):
    """A model server answers, but not to this question.

    Args:
        line: what was asked and why it was refused.
        code: the HTTP status.
    """

    def __init__(self, line: str, code: int) -> None:
        super().__init__(line)
        self.code = code


class ServerClient:
    """A connection to one model server; safe to use from several threads.

    Args:
        url: of the server, with or without ``/v1`` at its end.
        limits: how long to wait and how often to try.
        key: name of the environment variable that holds the key; empty without one. The key
            itself is never stored, shown or logged.

    Raises:
        ModelError: the address is none, or holds a password; or the variable is not set.
        MissingExtraError: httpx is not installed.
    """

    def __init__(self, url: str, limits: Limits | None = None, key: str = "") -> None:
        self.url = address(url)
        self.limits = limits or Limits.from_environment()
        self._httpx = require("httpx", "remote")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs a line per request
        self._secret = _secret(key)
        self._opened: Any = None
        self._opening = threading.Lock()

    def get(self, path: str) -> Any:
        """Return the JSON at a path, asked for once.

        Raises:
            UnavailableError: the server does not answer.
            RefusedError: it does, but not with this.
            ModelError: what it answers is no JSON.
        """
        return self._once("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON and return the JSON of the answer, with further tries.

        Raises:
            UnavailableError: the server does not answer, however often it is tried.
            RefusedError: it refuses the question.
            ModelError: what it answers is no JSON.
        """
        content = json.dumps(body, allow_nan=False).encode("ascii")
        for number in range(self.limits.retries):
            try:
                return self._once("POST", path, content)
            except _LaterError as later:
                pause = later.after or self.limits.backoff * 2**number
                time.sleep(min(pause, _LONGEST_PAUSE))
        return self._once("POST", path, content)

    def each(self, ask: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Ask about items in order, several at once; the first failure ends it."""
        if len(items) < 2 or self.limits.concurrency == 1:
            return [ask(item) for item in items]
        with ThreadPoolExecutor(min(self.limits.concurrency, len(items))) as pool:
            waiting = [pool.submit(ask, item) for item in items]
            try:
                return [one.result() for one in waiting]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _client(self) -> Any:
        with self._opening:
            if self._opened is None:
                httpx, limits = self._httpx, self.limits
                headers = {"Content-Type": "application/json", "Accept": "application/json"}
                if self._secret:
                    headers["Authorization"] = f"Bearer {self._secret}"
                self._opened = httpx.Client(
                    timeout=httpx.Timeout(limits.timeout, connect=limits.connect),
                    limits=httpx.Limits(max_connections=limits.concurrency + 1),
                    headers=headers,
                )
            return self._opened

    def _once(self, method: str, path: str, content: bytes | None) -> Any:
        url = f"{self.url}/{path}"
        client = self._client()
        until = time.monotonic() + self.limits.timeout
        try:
            with client.stream(method, url, content=content) as response:
                body = self._read(response, until)
        except self._httpx.TimeoutException as error:
            if isinstance(error, self._httpx.ConnectTimeout):
                raise _LaterError(self._down("no connection")) from None
            raise UnavailableError(
                f"The model server {self.url} did not answer within {self.limits.timeout:g} "
                f"seconds. Try again, or raise {PREFIX}TIMEOUT."
            ) from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            reason = self._plain(str(error) or type(error).__name__)
            raise _LaterError(self._down(reason)) from None
        if response.status_code != 200:
            raise self._refusal(path, response, body)
        return self._json(body)

    def _read(self, response: Any, until: float) -> bytes:
        """Read an answer whole; one that drips or has no end is given up."""
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST:
                raise ModelError(
                    f"The model server {self.url} sent more than {LARGEST} bytes; it is not read "
                    "further."
                )
            if time.monotonic() > until:
                raise self._httpx.ReadTimeout("too slow")
        return bytes(body)

    def _refusal(self, path: str, response: Any, body: bytes) -> ModelError:
        code = response.status_code
        said = self._plain(_message(body))
        if code in _AGAIN:
            return _LaterError(self._down(f"{code} {said}"), _after(response.headers))
        if code in _KEYS:
            how = "refuses the key" if self._secret else "wants a key"
            line = f"The model server {self.url} {how} ({code}). Name its variable with --key."
            return RefusedError(line, code)
        line = f"The model server {self.url} refuses {path} ({code} {said})."
        return RefusedError(line, code)

    def _json(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise ModelError(
                f"The model server {self.url} answers {self._plain(repr(body[:40]))}, which is "
                "not JSON; check that the address is that of an OpenAI-compatible server."
            ) from None

    def _down(self, reason: str) -> str:
        return (
            f"The model server {self.url} does not answer ({reason}). Start it, or check the "
            "address."
        )

    def _plain(self, text: str) -> str:
        """Return one short line without the key, which some servers repeat."""
        if self._secret:
            text = text.replace(self._secret, "...")
        return " ".join(ascii(text)[1:-1].split())[:160]


class _LaterError(UnavailableError):
    """What another try may mend; ``after`` is how many seconds the server asks to wait."""

    def __init__(self, line: str, after: float = 0.0) -> None:
        super().__init__(line)
        self.after = after


def address(url: str) -> str:
    """Return the address of a server without ``/v1`` and slashes at its end.

    Raises:
        ModelError: it is none, or holds a user or a password, which would be shown.
    """
    parts = _parts(url)
    if parts is None or not parts.hostname or parts.query or parts.fragment:
        raise ModelError(
            f"{ascii(url)[:80]} is no address of a server; give one such as http://localhost:11434."
        )
    if "@" in parts.netloc:
        raise ModelError(
            "The address of a server must hold no password; name a variable that holds the key "
            "with --key."
        )
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None


def _secret(key: str) -> str:
    if not key:
        return ""
    value = os.environ.get(key, "").strip()
    if not value:
        raise ModelError(f"The variable {key} holds the key of the model server; it is not set.")
    if not value.isascii() or not value.isprintable():
        raise ModelError(f"The key in the variable {key} holds characters that no key has.")
    return value


def _after(headers: Mapping[str, str]) -> float:
    """Read ``Retry-After`` in seconds; a date counts as none."""
    written = headers.get("retry-after", "")
    return min(float(written), _LONGEST_PAUSE) if written.isdigit() else 0.0


def _message(body: bytes) -> str:
    """Return what a server says about an error, in the shapes of OpenAI, Ollama and vLLM."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return "without a reason"
    for name in ("error", "message", "detail"):
        if isinstance(values, dict) and name in values:
            values = values[name]
    return values if isinstance(values, str) else "without a reason"
