"""What a base model itself says to messages, kept on disk so that a killed run goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hatelens.models import kept
from hatelens.models.conversation import ask
from hatelens.models.responder import Responder
from hatelens.progress import track


class OwnReplies:
    """A chat model that remembers what it said, by the hash of the message.

    Messages stand in the same batches however often a run was killed, so that a model whose
    arithmetic depends on its batch says the same.

    Args:
        responder: the model, told nothing first.
        name: of its weights and of what they are held in: others have other replies.
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

        def make(missing: Mapping[bytes, str]) -> Iterator[Mapping[bytes, bytes]]:
            left = [part for part in parts if any(kept.key(text) in missing for text in part)]
            for part in track(left, "Replying", shown=bool(left)):
                made = self._responder.replies([ask(text) for text in part], batch=batch)
                said = [reply.text.encode("utf-8", "surrogatepass") for reply in made]
                yield dict(zip(map(kept.key, part), said, strict=True))

        found = kept.remembered(self._path, {kept.key(text): text for text in order}, make)
        return {text: found[kept.key(text)].decode("utf-8", "surrogatepass") for text in messages}
