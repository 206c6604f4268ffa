"""A conversation to token ids, through the model's own chat template; no content forges a turn.

The template is rendered with a placeholder for each content. Only what the template itself writes
may become special tokens; each content is tokenised apart, as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2.exceptions import TemplateError
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from hatelens.errors import ModelError
from hatelens.models import prompt_turns
from hatelens.models.conversation import ASSISTANT, SYSTEM, USER, Message
from hatelens.models.prompt import Prompt

_MARK = "\ue0f0{}\ue0f1"
_MARKED = re.compile("\ue0f0(\\d+)\ue0f1")
_CHARS_PER_TOKEN = 16
"""Characters read of a content for each token of room: bounds the work on a megabyte."""
_SAMPLE = (Message(USER, "a"), Message(ASSISTANT, "b"), Message(USER, "c"))
_quoted = Prompt("conversation", "", chat=True).quoted
"""Takes the marks of a turn that are no special tokens (``[/INST]``) and lone surrogates out."""

Part = str | int
"""A piece of a rendered template: its own words, or the number of a content."""


class ChatTokens:
    """The tokenizer and chat template of a chat model.

    Args:
        folder: holds ``tokenizer.json`` and the template, in Transformers' form.

    Raises:
        ModelError: there is no tokenizer, or it has no chat template.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = _opened(folder)
        backend: Tokenizer = self._tokenizer.backend_tokenizer
        self._own = Tokenizer.from_str(backend.to_str())
        self._plain = Tokenizer.from_str(backend.to_str())
        self._plain.encode_special_tokens = True
        for each in (self._own, self._plain):
            each.no_truncation()
            each.no_padding()
        self._system = self._takes_system()
        self.end = self._end()
        pad = self._tokenizer.pad_token_id
        self.pad: int = self.end[-1] if pad is None else int(pad)

    def encode(
        self, messages: Sequence[Message], room: int, *, system: str = ""
    ) -> tuple[int, ...]:
        """Return the tokens of a conversation, up to where the model is to speak.

        Args:
            messages: sides alternate and the user speaks last (see ``conversation.checked``).
            room: tokens at most; the oldest turns are left out first, then the end of the last
                message is cut off.
            system: what the model is told first; empty for what its template says.

        Raises:
            ModelError: the system's words alone do not fit.
        """
        kept = list(messages)
        while True:
            pieces, contents = self._pieces(kept, system, room)
            over = sum(map(len, pieces)) - room
            if over <= 0:
                return tuple(token for piece in pieces for token in piece)
            if len(kept) == 1:
                break
            kept = kept[2:]
        last = contents[-1]
        if over >= len(pieces[last]):
            raise ModelError(
                f"{room} tokens are too few for a conversation; the system's words alone need "
                f"{sum(map(len, pieces)) - len(pieces[last])}. Allow more, or shorter answers."
            )
        pieces[last] = pieces[last][: len(pieces[last]) - over]
        return tuple(token for piece in pieces for token in piece)

    def answer(self, text: str) -> tuple[int, ...]:
        """Return the tokens of an answer and of the end of its turn, as a model should write it."""
        ids = self._plain.encode(_quoted(text.strip()), add_special_tokens=False).ids
        return (*ids, *self.end)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens without the special ones."""
        return self._own.decode(list(ids), skip_special_tokens=True).strip()

    @property
    def stops(self) -> set[int]:
        """Tokens at which an answer ends."""
        found = {self.end[0], self._tokenizer.eos_token_id}
        return {int(token) for token in found if token is not None}

    def save(self, folder: Path) -> tuple[str, ...]:
        """Write tokenizer and template in Transformers' form and return the files."""
        paths = self._tokenizer.save_pretrained(folder)
        return tuple(sorted({Path(path).name for path in paths if Path(path).is_file()}))

    def _pieces(
        self, messages: Sequence[Message], system: str, room: int
    ) -> tuple[list[list[int]], list[int]]:
        """Return the tokens of each part, and which parts are contents."""
        turns = _turns(messages, system, apart=self._system)
        contents: list[str] = []
        rendered = self._rendered(turns, contents)
        pieces: list[list[int]] = []
        places: list[int] = []
        for part, before in _parts(rendered):
            if isinstance(part, str):
                pieces.append(self._own.encode(part, add_special_tokens=False).ids)
                continue
            content = before + contents[part][: room * _CHARS_PER_TOKEN]
            places.append(len(pieces))
            pieces.append(self._plain.encode(content, add_special_tokens=False).ids)
        return pieces, places

    def _rendered(self, turns: Sequence[tuple[str, Sequence[str]]], contents: list[str]) -> str:
        """Render the template with a mark for each content, and gather the contents."""
        written: list[Mapping[str, str]] = []
        for role, parts in turns:
            marks = []
            for part in parts:
                marks.append(_MARK.format(len(contents)))
                contents.append(_quoted(part.strip()))
            written.append({"role": role, "content": "\n\n".join(marks)})
        return self._template(written)

    def _template(self, written: Sequence[Mapping[str, str]]) -> str:
        return prompt_turns.written(self._tokenizer, list(written), asked=True)

    def _takes_system(self) -> bool:
        """Say whether the template has a place for the system's words."""
        turns = [{"role": SYSTEM, "content": _MARK.format(0)}, {"role": USER, "content": "a"}]
        try:
            return _MARK.format(0) in self._template(turns)
        except TemplateError:
            return False

    def _end(self) -> tuple[int, ...]:
        """Return the tokens that the template puts behind an answer, up to the first special one.

        They are what a model must write to end its turn.
        """
        contents: list[str] = []
        turns = [(message.role, (message.content,)) for message in _SAMPLE]
        parts = [part for part, _ in _parts(self._rendered(turns, contents))]
        behind = str(parts[parts.index(1) + 1]) if 1 in parts else ""
        ids = self._own.encode(behind, add_special_tokens=False).ids
        special = set(self._tokenizer.all_special_ids)
        first = next((i for i, token in enumerate(ids) if token in special), None)
        if first is not None and self._own.decode(ids[:first]).strip() == "":
            return (ids[first],)
        if self._tokenizer.eos_token_id is None:
            raise ModelError("The chat template ends no turn, and the tokenizer has no end token.")
        return (int(self._tokenizer.eos_token_id),)


