"""What a peer said of texts. A pinned peer says the same every time, so it is asked only once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.conversation import Conversation
from benchmarks.peers.environment import digest
from benchmarks.peers.peer import Peer

from hatelens.config import paths

CHUNK = 256

Answers = Sequence[Mapping[str, Any]]


def of(talk: Conversation, texts: Sequence[str]) -> Answers:
    """Ask about texts, some at a time; answers of hatelens are never taken from an earlier run.

    Raises:
        PeerError: the peer does not answer.
    """
    parts = (texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK))
    return [answer for part in parts for answer in _chunk(talk, part)]


def _chunk(talk: Conversation, texts: Sequence[str]) -> Answers:
    """Keep what was said at once, so that a run that was cut off goes on from there."""
    if talk.peer.own:
        return talk.answers(texts)
    file = _file(talk.peer, texts)
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    found = talk.answers(texts)
    _keep(file, found)
    return found


def _file(peer: Peer, texts: Sequence[str]) -> Path:
    """Name the file after what decides the answers: it holds no text."""
    parts = [digest(peer), peer.adapter.read_text(encoding="utf-8"), json.dumps(list(texts))]
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    return paths.cache() / "peers" / "answers" / f"{name}.json"


def _keep(file: Path, found: Answers) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    begun = file.with_suffix(f".{os.getpid()}")
    begun.write_text(json.dumps(found), encoding="utf-8")
    begun.replace(file)
