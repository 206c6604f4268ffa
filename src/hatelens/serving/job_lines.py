"""Lines of a file, counted in bytes, so that reading can go on anywhere and no row is endless."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

LARGEST = 5 * 1024 * 1024
"""Bytes of a row: more are taken for a quote that does not end."""


class EndlessError(Exception):
    """A row is larger than any may be."""


class Lines:
    """The lines of a file.

    Args:
        file: opened for reading bytes.
        begin: first byte.

    Attributes:
        end: one past the last byte that was read.
        lost: bytes that were read for nothing and are read again.
    """

    def __init__(self, file: BinaryIO, begin: int) -> None:
        self._file = file
        self.lost = 0
        self._go(begin)

    def row(self) -> int:
        """Begin a row, of one line or more; return its first byte."""
        self._row = self.end
        return self._row

    def next(self) -> bytes:
        """Return the next line; empty at the end of the file.

        Raises:
            EndlessError: the row has grown too large.
        """
        line = self._file.readline(LARGEST + 1)
        self.end += len(line)
        if self.end - self._row > LARGEST:
            raise EndlessError
        return line

    def skip(self, begin: int) -> None:
        """Go on after the line that begins at a byte, however long it is."""
        read = self.end
        self._go(begin)
        while line := self._file.readline(LARGEST):
            self.end += len(line)
            if line.endswith(b"\n"):
                break
        self.lost += max(0, read - self.end)

    def __iter__(self) -> Iterator[str]:
        """Give the lines as text; bytes that are not UTF-8 become lone surrogates."""
        while line := self.next():
            yield line.decode("utf-8", "surrogateescape")

    def _go(self, begin: int) -> None:
        self._file.seek(begin)
        self.end = self._row = begin
