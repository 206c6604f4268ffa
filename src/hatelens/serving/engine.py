"""The one way from a request to the model: threads that label whatever has queued, in passes.

No timer gathers a batch: while the model reads one pass, the next fills up by itself.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from hatelens.detect import Pipeline
from hatelens.errors import UserError
from hatelens.models.detector import Prediction
from hatelens.serving.answer import RefusalError
from hatelens.serving.line import ClosedError, FullError, Line, Part, Ticket

LANES = 2
"""Passes at once of a model that threads may share."""
LONGEST_PAUSE = 60
"""Seconds that a client is told to wait at most."""
SLOWNESS = 0.9
"""Weight of what was known before, in the running mean of the time that a text takes."""

Outcome = Sequence[Prediction] | Exception


class Engine:
    """Holds one model and lets one pass in at a time, or two.

    Another model gets an engine of its own; this one is closed when it has answered its line.

    A model already uses every core it is given, so many passes at once would only wait for each
    other; and inside the event loop one long text would stop every other answer. A second pass
    pays where texts are cleaned and cut before the model sees them: it has the cores meanwhile.

    Args:
        pipeline: the loaded model.
        adapters: of a mixture, by name, those that answer alone when asked.
        max_queue: texts that may wait.
        max_batch: texts of a pass.
        deadline: seconds that a request may wait for its first pass.
        lanes: passes at once; more than one only for a model that threads may share.
        observe: is told of each pass: its texts, and the seconds that it took.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        adapters: Mapping[str, Pipeline] | None = None,
        max_queue: int = 2048,
        max_batch: int = 64,
        deadline: float = 30.0,
        lanes: int = 1,
        observe: Callable[[int, float], None] | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._pipelines = {"": pipeline, **(adapters or {})}
        self._deadline = deadline
        self._observe = observe
        self._line = Line(max_queue, max_batch, pipeline.writer.batch if pipeline.writer else 1)
        self._pace = 0.0
        self._reading: set[int] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads = [
            threading.Thread(target=self._run, name=f"engine {lane}", daemon=True)
            for lane in range(lanes)
        ]

    @property
    def waiting(self) -> int:
        """Texts in line, without those that the model is reading."""
        return self._line.waiting

    @property
    def idle(self) -> bool:
        """Whether nobody waits and no pass is under way."""
        return not self._line.waiting and not self._reading

    def answering(self, adapter: str = "") -> Pipeline:
        """Return what answers: the model, or one of its adapters alone."""
        return self._pipelines[adapter]

    def start(self) -> None:
        """Begin to answer the requests of the running event loop."""
        self._loop = asyncio.get_running_loop()
        for thread in self._threads:
            thread.start()

    async def close(self, patience: float = 30.0) -> None:
        """Let nothing more in, and label what has queued, for so many seconds at most."""
        self._line.close()
        for thread in self._threads:
            if thread.is_alive():
                await asyncio.to_thread(thread.join, patience)

    async def predict(
        self,
        texts: Sequence[str],
        *,
        explain: bool = False,
        adapter: str = "",
        deadline: float | None = None,
    ) -> list[Prediction]:
        """Label texts in order, one prediction each; who waits in line costs no thread.

        Args:
            texts: as their authors wrote them.
            explain: also say why.
            adapter: of a mixture, the one that answers alone; empty for the whole model.
            deadline: seconds to wait for the first pass at most; None for the engine's own.

        Raises:
            RefusalError: 429 when too many texts wait; 503 past the deadline, or when the service
                is stopping.
        """
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        ticket = Ticket(texts, (explain, adapter), loop.create_future())
        self._let_in(ticket)
        wait = self._deadline if deadline is None else deadline
        timer = loop.call_later(wait, self._give_up, ticket, wait)
        try:
            return await ticket.done
        finally:
            timer.cancel()
            if ticket.begun < len(texts):  # nobody waits for it any more
                self._line.leave(ticket)

    def _let_in(self, ticket: Ticket) -> None:
        try:
            self._line.add(ticket)
        except FullError:
            pause = min(max(math.ceil(self.waiting * self._pace), 1), LONGEST_PAUSE)
            line = f"{self.waiting} texts wait for the model already; ask again in {pause} s."
            raise RefusalError(429, line, retry_after=pause) from None
        except ClosedError:
            line = "The service is stopping; ask again in a moment."
            raise RefusalError(503, line, retry_after=1) from None

    def _give_up(self, ticket: Ticket, waited: float) -> None:
        """Refuse a request whose time in line is over; one that was begun is finished."""
        if self._line.leave(ticket, untouched=True) and not ticket.done.done():
            line = f"The model was busy for {waited:g} seconds; try again later."
            ticket.done.set_exception(RefusalError(503, line, retry_after=LONGEST_PAUSE))

    def _run(self) -> None:
        """Label pass after pass, in a thread, until the line is closed and empty."""
        assert self._loop is not None  # start() has set it
        lane = threading.get_ident()
        while parts := self._line.take():
            begin = time.perf_counter()
            self._reading.add(lane)
            found = self._labelled(parts)
            self._reading.discard(lane)
            took = time.perf_counter() - begin
            try:
                self._loop.call_soon_threadsafe(self._deliver, parts, found, took)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return

    def _labelled(self, parts: Sequence[Part]) -> list[Outcome]:
        """Return the predictions of each part, or what went wrong with it."""
        explain, adapter = parts[0].ticket.kind
        texts = [text for part in parts for text in part.texts]
        try:
            found = self._pipelines[adapter].predict(texts, explain=explain)
        except Exception as error:  # noqa: BLE001 -- whatever breaks the model
            if len(parts) == 1 or isinstance(error, UserError):
                return [error] * len(parts)
            # One text must not take the others' answers away.
            return [outcome for part in parts for outcome in self._labelled([part])]
        rest = iter(found)
        return [[next(rest) for _ in part.texts] for part in parts]

    def _deliver(self, parts: Sequence[Part], found: Sequence[Outcome], took: float) -> None:
        """Hand the answers out, in the event loop."""
        texts = sum(len(part.texts) for part in parts)
        self._pace = SLOWNESS * (self._pace or took / texts) + (1 - SLOWNESS) * took / texts
        if self._observe is not None:
            self._observe(texts, took)
        for part, outcome in zip(parts, found, strict=True):
            ticket = part.ticket
            if ticket.done.done():
                continue
            if isinstance(outcome, Exception):
                ticket.done.set_exception(outcome)
                continue
            ticket.found |= dict(enumerate(outcome, part.begin))
            if len(ticket.found) == len(ticket.texts):
                ticket.done.set_result([ticket.found[place] for place in range(len(ticket.texts))])
