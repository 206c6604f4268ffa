"""What a base model itself says to messages, kept on disk so that a killed run goes on."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from hatelens.models.conversation import ask
from hatelens.models.responder import Responder
from hatelens.progress import track


class OwnReplies:
    """A chat model that remembers what it said, by the hash of the message.

    Messages stand in the same batches however often a run was killed, so that a model whose
    arithmetic depends on its batch says the same.

    Args:
        responder: the model, told nothing first.
        name: of its weights, as their sha256: other weights have other replies.
        folder: where replies are kept, one file per model and way of drawing them.
    """

    def __init__(self, responder: Responder, name: str, folder: Path) -> None:
        self._responder = responder
        settings = f"{name} {responder.system} {sorted(asdict(responder.sampling).items())}"
        digest = hashlib.sha256(settings.encode()).hexdigest()[:16]
        self._path = folder / f"{digest}.sqlite"

    def replies(self, messages: Sequence[str], batch: int) -> Mapping[str, str]:
        """Return the model's reply to each message, alone in its conversation.

        Args:
            messages: what is said to the model; none of them empty.
            batch: replies made, and written, at once.
        """
        order = sorted(set(messages), key=lambda text: (len(text), text))
        parts = [order[begin : begin + batch] for begin in range(0, len(order), batch)]
        with self._open() as database:
            said: dict[bytes, str] = dict(database.execute("SELECT * FROM reply"))
            missing = [part for part in parts if any(_key(text) not in said for text in part)]
            for part in track(missing, "Replying", shown=bool(missing)):
                made = self._responder.replies([ask(text) for text in part], batch=batch)
                rows = {_key(text): reply.text for text, reply in zip(part, made, strict=True)}
                database.executemany("INSERT OR IGNORE INTO reply VALUES (?, ?)", rows.items())
                database.commit()
                said = rows | said
        return {text: said[_key(text)] for text in messages}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=60)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS reply (key BLOB PRIMARY KEY, said TEXT)")
            yield database


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
