"""``hatelens respond``: talk to a chat model that does not engage with hate."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.errors import UserError, require

if TYPE_CHECKING:
    from hatelens.models.conversation import Message
    from hatelens.models.guard import GuardedReply

    Answer = Callable[[Sequence[Message]], GuardedReply]

LONGEST = 8192
"""Characters of a message at most."""
REMEMBERED = 64
"""Messages of a conversation that are kept."""
GREETING = "Write a line and press Enter; an empty line or Ctrl+D ends the conversation.\n"


def command(
    text: Annotated[
        str | None, typer.Argument(help="What to say; without it a conversation begins.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="Chat model: a name, a folder, or owner/name@REVISION.")
    ] = "",
    adapter: Annotated[str, typer.Option(help="Adapter: a folder, or owner/name@REVISION.")] = "",
    precision: Annotated[
        str,
        typer.Option(
            help="How the base is held: fp32, bf16, int8 or nf4; as the adapter was trained."
        ),
    ] = "",
    mode: Annotated[str, typer.Option(help="What to do with hate: stop or counter.")] = "stop",
    guard: Annotated[
        str, typer.Option(help="Detector that guards both sides: a folder, or 'default'.")
    ] = "",
    temperature: Annotated[
        float, typer.Option(help="How freely words are drawn; 0 takes the likeliest.")
    ] = 0.0,
    top_p: Annotated[
        float, typer.Option(help="Draw from the likeliest words of this probability.")
    ] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(help="Tokens of a reply at most.")] = 128,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON record per reply.")
    ] = False,
) -> None:
    """Reply to a text, or in a conversation, without engaging with hate."""
    if text is not None:
        _check(text)
    require("transformers", "llm")
    from hatelens.models.conversation import ask
    from hatelens.models.responder import Sampling, opened

    sampling = Sampling(temperature, top_p, max_new_tokens, seed)
    chat = opened(base, adapter, mode=mode, precision=precision, sampling=sampling)
    answer = _answer(chat, guard, mode)
    if text is not None:
        _write(answer(ask(text)), as_json=as_json)
        return
    converse(answer, _lines(), as_json=as_json)


def converse(answer: Answer, lines: Iterator[str], *, as_json: bool) -> None:
    """Answer line after line, each with what was said before, until an empty one.

    Args:
        answer: from messages to a guarded reply.
        lines: what the user says.
        as_json: whether a record per reply is printed.
    """
    from hatelens.models.conversation import ASSISTANT, USER, Message

    said: list[Message] = []
    for line in lines:
        if not line.strip():
            return
        _check(line)
        said = [*said, Message(USER, line)][-(REMEMBERED - 1) :]
        reply = answer(said)
        _write(reply, as_json=as_json)
        said.append(Message(ASSISTANT, reply.reply or "..."))


def _answer(chat: Callable[[Sequence[Message]], str], guard: str, mode: str) -> Answer:
    from hatelens.models.guard import guarded, unguarded

    if not guard:
        return unguarded(chat)
    from hatelens.detect import load

    return guarded(chat, load(guard), mode=mode)


def _lines() -> Iterator[str]:
    """Yield what is typed, or what stands on stdin."""
    asked = sys.stdin.isatty()
    if asked:
        sys.stderr.write(GREETING)
    while True:
        if asked:
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.buffer.readline(4 * LONGEST + 2)
        if not line:
            return
        yield line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise UserError(
            f"The message has {len(text)} characters; at most {LONGEST} are allowed. Shorten it."
        )


def _write(reply: GuardedReply, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(reply.to_dict()) + "\n")
    else:
        from hatelens.cli.records import printable  # numpy, which --help does without

        note = " [held back by the guard]" if reply.held_back else ""
        lines = [printable(line) for line in reply.reply.splitlines()]
        sys.stdout.write("\n".join(lines) + note + "\n")
    sys.stdout.flush()
