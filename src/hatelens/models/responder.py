"""A chat model that does not engage with hate: a base, an adapter and what it is told first.

Whether a reply really does not engage is not promised here but measured (``evaluation/replies``);
``models/guard`` holds back what must not be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import torch
from transformers import GenerationConfig, LogitsProcessorList

from hatelens.errors import ModelError, UserError
from hatelens.models import adapter_folder, causal
from hatelens.models.base import BaseModel
from hatelens.models.chat_tokens import ChatTokens
from hatelens.models.conversation import Message, Reply, checked
from hatelens.models.manifest import Manifest
from hatelens.models.opening import Opening, Otherwise, Tokens, probabilities
from hatelens.models.reply_type import reply_type

MODES = ("stop", "counter")
"""What is done with hate: it is not answered, or spoken against."""
Mode = Literal["stop", "counter"]
LONGEST = 2048
"""Tokens of a conversation with its answer at most, where the model could read more."""
_SHORTEST = 64
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 10),
    "top_p": (0.01, 1),
    "max_new_tokens": (1, 1024),
    "seed": (0, 999_999_999),
}


@dataclass(frozen=True)
class Sampling:
    """How a reply is drawn.

    Attributes:
        temperature: how freely words are drawn; 0 takes the likeliest one, the same every time.
        top_p: words are drawn from the likeliest ones that together have this probability.
        max_new_tokens: tokens of a reply at most.
        seed: of what is drawn.

    Raises:
        UserError: a value is out of range.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"{name} must be from {low:g} to {high:g}; found {value}.")


def instruction(mode: str) -> str:
    """Return what a responder is told first, in our own words (``prompts/MODE.txt``).

    Raises:
        ModelError: there is no such mode.
    """
    if mode not in MODES:
        raise ModelError(f"No mode named {mode!r}; there are {' and '.join(MODES)}.")
    file = resources.files("hatelens") / "prompts" / f"{mode}.txt"
    return " ".join(file.read_text(encoding="utf-8").split())


