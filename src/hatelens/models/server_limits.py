"""How long a model server is waited for and how often it is tried: settings of the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hatelens.errors import ConfigError

PREFIX = "HATELENS_SERVER_"
"""Of the environment variables that set the limits: ``HATELENS_SERVER_TIMEOUT`` and so on."""
_DAY = 86_400


@dataclass(frozen=True)
class Limits:
    """How long to wait and how often to try. No score depends on it.

    Attributes:
        timeout: seconds for one whole answer.
        connect: seconds for a connection.
        retries: further tries after a refused connection, 429 or 5xx.
        backoff: seconds before the first further try; doubled each time.
        concurrency: questions under way at once.
    """

    timeout: float = 120.0
    connect: float = 5.0
    retries: int = 3
    backoff: float = 0.5
    concurrency: int = 4

    @classmethod
    def from_environment(cls) -> Limits:
        """Read the limits from ``HATELENS_SERVER_*`` variables; what is not set stays.

        Raises:
            ConfigError: a value is no number, or out of range.
        """
        default = cls()
        return cls(
            _number("TIMEOUT", default.timeout, 0.01),
            _number("CONNECT", default.connect, 0.01),
            int(_number("RETRIES", default.retries, 0, whole=True)),
            _number("BACKOFF", default.backoff, 0),
            int(_number("CONCURRENCY", default.concurrency, 1, whole=True)),
        )


def _number(name: str, default: float, least: float, *, whole: bool = False) -> float:
    written = os.environ.get(PREFIX + name)
    if not written:
        return default
    try:
        value = int(written) if whole else float(written)
    except ValueError:
        value = -1.0
    if not least <= value <= _DAY:
        kind = "a whole number" if whole else "a number"
        raise ConfigError(
            f"{PREFIX}{name} is {ascii(written)[:40]}; it must be {kind} of at least {least:g}."
        )
    return value
