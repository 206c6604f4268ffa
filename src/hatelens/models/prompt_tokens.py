"""Prompts to token ids: the template as commands, the text inside it as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend

from hatelens.errors import ModelError, require
from hatelens.models import prompt_turns
from hatelens.models.prompt import Prompt
from hatelens.models.prompt_turns import Shot
from hatelens.models.windows import Range, by_tokens

FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
"""What a folder may hold of a tokenizer."""
_LEAST = 16
_OVERLAP = 0.25
_RESERVE = 1 / 16
"""Share of a window left free: one that begins inside a word may need more tokens for its rest."""


class PromptTokenizer:
    """A tokenizer of a language model with a prompt.

    The text is tokenised apart from the prompt and its special tokens are plain text there, so
    that ``<|im_end|>`` in it ends no turn.

    Args:
        folder: holds ``tokenizer.json``, its settings and, for a chat, the chat template.
        prompt: what stands around each text.
        max_length: tokens of the prompt with its text; an answer comes on top of them.
        fields: values of the prompt's other fields.
        shots: examples before the text.

    Attributes:
        prefix: tokens before the text, the same for all texts; they begin as the tokenizer begins
            a text.
        suffix: tokens after it.
        eos: the token that ends an answer.
        pad: the token that fills a batch up.

    Raises:
        ModelError: the tokenizer is missing or damaged, has no chat template, or ``max_length``
            leaves no room for a text.
    """

    def __init__(
        self,
        folder: Path,
        prompt: Prompt,
        max_length: int,
        fields: Mapping[str, str] | None = None,
        shots: Sequence[Shot] = (),
    ) -> None:
        self.folder = folder
        self.prompt = prompt
        self.max_length = max_length
        self.fields = dict(fields or {})
        self.shots = tuple(shots)
        self._tokenizer = _open(folder)
        self._markup: Backend = self._tokenizer.backend_tokenizer
        self._markup.no_padding()
        self._markup.no_truncation()
        self._plain = _without_commands(self._markup)
        self._refuse_commands()
        self.prefix, self.suffix = self._around()
        if self._room < _LEAST:
            used = len(self.prefix) + len(self.suffix)
            raise ModelError(
                f"The prompt {prompt.name!r} takes {used} of {max_length} tokens, which leaves no "
                f"room for a text; give max_length of at least {used + _LEAST}."
            )

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the tokens of the prompt with a text in it; what does not fit is cut off."""
        return (*self.prefix, *self.text(text), *self.suffix)

    def text(self, text: str) -> tuple[int, ...]:
        """Return the tokens of the text alone, cut to fit."""
        return self._text_tokens(text)[0][: self._room]

    def answer(self, words: str, *, end: bool = False) -> tuple[int, ...]:
        """Return the tokens of an answer.

        Args:
            words: of the answer; plain text.
            end: add the token that ends the answer.
        """
        joint = "" if self._after[-1:].isspace() else " "
        ids, _ = self._following(self._after[-1:], joint + words)
        return (*ids, self.eos) if end else ids

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping character ranges that fit."""
        if len(text.encode("utf-8", "replace")) < self._room:  # a token is at least one byte
            return [(0, len(text))]
        ids, offsets = self._text_tokens(text)
        if len(ids) <= self._room:
            return [(0, len(text))]
        size = self._room - int(self._room * _RESERVE)
        return by_tokens(offsets, len(text), size, int(self._room * _OVERLAP))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the words of generated tokens, without special ones."""
        return self._markup.decode(list(ids), skip_special_tokens=True)

    @cached_property
    def eos(self) -> int:
        """The token that ends an answer: the end of a turn in a chat, else the end of a text."""
        if self.prompt.chat:
            ids = self._ids(prompt_turns.after_answer(self._tokenizer))
            if ids and ids[0] in self._markup.get_added_tokens_decoder():
                return ids[0]
        if self._tokenizer.eos_token_id is None:
            raise ModelError(f"The tokenizer in {self.folder} names no token that ends a text.")
        return int(self._tokenizer.eos_token_id)

    @property
    def pad(self) -> int:
        """The token that fills a batch up."""
        named = self._tokenizer.pad_token_id
        return self.eos if named is None else int(named)

    @cached_property
    def special(self) -> frozenset[int]:
        """The ids of all special tokens."""
        added = self._markup.get_added_tokens_decoder()
        return frozenset(i for i, token in added.items() if token.special)

    @property
    def _room(self) -> int:
        return self.max_length - len(self.prefix) - len(self.suffix)

    def _around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Tokenise what stands before and after the text: markup and the texts of the shots."""
        pieces = prompt_turns.pieces(self._tokenizer, self.prompt, self.fields, self.shots)
        self._before, self._after = pieces[-2], pieces[-1]
        ids = list(self._begin())
        for number, shot in enumerate(self.shots):
            ids += self._ids(pieces[number].removesuffix(" "), first=number == 0)
            ids += self._data(pieces[number], shot.text)
        ids += self._ids(self._before.removesuffix(" "), first=not self.shots)
        return tuple(ids), self._ids(self._after)

    def _begin(self) -> tuple[int, ...]:
        """Return what the tokenizer puts before a text; a chat template writes its own."""
        if self.prompt.chat:
            return ()
        whole = tuple(self._markup.encode("a").ids)
        bare = tuple(self._markup.encode("a", add_special_tokens=False).ids)
        begin = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
        return whole[:begin]

    def _ids(self, piece: str, *, first: bool = False) -> tuple[int, ...]:
        """Tokenise a piece of the template, its special tokens as commands."""
        if first:
            return tuple(self._markup.encode(piece, add_special_tokens=False).ids)
        alone = self._markup.encode("a", add_special_tokens=False).ids
        ids = self._markup.encode("a" + piece, add_special_tokens=False).ids
        if ids[: len(alone)] == alone:  # as it stands after a text
            return tuple(ids[len(alone) :])
        return tuple(self._markup.encode(piece, add_special_tokens=False).ids)

    def _data(self, before: str, text: str) -> tuple[int, ...]:
        ids, _ = self._following(*_lead(before), self.prompt.quoted(text))
        return ids[: self.max_length]

    def _text_tokens(self, text: str) -> tuple[tuple[int, ...], list[Range]]:
        return self._following(*_lead(self._before), self.prompt.quoted(text))

    def _following(
        self, context: str, lead: str, text: str = ""
    ) -> tuple[tuple[int, ...], list[Range]]:
        """Tokenise a text as it stands after a character, and give its tokens' ranges in it.

        Args:
            context: the character before.
            lead: what belongs to the text's first token, as a space does.
            text: plain text.
        """
        alone = self._plain.encode(context, add_special_tokens=False).ids
        made = self._plain.encode(context + lead + text, add_special_tokens=False)
        if made.ids[: len(alone)] == alone:
            skip, shift = len(alone), len(context) + len(lead)
        else:  # the character would melt into the text's first token
            made = self._plain.encode(lead + text, add_special_tokens=False)
            skip, shift = 0, len(lead)
        offsets = [(max(0, b - shift), max(0, e - shift)) for b, e in made.offsets[skip:]]
        return tuple(made.ids[skip:]), offsets

    def _refuse_commands(self) -> None:
        """Refuse a field or an answer with a special token in it: they are put in as markup."""
        written = [*self.fields.values(), *(shot.answer for shot in self.shots)]
        for token in self._markup.get_added_tokens_decoder().values():
            for value in written:
                if token.special and token.content in value:
                    raise ModelError(
                        f"{value!r} cannot stand in a prompt: {token.content!r} is a command to "
                        "this tokenizer."
                    )


def _lead(before: str) -> tuple[str, str]:
    """Return the character before a text and the space that belongs to its first token."""
    if before.endswith(" "):
        return before[-2:-1], " "
    return before[-1:], ""


def _without_commands(markup: Backend) -> Backend:
    """Return the same tokenizer for which tokens such as ``<|im_end|>`` or ``<think>`` are text."""
    written = json.loads(markup.to_str())
    for token in written["added_tokens"]:  # runs of spaces are text already
        token["special"] = bool(token["content"].strip())
    plain = Backend.from_str(json.dumps(written))
    plain.encode_special_tokens = True
    return plain


def _open(folder: Path) -> Any:
    transformers = require("transformers", "train")
    if not (folder / FILES[0]).is_file():
        raise ModelError(f"{folder / FILES[0]} is missing: a model folder needs its tokenizer.")
    try:
        return transformers.AutoTokenizer.from_pretrained(
            folder, use_fast=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"The tokenizer in {folder} cannot be opened ({line}).") from None
