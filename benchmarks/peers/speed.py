"""What a peer costs: time, memory, start-up. Every figure comes from a fresh process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.peers.conversation import Conversation
from benchmarks.peers.environment import Environment
from benchmarks.peers.material import ALONE
from benchmarks.peers.peer import Peer

BATCH = 256
"""Texts handed over at once; how they are batched from there on is the peer's affair."""

SECONDS = 3.0
"""At least this long are batches timed."""

STARTS = 3


@dataclass(frozen=True)
class Speed:
    """What a peer costs on one machine.

    Attributes:
        texts_per_second: in batches, of the median pass.
        milliseconds: median for one text alone.
        memory: peak resident memory of a process that labelled all texts in batches, in MB.
        start: seconds from starting Python to the first answer, median.
        size: of the installation, in MB.
    """

    texts_per_second: float
    milliseconds: float
    memory: float
    start: float
    size: float


def measure(peer: Peer, environment: Environment, texts: Sequence[str]) -> Speed:
    """Time a peer; its threads are those that it uses by itself.

    Raises:
        PeerError: it does not answer.
    """
    _start(peer, environment)  # the first start compiles bytecode and reads from a cold disk
    starts = [_start(peer, environment) for _ in range(STARTS)]
    with Conversation(peer, environment) as talk:
        talk.answers(texts[:8])
        found = talk.ask("batches", texts=list(texts), size=BATCH, seconds=SECONDS)
    with Conversation(peer, environment) as talk:
        talk.answers(texts[:8])
        alone = talk.ask("single", texts=list(texts[:ALONE]))["seconds"]
    return Speed(
        texts_per_second=len(texts) / median(found["seconds"]),
        milliseconds=1000 * median(alone),
        memory=found["peak_mb"],
        start=median(starts),
        size=environment.megabytes,
    )


def _start(peer: Peer, environment: Environment) -> float:
    begun = time.perf_counter()
    with Conversation(peer, environment) as talk:
        talk.answers(["Good morning."])
        return time.perf_counter() - begun