def _opened(folder: Path) -> PreTrainedTokenizerBase:
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"{folder} has no tokenizer that can be opened ({line}).") from None
    if not tokenizer.chat_template or not hasattr(tokenizer, "backend_tokenizer"):
        raise ModelError(
            f"{folder} is no chat model: its tokenizer has no chat template. Name a model that was "
            "tuned to converse."
        )
    return tokenizer


def _turns(
    messages: Sequence[Message], system: str, *, apart: bool
) -> list[tuple[str, Sequence[str]]]:
    """Return roles and contents; without a place for the system its words open the first turn."""
    turns: list[tuple[str, Sequence[str]]] = [(one.role, (one.content,)) for one in messages]
    if not system.strip():
        return turns
    if apart:
        return [(SYSTEM, (system,)), *turns]
    return [(USER, (system, messages[0].content)), *turns[1:]]


def _parts(rendered: str) -> list[tuple[Part, str]]:
    """Cut a rendered template at its marks.

    Blanks before a content are tokenised with it, for they belong to its first word.

    Returns:
        Each part, and for a content the blanks before it.
    """
    found: list[tuple[Part, str]] = []
    before = ""
    pieces = _MARKED.split(rendered)
    for i, piece in enumerate(pieces):
        if i % 2:
            found.append((int(piece), before))
            continue
        own = piece.rstrip(" ") if i + 1 < len(pieces) else piece
        before = piece[len(own) :]
        if own:
            found.append((own, ""))
    return found