class Responder:
    """Answers conversations; calling it gives the words alone, so that it is a ``Chat``.

    Args:
        model: a causal language model, with or without an adapter.
        tokens: its tokenizer and chat template.
        system: what it is told first; empty to tell it nothing.
        sampling: how replies are drawn.
        opening: the first words of an answer that does not engage, and when they are said; None to
            leave that to the likeliest word.

    Raises:
        ModelError: the model reads too little for a conversation.
    """

    def __init__(
        self,
        model: Any,
        tokens: ChatTokens,
        system: str,
        sampling: Sampling | None = None,
        opening: Opening | None = None,
    ) -> None:
        self.model = model.eval()
        self.opening = opening
        self.tokens = tokens
        self.system = system
        self.sampling = sampling or Sampling()
        reads = getattr(model.config, "max_position_embeddings", None) or LONGEST
        self._room = min(int(reads), LONGEST) - self.sampling.max_new_tokens
        if self._room < _SHORTEST:
            raise ModelError(
                f"The model reads {reads} tokens and {self.sampling.max_new_tokens} are kept for "
                f"its reply, which leaves less than {_SHORTEST} for the conversation; lower "
                "max_new_tokens."
            )
        self._settings = _generation(model, tokens, self.sampling)

    def __call__(self, messages: Sequence[Message]) -> str:
        """Return the words of a reply."""
        return self.respond(messages).text

    def respond(self, messages: Sequence[Message]) -> Reply:
        """Answer a conversation.

        Args:
            messages: sides in their order, the user first and last. Where they do not fit, the
                oldest are forgotten.

        Raises:
            UserError: the conversation is not one.
        """
        return self.replies([messages])[0]

    def replies(
        self, conversations: Sequence[Sequence[Message]], *, batch: int = 16
    ) -> list[Reply]:
        """Answer conversations, in order, one reply each.

        Args:
            conversations: see ``respond``.
            batch: conversations at once; those of like length stand together.
        """
        asked = [checked(messages) for messages in conversations]
        encoded = [self.tokens.encode(one, self._room, system=self.system) for one in asked]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        texts = [""] * len(encoded)
        for begin in range(0, len(order), batch):
            chosen = order[begin : begin + batch]
            for i, text in zip(chosen, self._texts([encoded[i] for i in chosen]), strict=True):
                texts[i] = text
        said = [one[-1].content for one in asked]
        return [Reply(text, reply_type(text, post)) for text, post in zip(texts, said, strict=True)]

    @torch.inference_mode()
    def _texts(self, asked: Sequence[Tokens]) -> list[str]:
        begun = self._begun(asked)
        rows = [(*row, *begin) for row, begin in zip(asked, begun, strict=True)]
        width = max(map(len, rows))
        device = self.model.device
        ids = torch.tensor([[self.tokens.pad] * (width - len(row)) + [*row] for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        rules = LogitsProcessorList()
        if self.opening:
            others = torch.tensor([not begin for begin in begun])
            rules.append(Otherwise(self.opening.tokens, width, others))
        with _seeded(self.sampling.seed):
            made = self.model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                generation_config=self._settings,
                logits_processor=rules,
            )
        said = zip(begun, made[:, width:].tolist(), strict=True)
        return [self._text([*begin, *row]) for begin, row in said]

    def _begun(self, asked: Sequence[Tokens]) -> list[Tokens]:
        """Return the tokens that each answer is made to begin with; none where it may choose."""
        if self.opening is None:
            return [()] * len(asked)
        words, threshold = self.opening.tokens, self.opening.threshold
        found = probabilities(self.model, asked, words, self.tokens.pad)
        return [words if one >= threshold else () for one in found]

    def _text(self, ids: Sequence[int]) -> str:
        """Return the words up to the end of the turn, or of the last sentence without one."""
        end = next((i for i, token in enumerate(ids) if token in self.tokens.stops), None)
        text = self.tokens.decode(ids[:end])
        return text if end is not None else _whole_sentences(text)


def opened(
    base: str = "",
    adapter: str = "",
    *,
    mode: str = "stop",
    precision: str = "",
    sampling: Sampling | None = None,
) -> Responder:
    """Open a base chat model, with or without an adapter, as a responder.

    Args:
        base: a name such as ``smollm2``, a folder, or ``owner/name@REVISION``; empty for the one
            that the adapter was trained on.
        adapter: a folder that hatelens or PEFT wrote, or ``owner/name@REVISION``; empty for none.
        mode: ``stop`` or ``counter``.
        precision: of ``causal.PRECISIONS``; empty for the one that the adapter was trained in,
            fp32 without one.
        sampling: how replies are drawn.

    Raises:
        ModelError: base or adapter is not at hand, they do not fit, or the base is no chat model.
    """
    system = instruction(mode)
    opening: Opening | None = None
    folder = adapter_folder.find(adapter) if adapter else None
    manifest = adapter_folder.manifest_of(folder) if folder else None
    if manifest is not None:
        system = _told(manifest, mode, str(folder)) or system
        opening = _opening(manifest, mode)
    found: BaseModel = adapter_folder.base_of(folder, base)
    tokens = ChatTokens(adapter_folder.tokenizer_of(folder, found.folder))
    model: Any = causal.open_base(found, precision or _precision(manifest))
    if folder is not None:
        model = causal.with_adapter(model, folder)
    return Responder(model, tokens, system, sampling, opening)


def _precision(manifest: Manifest | None) -> str:
    """Return what the base of an adapter of ours was held in; fp32 of another one."""
    return str(manifest.architecture.get("precision", "fp32")) if manifest else "fp32"


def _told(manifest: Manifest, mode: str, place: str) -> str:
    """Return what an adapter of ours was told first while it was trained; empty if nothing."""
    told: Mapping[str, str] = manifest.architecture.get("told", {})
    if told and mode not in told:
        raise ModelError(f"{place} has not learned the mode {mode!r}; it knows {', '.join(told)}.")
    return told.get(mode, "")


def _opening(manifest: Manifest, mode: str) -> Opening | None:
    """Return how an adapter of ours was found to begin best; None where that was not looked for."""
    held: Mapping[str, Any] = manifest.architecture.get("opening", {})
    return Opening.from_dict(held[mode]) if mode in held else None


def _generation(model: Any, tokens: ChatTokens, sampling: Sampling) -> GenerationConfig:
    """Return what generation is to do; the model's own wishes but its end tokens are dropped."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    named = getattr(inner.generation_config, "eos_token_id", None)
    ends = {*tokens.stops, *([named] if isinstance(named, int) else named or ())}
    inner.generation_config = GenerationConfig()
    drawn = sampling.temperature > 0
    how = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return GenerationConfig(
        max_new_tokens=sampling.max_new_tokens,
        do_sample=drawn,
        eos_token_id=sorted(ends),
        pad_token_id=tokens.pad,
        **(how if drawn else {}),
    )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw from a seed, and leave the state of everybody else as it was."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def _whole_sentences(text: str) -> str:
    """Cut a text that broke off behind its last whole sentence, where it has one."""
    end = max(text.rfind(mark) for mark in (". ", "! ", "? ", ".\n", "!\n", "?\n", '." '))
    if text.endswith((".", "!", "?", '."')) or end < 0:
        return text
    return text[: end + 1].rstrip()
