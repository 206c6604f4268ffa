"""The files of a job: the upload, the result so far, and a note of how far it is.

The note is the truth: what the result holds beyond it was being written when the process died, and
is cut off. So every row is in the result once, wherever the work was broken off.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from hatelens.storage import clock

SENT = "upload"
MADE = "result"
NOTED = "note.json"
OWN = 0o600
OWN_FOLDER = 0o700
ABANDONED = 3600.0
"""Seconds after which a folder that no job knows is taken for one that an upload left behind."""


@dataclass(frozen=True, slots=True)
class Note:
    """How far a job is.

    Attributes:
        rows: that the result holds.
        bad: of these, rows that were not scored.
        parts: in which they came.
        read: bytes of the upload that are dealt with.
        written: bytes of the result.
        time: when that was noted, microseconds since 1970 in UTC.
    """

    rows: int = 0
    bad: int = 0
    parts: int = 0
    read: int = 0
    written: int = 0
    time: int = 0


class JobFiles:
    """The folder of a job. Only the user of the server can read it.

    Args:
        root: folder of all jobs.
        job_id: of this one, an id of ours and nothing that a stranger wrote.
    """

    def __init__(self, root: Path, job_id: str) -> None:
        self.folder = root / job_id
        self.sent = self.folder / SENT
        self.made = self.folder / MADE

    @contextmanager
    def receiving(self) -> Iterator[BinaryIO]:
        """Make the folder and give the file that the upload is written to; undone on a failure.

        Raises:
            OSError: the disk is full or the folder cannot be made.
        """
        self.folder.parent.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
        self.folder.mkdir(mode=OWN_FOLDER)
        try:
            with _opened(self.sent, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
                yield file
                _flush(file)
        except BaseException:
            self.remove()
            raise

    def note(self) -> Note:
        """Return how far the job is; the beginning where nothing is noted."""
        try:
            return Note(**json.loads((self.folder / NOTED).read_text(encoding="ascii")))
        except FileNotFoundError:
            return Note()

    def size(self) -> int:
        """Return the bytes of the upload; 0 where it is gone."""
        try:
            return self.sent.stat().st_size
        except FileNotFoundError:
            return 0

    def add(self, content: bytes, note: Note) -> Note:
        """Write to the result where the last note left it, and note it.

        Args:
            content: rows of the result.
            note: how far the job is with them; ``written`` and ``time`` are found here.

        Returns:
            The note as it is on the disk.

        Raises:
            FileNotFoundError: the job was removed.
            OSError: the disk is full.
        """
        begin = self.note().written
        with _opened(self.made, os.O_WRONLY | os.O_CREAT) as file:
            file.truncate(begin)
            file.seek(begin)
            file.write(content)
            _flush(file)
        noted = replace(note, written=begin + len(content), time=clock.now())
        part = self.folder / f"{NOTED}.part"
        with _opened(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            file.write(json.dumps(asdict(noted)).encode("ascii"))
            _flush(file)
        part.replace(self.folder / NOTED)
        return noted

    def remove(self) -> None:
        """Remove the folder; what is gone already is fine."""
        shutil.rmtree(self.folder, ignore_errors=True)


def abandoned(root: Path, now: float | None = None) -> list[str]:
    """Return the names of folders that have not changed for long.

    Args:
        root: folder of all jobs; it need not be there.
        now: seconds since 1970; None for now.
    """
    before = (time.time() if now is None else now) - ABANDONED
    if not root.is_dir():
        return []
    return [one.name for one in root.iterdir() if one.is_dir() and _changed(one) < before]


def _changed(folder: Path) -> float:
    try:
        return max(one.stat().st_mtime for one in (folder, *folder.iterdir()))
    except FileNotFoundError:  # it is being removed now
        return time.time()


def _opened(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), OWN), "wb")


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
