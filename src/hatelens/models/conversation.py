"""A conversation: messages, replies and what may be asked of a chat model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hatelens.errors import UserError, unknown

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
ROLES = (USER, ASSISTANT)
"""Who may speak in a conversation; what the system says is the responder's own."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said.

    Attributes:
        role: ``user`` or ``assistant``.
        content: as it was written; nothing in it can begin or end a turn.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a chat model answers.

    Attributes:
        text: of the answer.
        type: what kind of answer it is, one of ``reply_type.TYPES``.
    """

    text: str
    type: str


Chat = Callable[[Sequence[Message]], str]
"""Any chat model: from the messages so far, of which the last one is the user's, to an answer."""


def checked(messages: Sequence[Message]) -> list[Message]:
    """Bring a conversation into the form that chat templates take: sides that alternate.

    Several messages of one side in a row become one.

    Raises:
        UserError: nothing was said, a role does not exist, or the user does not speak first and
            last.
    """
    for message in messages:
        if message.role not in ROLES:
            raise UserError(unknown("role of a message", ascii(message.role)[1:-1][:40], ROLES))
    if not messages or messages[0].role != USER or messages[-1].role != USER:
        raise UserError(
            "A conversation must begin and end with a message of the user; found "
            f"{messages[0].role + ' ... ' + messages[-1].role if messages else 'no message'}."
        )
    if not any(message.content.strip() for message in messages if message.role == USER):
        raise UserError("The user's messages are empty; write at least one character.")
    return [_joined(list(turn)) for _, turn in groupby(messages, key=lambda one: one.role)]


def posts(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return what the user said last and, where that is not all, everything that the user said.

    Hate cut up over several messages is in the second only.
    """
    said = [message.content for message in messages if message.role == USER]
    return (said[-1],) if len(said) == 1 else (said[-1], "\n".join(said))


def ask(text: str) -> list[Message]:
    """Return a conversation of one message."""
    return [Message(USER, text)]


def _joined(turn: list[Message]) -> Message:
    return replace(turn[0], content="\n\n".join(message.content for message in turn))
