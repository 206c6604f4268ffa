"""Sends alarms to an address of the owner's: signed, tried three times, in nobody's way."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from hatelens.storage import clock

SIGNATURE = "X-Hatelens-Signature"
TIMEOUT = 5.0
PAUSES = (1.0, 5.0)
"""Seconds before the second and the third try."""
MOST = 100
"""Alarms that may wait; more of them say nothing new."""

logger = logging.getLogger(__name__)


class Webhook:
    """Sends JSON with POST, one after the other, in a thread of its own.

    A redirect is not followed, and no proxy is asked: what is sent goes where the owner said.

    Args:
        url: where to, over https or on this machine.
        secret: signs what is sent.
        pauses: seconds before each further try.
        timeout: seconds to wait for a connection, and for each part of an answer.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        pauses: tuple[float, ...] = PAUSES,
        timeout: float = TIMEOUT,
    ) -> None:
        self._parts = urlsplit(url)
        self._secret = secret.encode()
        self._pauses = pauses
        self._timeout = timeout
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="webhook")
        self._waiting: set[Future[bool]] = set()

    def send(self, said: Mapping[str, Any]) -> None:
        """Hand in what is to be sent; it is dropped where a hundred wait already."""
        self._waiting = {one for one in self._waiting if not one.done()}
        if len(self._waiting) >= MOST:
            logger.warning("The webhook does not keep up; an alarm is not sent there.")
            return
        body = json.dumps(said, ensure_ascii=True).encode("ascii")
        self._waiting.add(self._sender.submit(self._deliver, body))

    def close(self) -> None:
        """Drop what waits; what is under way ends."""
        self._sender.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, body: bytes) -> bool:
        """Send until it is taken; say whether it was."""
        reason = ""
        for pause in (0.0, *self._pauses):
            time.sleep(pause)
            reason = self._tried(body)
            if not reason:
                return True
        # Of the address only the host: the path may be all that keeps others from sending there.
        logger.warning("The webhook at %s takes no alarm: %s.", self._parts.hostname, reason)
        return False

    def _tried(self, body: bytes) -> str:
        """Send once; return why that failed, empty where it did not."""
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = kind(
            self._parts.hostname or "", self._parts.port or None, timeout=self._timeout
        )
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        try:
            connection.request("POST", path, body, self._headers(body))
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "" if 200 <= status < 300 else f"it answers {status}"

    def _headers(self, body: bytes) -> dict[str, str]:
        now = clock.now() // clock.SECOND
        return {
            "Content-Type": "application/json",
            "User-Agent": "hatelens",
            SIGNATURE: signature(self._secret, now, body),
        }


def signature(secret: bytes, when: int, body: bytes) -> str:
    """Return the header that shows who sent a body, and when: an old one can be refused.

    Args:
        secret: that sender and receiver share.
        when: seconds since 1970.
        body: as it is sent.

    Returns:
        ``t=SECONDS,v1=HEX``: the HMAC-SHA256 over the seconds, a dot and the body.
    """
    mac = hmac.new(secret, f"{when}.".encode() + body, hashlib.sha256)
    return f"t={when},v1={mac.hexdigest()}"
