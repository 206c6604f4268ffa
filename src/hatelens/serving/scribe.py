"""Hands to the ledger together what is ready in the same moment: one page, one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from hatelens.errors import StorageError
from hatelens.storage.answers import Answer
from hatelens.storage.audit import Event
from hatelens.storage.ledger import Ledger
from hatelens.storage.reviews import Waiting
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept

Entry = Answer | Suggestion | Event


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """What one request wants on record: all of it or nothing.

    Attributes:
        entries: the entries.
        kept: the texts.
        waiting: what somebody should review.
        done: is done when they are on the disk.
    """

    entries: Sequence[Entry]
    kept: Sequence[Kept]
    waiting: Sequence[Waiting]
    done: asyncio.Future[None]


class Scribe:
    """Gathers what the requests of one turn of the event loop want on record.

    The answers of a pass come in one turn, so they go on record in one commit, and the ledger's
    thread wakes once for all of them.

    Args:
        ledger: writes the record.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._notes: list[Note] = []

    async def write(
        self,
        entries: Sequence[Entry],
        kept: Sequence[Kept] = (),
        waiting: Sequence[Waiting] = (),
    ) -> None:
        """Put entries, texts and what to review on record, and return when all is on the disk.

        Raises:
            StorageError: they cannot be written.
            ValueError: an entry has a score that is no number.
        """
        loop = asyncio.get_running_loop()
        note = Note(entries, kept, waiting, loop.create_future())
        if not self._notes:
            loop.call_soon(self._hand_in)
        self._notes.append(note)
        await note.done

    def _hand_in(self) -> None:
        notes = tuple(self._notes)
        self._notes.clear()
        self._write(notes)

    def _write(self, notes: Sequence[Note]) -> None:
        """Hand notes in as one page; where that will not do, each by itself."""
        try:
            done = self._ledger.write(
                [entry for note in notes for entry in note.entries],
                [one for note in notes for one in note.kept],
                [one for note in notes for one in note.waiting],
            )
        except (StorageError, ValueError) as error:
            self._tell(notes, error)
            return
        loop = asyncio.get_running_loop()

        def written(future: Future[None]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._tell, notes, future.exception())

        done.add_done_callback(written)

    def _tell(self, notes: Sequence[Note], error: BaseException | None) -> None:
        """Tell those who wait; one that cannot be written must not take the others along."""
        if error is not None and len(notes) > 1:
            for note in notes:
                self._write([note])
            return
        for note in notes:
            if note.done.done():  # who waited has gone
                continue
            if error is None:
                note.done.set_result(None)
            else:
                note.done.set_exception(error)
