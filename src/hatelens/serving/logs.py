"""Log lines for people or for machines: one record is one line, and no visitor can forge one.

What an exception says may quote a text, so only its type and its place are written, unless it is
one of ours or of the system's; level ``debug`` writes all of it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from hatelens.errors import UserError
from hatelens.serving import request_id

# C0 and C1 controls, the separators that some viewers break lines at, marks that turn the
# direction of writing, and lone surrogates, which no stream takes.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
CHAIN = 5
FRAMES = 40
LONGEST = 2000


def configure(level: str, form: Literal["plain", "json"]) -> None:
    """Send all log lines to stderr.

    Args:
        level: the least that is written: ``debug``, ``info``, ``warning`` or ``error``.
        form: ``plain`` for people, ``json`` for machines.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    # What no line shows need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


class Plain(logging.Formatter):
    """Time, level, logger, request and message; where an error happened stands behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        request = request_id.current.get()
        parts = (moment(record), record.levelname, record.name, request, said(record))
        line = " ".join(part for part in parts if part)
        return " | ".join([line, *(" < ".join(each) for each in errors(record))])


class JsonLines(logging.Formatter):
    """The same as one JSON object; what a record brings as ``facts`` are fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        facts: dict[str, Any] = getattr(record, "facts", {})
        fields = facts | {
            "time": moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": said(record),
        }
        if request := request_id.current.get():
            fields["request"] = request
        if found := list(errors(record)):
            fields["errors"] = found
        return json.dumps(fields, ensure_ascii=True, default=repr)


def moment(record: logging.LogRecord) -> str:
    """Return when a record was made, in UTC to the millisecond."""
    when = datetime.fromtimestamp(record.created, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def said(record: logging.LogRecord) -> str:
    """Return the message of a record on one line."""
    return escaped(record.getMessage().strip())


def errors(record: logging.LogRecord) -> Iterator[list[str]]:
    """Give the exception of a record and those that led to it: what it is, then where it was."""
    error = record.exc_info[1] if record.exc_info else None
    for _ in range(CHAIN):
        if error is None:
            return
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        places = [f"{one.filename}:{one.lineno} {one.name}" for one in reversed(frames)]
        yield [escaped(part) for part in (_name(error), *places)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def escaped(text: str) -> str:
    r"""Return a text on one line and cut to a bearable length: a line break becomes ``\n``."""
    return UNFIT.sub(lambda found: ascii(found[0])[1:-1], text[:LONGEST])


def _name(error: BaseException) -> str:
    kind = type(error).__name__
    open_to_all = isinstance(error, UserError | OSError)
    if open_to_all or logging.getLogger().isEnabledFor(logging.DEBUG):
        return f"{kind}: {error}"
    return kind
