"""A tokenizer as GGUF holds it, so that llama.cpp makes the same tokens as ``tokenizer.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gguf import GGUFWriter, TokenType

from hatelens.errors import ModelError

_GPT2 = {"type": "ByteLevel", "use_regex": True}
_DIGITS = {"type": "Digits", "individual_digits": True}
_BYTES = {"type": "ByteLevel", "use_regex": False}
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "gpt-2": (_GPT2,),
    "smollm": (_DIGITS, _GPT2),
    "llama-bpe": ({"type": "Split", "pattern": {"Regex": _LLAMA3}}, _BYTES),
}
"""What llama.cpp calls the ways to split a text into words before its bytes are merged."""
_BLANK = "\u2581"
_NEVER = -1e6


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model.

    Attributes:
        model: ``gpt2`` (merges of bytes) or ``llama`` (merges of characters, bytes as a fallback).
        split: name of the way to split a text, of ``SPLITS``; empty for ``llama``.
        tokens: as they are written, by id.
        types: of each token.
        merges: pairs, the first ones first; only for ``gpt2``.
        scores: the higher, the earlier a token is merged; only for ``llama``.
        special: ids by name: ``bos``, ``eos``, ``unk``, ``pad``, where there are any.
        begins: whether a text begins with ``bos``.
        blank: whether a text is read as if a blank stood before it.
    """

    model: str
    split: str
    tokens: tuple[str, ...]
    types: tuple[TokenType, ...]
    merges: tuple[str, ...]
    scores: tuple[float, ...]
    special: Mapping[str, int]
    begins: bool
    blank: bool

    def write(self, writer: GGUFWriter) -> None:
        """Write the vocabulary's metadata."""
        writer.add_tokenizer_model(self.model)
        writer.add_tokenizer_pre(self.split or "default")
        writer.add_token_list(list(self.tokens))
        writer.add_token_types(list(self.types))
        if self.merges:
            writer.add_token_merges(list(self.merges))
        if self.scores:
            writer.add_token_scores(list(self.scores))
        for name, add in (
            ("bos", writer.add_bos_token_id),
            ("eos", writer.add_eos_token_id),
            ("unk", writer.add_unk_token_id),
            ("pad", writer.add_pad_token_id),
        ):
            if name in self.special:
                add(self.special[name])
        writer.add_add_bos_token(self.begins)
        writer.add_add_space_prefix(self.blank)


def read(written: Mapping[str, Any], special: Mapping[str, int], size: int) -> Vocabulary:
    """Read the vocabulary of a tokenizer.

    Args:
        written: the content of ``tokenizer.json``.
        special: ids of special tokens by name.
        size: rows of the embeddings; there may be more of them than tokens.

    Raises:
        ModelError: it is none that llama.cpp has for the Llama family.
    """
    model = written["model"]
    if model.get("type") != "BPE" or model.get("dropout"):
        raise _foreign(f"its model is {model.get('type')!r}")
    tokens, types = _tokens(written, size)
    merges = tuple(_pair(merge) for merge in model["merges"])
    begins = _begins(written.get("post_processor"), special.get("bos"), tokens)
    if model.get("byte_fallback"):
        blank = _blank(written)
        return Vocabulary(
            "llama", "", tokens, types, (), _scores(tokens, merges), special, begins, blank
        )
    split = _split(written)
    joined = tuple(" ".join(merge) for merge in merges)
    return Vocabulary("gpt2", split, tokens, types, joined, (), special, begins, blank=False)


def _tokens(written: Mapping[str, Any], size: int) -> tuple[tuple[str, ...], tuple[TokenType, ...]]:
    """Return tokens and their types by id; rows of the embeddings without one are unused."""
    tokens = [f"[PAD{number}]" for number in range(size)]
    types = [TokenType.UNUSED] * size
    fallback = bool(written["model"].get("byte_fallback"))
    unknown = written["model"].get("unk_token")
    for text, number in written["model"]["vocab"].items():
        _check_row(number, size)
        tokens[number], types[number] = text, TokenType.NORMAL
        if fallback and len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
            types[number] = TokenType.BYTE
    for added in written["added_tokens"]:
        _check_row(added["id"], size)
        tokens[added["id"]] = added["content"]
        types[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    if unknown in tokens:
        types[tokens.index(unknown)] = TokenType.UNKNOWN
    return tuple(tokens), tuple(types)


def _check_row(number: int, size: int) -> None:
    if number >= size:
        raise _foreign(f"token {number} has no row in the embeddings, which have {size}")


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    first, second = merge.split(" ", 1) if isinstance(merge, str) else merge
    return first, second


def _scores(tokens: Sequence[str], merges: Sequence[tuple[str, str]]) -> tuple[float, ...]:
    """Score tokens by when they are merged first; llama.cpp merges the highest score first."""
    first: dict[str, int] = {}
    for place, pair in enumerate(merges):
        first.setdefault("".join(pair), place)
    return tuple(-float(first[token]) if token in first else _NEVER for token in tokens)


def _split(written: Mapping[str, Any]) -> str:
    """Name the way in which a text is split into words.

    Raises:
        ModelError: llama.cpp is not known to have it.
    """
    if written.get("normalizer"):
        raise _foreign("it rewrites texts before it splits them")
    there = written.get("pre_tokenizer") or {}
    steps = there.get("pretokenizers", [there])
    if any(step.get("add_prefix_space") for step in steps):
        raise _foreign("it puts a blank before every text")
    for name, wanted in SPLITS.items():
        if len(steps) == len(wanted) and all(map(_is, steps, wanted)):
            return name
    raise _foreign("its way to split texts is none of " + ", ".join(SPLITS))


def _is(step: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(step.get(name) == value for name, value in wanted.items())


def _blank(written: Mapping[str, Any]) -> bool:
    """Say whether a text is read as if a blank stood before it, as SentencePiece's models do.

    Raises:
        ModelError: texts are read in another way.
    """
    normal, split = written.get("normalizer") or {}, written.get("pre_tokenizer") or {}
    marks = {"type": "Metaspace", "replacement": _BLANK, "split": False}
    if not normal and _is(split, marks):
        return split.get("prepend_scheme") != "never"
    steps = normal.get("normalizers", [normal])
    replaced = {"type": "Replace", "pattern": {"String": " "}, "content": _BLANK}
    rest = [step for step in steps if not _is(step, replaced)]
    if split or len(rest) == len(steps):
        raise _foreign("its way to write blanks is not SentencePiece's")
    if rest and not (len(rest) == 1 and _is(rest[0], {"type": "Prepend", "prepend": _BLANK})):
        raise _foreign("it rewrites texts before it splits them")
    return bool(rest)


def _begins(after: Mapping[str, Any] | None, bos: int | None, tokens: Sequence[str]) -> bool:
    """Say whether the tokenizer puts ``bos`` before a text."""
    steps = (after or {}).get("processors", [after or {}])
    for step in steps:
        first = (step.get("single") or [{}])[0]
        named = (first.get("SpecialToken") or {}).get("id")
        if named is not None:
            return bos is not None and named == tokens[bos]
    return False


def _foreign(why: str) -> ModelError:
    return ModelError(
        f"The tokenizer of this model cannot be written as GGUF: {why}. Only BPE tokenizers of the "
        "Llama family can; serve the folder itself."
    )
