"""The writer: one thread of a process commits what has been handed in, together.

One commit costs one wait for the disk, so whoever waits meanwhile shares the next: the busier
the service, the cheaper each entry.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from hatelens.errors import StorageError
from hatelens.storage import record, reviews, texts
from hatelens.storage.answers import Answer
from hatelens.storage.audit import Event
from hatelens.storage.database import Database, RefusedError
from hatelens.storage.record import Written
from hatelens.storage.reviews import Waiting
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept

MOST = 256


@dataclass(frozen=True, slots=True)
class Page:
    """What one caller hands in: all of it goes on record or nothing.

    Attributes:
        rows: the entries.
        kept: the texts.
        waiting: what somebody should review.
        done: is done when they are committed.
    """

    rows: Sequence[Written]
    kept: Sequence[Kept]
    waiting: Sequence[Waiting] = ()
    done: Future[None] = field(default_factory=Future)


class Ledger:
    """Writes the record.

    Args:
        database: where to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[Page | None] = queue.SimpleQueue()
        self._open = True
        self._door = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def write(
        self,
        entries: Sequence[Answer | Suggestion | Event],
        kept: Sequence[Kept] = (),
        waiting: Sequence[Waiting] = (),
    ) -> Future[None]:
        """Hand in entries, texts, and what somebody should review; all is committed together.

        Returns:
            Done when they are on the disk; holds a StorageError where they cannot be.

        Raises:
            StorageError: the ledger is closed.
            ValueError: an entry has a score that is no number, or an event a kind without a dot.
        """
        page = Page([record.written(entry) for entry in entries], tuple(kept), tuple(waiting))
        # Who stops waiting for a page does not take it back.
        page.done.set_running_or_notify_cancel()
        with self._door:
            if not self._open:
                raise StorageError("The service is stopping and records nothing more; ask again.")
            self._waiting.put(page)
        return page.done

    def close(self) -> None:
        """Write what was handed in, then end."""
        with self._door:
            if self._open:
                self._open = False
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            pages, going = self._gathered()
            if pages:
                self._commit(pages)

    def _gathered(self) -> tuple[list[Page], bool]:
        """Wait for a page and take those behind it; False after the last."""
        pages: list[Page] = []
        while len(pages) < MOST:
            try:
                page = self._waiting.get(block=not pages)
            except queue.Empty:
                break
            if page is None:
                return pages, False
            pages.append(page)
        return pages, True

    def _commit(self, pages: Sequence[Page]) -> None:
        try:
            self._write(pages)
        except Exception as error:  # noqa: BLE001 -- whoever waits must hear of it, and the thread go on
            if isinstance(error, RefusedError) and len(pages) > 1:
                # The database will not have one of them: the others must not suffer for it.
                for page in pages:
                    self._commit([page])
                return
            for page in pages:
                page.done.set_exception(error)
        else:
            for page in pages:
                page.done.set_result(None)

    def _write(self, pages: Sequence[Page]) -> None:
        with self._database.begin() as connection:
            record.add(connection, [row for page in pages for row in page.rows])
            texts.keep(connection, [one for page in pages for one in page.kept])
            reviews.add(connection, [one for page in pages for one in page.waiting])
