"""The line before the model: who waits, what is taken next, and when it is too long."""

from __future__ import annotations

import threading
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from hatelens.models.detector import Prediction

Kind = tuple[bool, str]
"""Whether the texts are explained, and the adapter that answers: what can share a pass."""


class FullError(Exception):
    """The line is full."""


class ClosedError(Exception):
    """Nothing more is taken in."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One request in line.

    Attributes:
        texts: what it asks about.
        kind: what it can share a pass with.
        done: gets the predictions.
        found: the predictions so far, by the place of their text.
        begun: texts that were taken out of the line.
    """

    texts: Sequence[str]
    kind: Kind
    done: Future[list[Prediction]]
    found: dict[int, Prediction] = field(default_factory=dict)
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """The texts of one request that go into a pass.

    Attributes:
        ticket: the request.
        begin: place of the first one in the request.
        texts: the texts.
    """

    ticket: Ticket
    begin: int
    texts: Sequence[str]


class Line:
    """Requests in the order in which they came, for any number of threads.

    A pass takes whatever waits, up to its size. The rest of a long request goes behind the others,
    and kinds take turns, so nobody waits for more than one pass of each other kind.

    Args:
        most: texts that may wait; one request is let in whatever its size where none waits.
        batch: texts of a pass.
        explained: texts of a pass that are explained, all of one request.
    """

    def __init__(self, most: int, batch: int, explained: int = 1) -> None:
        self._most = most
        self._batch = batch
        self._explained = explained
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._turns: deque[Kind] = deque()
        self._kinds: dict[Kind, deque[Ticket]] = {}
        self._waiting = 0
        self._open = True

    @property
    def waiting(self) -> int:
        """Texts that wait."""
        return self._waiting

    def add(self, ticket: Ticket) -> None:
        """Let a request in.

        Raises:
            FullError: too many texts wait.
            ClosedError: the line is closed.
        """
        with self._lock:
            if not self._open:
                raise ClosedError
            if self._waiting and self._waiting + len(ticket.texts) > self._most:
                raise FullError
            self._waiting += len(ticket.texts)
            self._enqueue(ticket)
            self._filled.notify()

    def take(self) -> list[Part]:
        """Wait for texts and take a pass; nothing once the line is closed and empty."""
        with self._lock:
            while not self._turns and self._open:
                self._filled.wait()
            taken = self._pass(self._turns.popleft()) if self._turns else []
            if self._turns:
                self._filled.notify()  # what is left is for the next thread
            return taken

    def leave(self, ticket: Ticket, *, untouched: bool = False) -> bool:
        """Take what is left of a request out of the line; say whether it was there.

        Args:
            ticket: the request.
            untouched: only if nothing of it was taken yet.
        """
        with self._lock:
            queue = self._kinds.get(ticket.kind, deque())
            if ticket not in queue or (untouched and ticket.begun):
                return False
            queue.remove(ticket)
            self._waiting -= len(ticket.texts) - ticket.begun
            if not queue:
                del self._kinds[ticket.kind]
                self._turns.remove(ticket.kind)
            return True

    def close(self) -> None:
        """Let nobody in any more."""
        with self._lock:
            self._open = False
            self._filled.notify_all()

    def _enqueue(self, ticket: Ticket) -> None:
        if ticket.kind not in self._kinds:
            self._kinds[ticket.kind] = deque()
            self._turns.append(ticket.kind)
        self._kinds[ticket.kind].append(ticket)

    def _pass(self, kind: Kind) -> list[Part]:
        """Take a pass of a kind, and give the kind another turn where something is left."""
        queue = self._kinds.pop(kind)
        explained, _ = kind
        room = self._explained if explained else self._batch
        taken: list[Part] = []
        unfinished: Ticket | None = None
        while queue and room:
            ticket = queue.popleft()
            texts = ticket.texts[ticket.begun : ticket.begun + room]
            taken.append(Part(ticket, ticket.begun, texts))
            ticket.begun += len(texts)
            room = 0 if explained else room - len(texts)
            if ticket.begun < len(ticket.texts):
                unfinished = ticket
        self._waiting -= sum(len(part.texts) for part in taken)
        if unfinished is not None:
            queue.append(unfinished)
        if queue:
            self._kinds[kind] = queue
            self._turns.append(kind)
        return taken
