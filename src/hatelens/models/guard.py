"""A guard around any chat model: hateful input is answered safely, hateful output held back.

It knows nothing of the model behind it, an adapter least of all: its verdicts are a detector's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hatelens.models import reading
from hatelens.models.conversation import Chat, Message, checked, posts
from hatelens.models.detector import Detector
from hatelens.models.reply_type import COUNTER, STOP, reply_type

SAFE: Mapping[str, str] = {
    "stop": "I won't take part in a conversation that puts people down. Let's talk about "
    "something else.",
    "counter": "I see that differently: nobody deserves to be put down for who they are, and each "
    "person is more than a group. Let's talk about people with respect.",
}
"""What is said in the place of an answer, per mode."""


@dataclass(frozen=True, slots=True)
class GuardedReply:
    """What a guarded chat model answers.

    Attributes:
        reply: the words.
        type: what kind of answer it is, one of ``reply_type.TYPES``.
        held_back: whether the model's own answer, or the question to it, was kept back.
    """

    reply: str
    type: str
    held_back: bool

    def to_dict(self) -> dict[str, str | bool]:
        """Return the record as plain JSON values."""
        return {"reply": self.reply, "type": self.type, "held_back": self.held_back}


def guarded(
    chat: Chat, detector: Detector, *, mode: str = "stop"
) -> Callable[[Sequence[Message]], GuardedReply]:
    """Wrap a chat model.

    What the user said last, and all that the user said taken together, is judged before the model
    sees it; where the detector flags it, the model is not asked. What the model says is judged
    before anybody sees it.

    Args:
        chat: any function from messages to words.
        detector: of any kind; it flags by its own thresholds.
        mode: ``stop`` or ``counter``: what is said instead.

    Returns:
        The guarded chat model.
    """
    safe = SAFE[mode]
    instead = GuardedReply(safe, STOP if mode == "stop" else COUNTER, held_back=True)

    def answer(messages: Sequence[Message]) -> GuardedReply:
        asked = checked(messages)
        if _flagged(detector, posts(asked)):
            return instead
        text = chat(asked)
        if text.strip() and _flagged(detector, [text]):
            return instead
        return GuardedReply(text, reply_type(text, asked[-1].content), held_back=False)

    return answer


def unguarded(chat: Chat) -> Callable[[Sequence[Message]], GuardedReply]:
    """Give a chat model the same shape of answer without a guard."""

    def answer(messages: Sequence[Message]) -> GuardedReply:
        asked = checked(messages)
        text = chat(asked)
        return GuardedReply(text, reply_type(text, asked[-1].content), held_back=False)

    return answer


def _flagged(detector: Detector, texts: Sequence[str]) -> bool:
    found = reading.predict(detector, [text for text in texts if text.strip()])
    return any(one.decision == "flag" for one in found)
