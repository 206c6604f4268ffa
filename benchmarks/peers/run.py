"""Sets up and measures one peer after the other; one that fails is kept with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.peers import environment, quality, speed
from benchmarks.peers.conversation import Conversation
from benchmarks.peers.environment import Environment, PeerError
from benchmarks.peers.material import Texts
from benchmarks.peers.peer import Peer
from benchmarks.peers.quality import Quality
from benchmarks.peers.speed import Speed


@dataclass(frozen=True)
class Outcome:
    """What came of one peer.

    Attributes:
        peer: who was measured.
        quality: None where its answers mean nothing, or it failed.
        speed: None where it failed.
        reason: why it failed.
    """

    peer: Peer
    quality: Quality | None = None
    speed: Speed | None = None
    reason: str = ""


def measure(peers: Sequence[Peer], texts: Texts, say: Callable[[str], None]) -> list[Outcome]:
    """Measure every peer; ``say`` is told who is on."""
    outcomes = []
    for one in peers:
        say(f"{one.name} ...")
        outcomes.append(_measured(one, texts))
        if outcomes[-1].reason:
            say(f"  left out: {outcomes[-1].reason}")
    return outcomes


def _measured(one: Peer, texts: Texts) -> Outcome:
    try:
        return measured(one, environment.make(one), texts)
    except PeerError as error:
        return Outcome(one, reason=str(error))


def measured(one: Peer, place: Environment, texts: Texts) -> Outcome:
    """Measure a peer in an environment that stands.

    Raises:
        PeerError: it does not answer.
    """
    cost = speed.measure(one, place, texts.timed)
    if not one.quality:
        return Outcome(one, speed=cost)
    with Conversation(one, place) as talk:
        return Outcome(one, quality.measure(talk, texts.selections), cost)
