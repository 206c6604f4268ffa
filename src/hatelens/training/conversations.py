"""The conversations that a responder learns from: who says what, and what is answered."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hatelens.config.responder import ResponderModel, ResponderTraining
from hatelens.data import replies
from hatelens.data.replies import Posts
from hatelens.data.spelling import pick
from hatelens.errors import DataError
from hatelens.models.chat_tokens import ChatTokens
from hatelens.models.conversation import ASSISTANT, USER, Message
from hatelens.models.reply_type import COUNTER, STOP, reply_type
from hatelens.models.responder import instruction
from hatelens.training.turns import Turn

HATEFUL = "hateful"
"""The kind of a conversation that is answered by a line of ours."""
Own = Mapping[str, str]
"""Message to what the base model says to it."""
APOLOGY = re.compile(
    r"(i['\u2019]?m|i am|we['\u2019]?re|we are)( \w+)? sorry(?! to (hear|see|read|learn))"
    r"|sorry\b|i( \w+)? apologi[sz]e|my apologies",
    re.IGNORECASE,
)
"""How a small chat model begins before it says what it cannot do; condolences are none."""


@dataclass(frozen=True)
class Conversation:
    """A conversation and the answer that is learned.

    Attributes:
        messages: the last one is the user's.
        mode: what the model is told first.
        answer: what it is to say.
        kind: ``hateful``, ``harmless`` or ``question``.
    """

    messages: tuple[Message, ...]
    mode: str
    answer: str
    kind: str


@dataclass(frozen=True)
class Learned:
    """All that is learned from.

    Attributes:
        conversations: in a fixed order.
        counts: how many there are of each kind, and how many of the base model's own replies were
            left out because they refuse or reproach a harmless message.
    """

    conversations: tuple[Conversation, ...]
    counts: Mapping[str, int]


def drawn(posts: Posts, training: ResponderTraining, seed: int, part: float = 1.0) -> Posts:
    """Draw the posts to learn from, spread over the data sets.

    Args:
        posts: of all data sets.
        training: how many, and which data set gives how many.
        seed: of the draw.
        part: of the numbers that the recipe names.

    Raises:
        DataError: there are no hateful or no harmless posts.
    """
    written = [
        tuple(one for one in some if one.text.strip()) for some in (posts.hateful, posts.harmless)
    ]
    for what, some in zip(("hateful", "harmless"), written, strict=True):
        if not some:
            raise DataError(f"The data holds no {what} post; a responder learns from both kinds.")
    hateful, harmless = (
        replies.spread(some, max(1, int(part * count)), seed, training.shares)
        for some, count in zip(written, (training.hateful, training.harmless), strict=True)
    )
    return Posts(hateful, harmless)


def learned(
    posts: Posts, own: Own, model: ResponderModel, training: ResponderTraining, seed: int
) -> Learned:
    """Answer hateful posts by lines of ours, and everything else by the model's own replies.

    Args:
        posts: see ``drawn``.
        own: the base model's reply to every harmless post and every question.
        model: the modes to learn.
        training: the share of conversations that have begun before.
        seed: of lines, modes and beginnings.
    """
    chance = random.Random(f"conversations {seed}")  # noqa: S311  # no secret
    counts: Counter[str] = Counter()
    whole = not training.learned_tokens
    fit = {text: said for text, said in own.items() if is_fit(text, said, whole=whole)}
    openings = [question for question in replies.questions() if question in fit]
    found: list[Conversation] = []
    for text, answers, kind in _said(posts, fit, model.modes, seed):
        if not answers:
            counts["own replies left out"] += 1
            continue
        mode = model.modes[len(found) % len(model.modes)]
        before: tuple[Message, ...] = ()
        if openings and chance.random() < training.context:
            opening = pick(chance, openings)
            before = (Message(USER, opening), Message(ASSISTANT, fit[opening]))
        found.append(Conversation((*before, Message(USER, text)), mode, answers[mode], kind))
        counts[kind] += 1
    return Learned(tuple(found), dict(counts))


def is_fit(text: str, said: str, *, whole: bool = True) -> bool:
    """Say whether a reply to something harmless can be learned from.

    It neither refuses nor reproaches nor begins with an apology, and is not empty. An apology is
    left out because a refusal mostly follows, which a reply that is cut short does not show.

    Args:
        text: the message.
        said: the reply.
        whole: whether it must not be broken off within a sentence, as where all of it is learned.
    """
    if not said or (whole and not said.rstrip("\"')]* ").endswith((".", "!", "?"))):
        return False
    return not APOLOGY.match(said.lstrip()) and reply_type(said, text) not in {STOP, COUNTER}


def turns(
    conversations: Iterable[Conversation], tokens: ChatTokens, max_length: int, own: int = 0
) -> list[Turn]:
    """Return conversations as tokens, with the loss on their answers.

    Args:
        conversations: who says what.
        tokens: of the model.
        max_length: tokens of a conversation without its answer at most.
        own: tokens that the base model's own replies begin with and that are learned, never their
            end; 0 for all.
    """
    found = []
    for one in conversations:
        prompt = tokens.encode(one.messages, max_length, system=instruction(one.mode))
        answer = tokens.answer(one.answer)
        if own and one.kind != HATEFUL:
            answer = answer[: -len(tokens.end)][:own]
        found.append(Turn(prompt, (answer,)))
    return found


def _said(
    posts: Posts, fit: Own, modes: Sequence[str], seed: int
) -> Iterable[tuple[str, Mapping[str, str], str]]:
    """Yield each message, its answer per mode (none where there is no fit one) and its kind."""
    lines = replies.lines()
    for post in posts.hateful:
        yield post.text, {mode: lines.answer(mode, post, seed) for mode in modes}, HATEFUL
    harmless = [(post.text, "harmless") for post in posts.harmless]
    for text, kind in [*harmless, *((text, "question") for text in replies.questions())]:
        yield text, dict.fromkeys(modes, fit[text]) if text in fit else {}, kind
