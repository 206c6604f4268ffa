"""The turns of a prompt: earlier examples and the text, as a chat template writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hatelens.errors import ModelError, require
from hatelens.models.prompt import Prompt

_DAY = dt.datetime(2024, 7, 26, tzinfo=dt.UTC)
"""Some chat templates write today's date; the same text must score the same tomorrow."""
_ANSWER = "HATELENS-ANSWER"


@dataclass(frozen=True)
class Shot:
    """An example that stands before the text as an earlier turn.

    Attributes:
        text: of the example; data, like every text.
        answer: the words of its label.
    """

    text: str
    answer: str


def pieces(
    tokenizer: Any, prompt: Prompt, fields: Mapping[str, str], shots: Sequence[Shot]
) -> list[str]:
    """Return the conversation in the pieces that stand around its texts, in order.

    Args:
        tokenizer: of Transformers.
        prompt: what stands around each text.
        fields: values of its other fields.
        shots: the examples before the text.

    Returns:
        One piece more than there are texts: the last one stands behind the text that is asked of.

    Raises:
        ModelError: the chat template is missing, refuses the prompt or drops it.
    """
    before, after = prompt.around(**fields)
    marks = [f"HATELENS-TEXT-{number}-HERE" for number in range(len(shots) + 1)]
    asked = [before + mark + after for mark in marks]
    whole = (
        rendered(tokenizer, _messages(asked, shots), asked=True)
        if prompt.chat
        else _joined(tokenizer, asked, after, shots)
    )
    found = []
    for mark in marks:
        piece, there, whole = whole.partition(mark)
        if not there:
            raise ModelError(
                f"The chat template of {tokenizer.name_or_path} drops the user's message; use "
                "another base model, or chat=false."
            )
        found.append(piece)
    return [*found, whole]


def rendered(tokenizer: Any, messages: list[dict[str, str]], *, asked: bool) -> str:
    """Return a conversation as the chat template writes it.

    Args:
        tokenizer: of Transformers.
        messages: each with ``role`` and ``content``.
        asked: whether an answer begins at its end.

    Raises:
        ModelError: there is no chat template, or it refuses the messages.
    """
    jinja = require("jinja2", "train")
    if not tokenizer.chat_template:
        raise ModelError(
            f"The tokenizer of {tokenizer.name_or_path} has no chat template; say chat=false, or "
            "use a base model that was tuned to follow instructions."
        )
    try:
        return written(tokenizer, messages, asked=asked)
    except jinja.exceptions.TemplateError as error:
        raise ModelError(
            f"The chat template of {tokenizer.name_or_path} refuses the prompt ({error})."
        ) from None


def written(tokenizer: Any, messages: list[Any], *, asked: bool) -> str:
    """Apply the chat template, on a fixed day where it writes one; its errors are let through."""
    return str(
        tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=asked,
            enable_thinking=False,
            date_string=_DAY.strftime("%d %b %Y"),
            strftime_now=_DAY.strftime,
        )
    )


def after_answer(tokenizer: Any) -> str:
    """Return what the chat template writes behind an answer, beginning with the end of the turn.

    Raises:
        ModelError: there is no chat template, or it refuses the messages.
    """
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": _ANSWER}]
    return rendered(tokenizer, turns, asked=False).rpartition(_ANSWER)[2].lstrip()


def _messages(asked: Sequence[str], shots: Sequence[Shot]) -> list[dict[str, str]]:
    turns: list[dict[str, str]] = []
    for question, shot in zip(asked, shots, strict=False):
        turns.append({"role": "user", "content": question})
        turns.append({"role": "assistant", "content": shot.answer})
    return [*turns, {"role": "user", "content": asked[-1]}]


def _joined(tokenizer: Any, asked: Sequence[str], after: str, shots: Sequence[Shot]) -> str:
    """Return the turns without a template: each answer ends as a text ends."""
    joint = "" if after[-1:].isspace() else " "
    end = tokenizer.eos_token or "\n\n"
    answers = [f"{joint}{shot.answer}{end}" for shot in shots]
    return "".join(a + b for a, b in zip(asked, [*answers, ""], strict=True))
