"""Keys found of late, so that not every request asks the database."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from hatelens.storage.keys import PREFIX, Key

TOKEN = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")
SECONDS = 5.0
MOST = 4096


class Keyring:
    """Holds keys by the hash of their token, and for a few seconds only.

    So long a revoked key still opens. Tokens without a key are not held, for anyone can make up
    as many as they like.

    Args:
        find: looks a token up.
        seconds: how long a key is held.
        most: keys that are held.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        find: Callable[[str], Key | None],
        seconds: float = SECONDS,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, Key]] = OrderedDict()

    async def find(self, token: str) -> Key | None:
        """Return the key of a token; None where there is none.

        Raises:
            StorageError: the database does not answer.
        """
        if not TOKEN.fullmatch(token):
            return None
        digest = hashlib.sha256(token.encode("ascii")).digest()
        now = self._clock()
        until, held = self._held.get(digest, (now, None))
        if held is not None and now < until:
            return held
        self._held.pop(digest, None)
        key = await run_in_threadpool(self._find, token)
        if key is not None:
            self._held[digest] = now + self._seconds, key
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return key
