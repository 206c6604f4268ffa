"""The OpenAI-compatible interface: what a model server is asked, and how its answers are read."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hatelens.errors import ModelError, unknown
from hatelens.models.server_client import RefusedError, ServerClient

TOP = 20
"""Tokens that are asked for at each place: the most that Ollama and vLLM give by default."""
_LONGEST_ANSWER = 64
_PLAIN = "root ::= [ -~]+"
_ID = "token_id:"
"""How vLLM writes a token by its id."""
_CHANGING = ("created", "permission", "n_ctx", "modified_at")
"""What servers say of a model that has nothing to do with its scores."""


class NoLogprobsError(ModelError):
    """A server answers, but without the probabilities of tokens."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that may come next.

    Attributes:
        text: as it is written.
        logprob: natural logarithm of its probability.
        id: its number; None where the server does not say.
    """

    text: str
    logprob: float
    id: int | None = None


@dataclass(frozen=True)
class Asked:
    """A prompt in the form that a server takes.

    Attributes:
        path: of the interface.
        body: what holds the prompt.
        written: whether an answer has been begun in it.
    """

    path: str
    body: Mapping[str, Any]
    written: bool = False


def chat(question: str, written: str = "") -> Asked:
    """Ask as the user of a chat, the answer begun with ``written``."""
    messages = [{"role": "user", "content": question}]
    if not written:
        return Asked("v1/chat/completions", {"messages": messages})
    messages.append({"role": "assistant", "content": written})
    # vLLM and llama.cpp go on with an answer on these; Ollama does so by itself.
    going_on = {"continue_final_message": True, "add_generation_prompt": False}
    return Asked("v1/chat/completions", {"messages": messages} | going_on, written=True)


def completion(prompt: str | Sequence[int]) -> Asked:
    """Ask for what follows a prompt, written out or as the ids of its tokens."""
    return Asked("v1/completions", {"prompt": prompt if isinstance(prompt, str) else [*prompt]})


class Api:
    """A model behind a server.

    Args:
        client: of the server.
        model: its name there.
        top: how many tokens to ask for at each place.
    """

    def __init__(self, client: ServerClient, model: str, top: int = TOP) -> None:
        self.client = client
        self.model = model
        self.top = top

    def next_tokens(self, asked: Asked) -> tuple[Token, ...]:
        """Return the most probable next tokens, at most ``top``.

        Raises:
            NoLogprobsError: the server does not say them.
            ModelError: it does not answer, or not in OpenAI's shape.
        """
        in_chat = "messages" in asked.body
        wanted: dict[str, Any] = {"logprobs": self.top}
        if in_chat:
            wanted = {"logprobs": True, "top_logprobs": self.top}
        if isinstance(asked.body.get("prompt"), list):
            wanted["return_tokens_as_token_ids"] = True  # vLLM; llama.cpp gives ids anyway
        wanted |= {"max_tokens": 1, "temperature": 0}
        said = self._choice(asked, wanted).get("logprobs")
        if not said:
            # llama.cpp says nothing of a token that ends inside a character: hold it to plain ones.
            # That changes which token is taken, not the probabilities that it lists.
            said = self._choice(asked, wanted | {"grammar": _PLAIN}).get("logprobs")
        return self._tokens(said)

    def said(self, asked: Asked, words: Sequence[str], temperature: float, seed: int) -> str:
        """Return an answer, held to one of the words where the server can.

        Returns:
            What the server says, not yet checked; in a chat JSON with ``label``.
        """
        wanted = {"max_tokens": _LONGEST_ANSWER, "temperature": temperature, "seed": seed}
        choice = self._choice(asked, wanted | _held("messages" in asked.body, words))
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else choice.get("text")
        return text if isinstance(text, str) else ""

    def digest(self) -> str:
        """Return what the server reports of the model, as one hash; Ollama has one of its own.

        Raises:
            ModelError: the server has no such model, or does not answer.
        """
        listed = self._listed()
        entry = next((each for each in listed if self.model in _names(each)), None)
        if entry is None:
            there = [str(each.get("id")) for each in listed]
            line = unknown("model on the server", self.model, there)
            raise ModelError(f"{line} The server is {self.client.url}.")
        return self._ollama() or _hashed(entry, self._template())

    def names(self) -> tuple[str, ...]:
        """Return the names of the models that the server has."""
        return tuple(str(each.get("id")) for each in self._listed())

    def _choice(self, asked: Asked, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        body = {"model": self.model, "stream": False} | dict(asked.body) | dict(wanted)
        answer = self.client.post(asked.path, body)
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise self._shapeless("choices")
        return choices[0]

    def _tokens(self, logprobs: Any) -> tuple[Token, ...]:
        if not logprobs:
            raise NoLogprobsError(
                f"The model server {self.client.url} gives no probabilities of tokens; use "
                "--decode generate."
            )
        try:
            found = tuple(_alternatives(logprobs))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._shapeless("choices[0].logprobs") from None
        if not found:
            raise self._shapeless("choices[0].logprobs")
        return found

    def _shapeless(self, where: str) -> ModelError:
        return ModelError(
            f"The model server {self.client.url} does not answer in OpenAI's shape ({where}); "
            "check its address and version."
        )

    def _listed(self) -> list[Mapping[str, Any]]:
        answer = self.client.get("v1/models")
        listed = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self._shapeless("data of v1/models")
        return listed

    def _ollama(self) -> str:
        """Return the digest that Ollama reports; empty of another server."""
        tags = self._perhaps("api/tags").get("models")
        for each in tags if isinstance(tags, list) else ():
            if isinstance(each, dict) and self.model in (each.get("name"), each.get("model")):
                return str(each.get("digest") or "")
        return ""

    def _template(self) -> str:
        """Return the chat template that llama.cpp reports; empty of another server."""
        return str(self._perhaps("props").get("chat_template") or "")

    def _perhaps(self, path: str) -> Mapping[str, Any]:
        try:
            found = self.client.get(path)
        except RefusedError:
            return {}
        return found if isinstance(found, dict) else {}


def _held(in_chat: bool, words: Sequence[str]) -> dict[str, Any]:
    """Hold an answer to words: each server knows one of these and passes over the others."""
    if not in_chat:
        rule = "root ::= " + " | ".join(json.dumps(word) for word in words)
        return {"grammar": rule, "structured_outputs": {"choice": list(words)}}
    schema = {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": list(words)}},
        "required": ["label"],
        "additionalProperties": False,
    }
    named = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _alternatives(logprobs: Any) -> list[Token]:
    """Read the next tokens in the shape of chats, or of completions of old."""
    if logprobs.get("content"):
        found = [
            _token(each["token"], each["logprob"], each.get("id"), each.get("bytes"))
            for each in logprobs["content"][0]["top_logprobs"]
        ]
    else:
        found = [_token(text, value) for text, value in logprobs["top_logprobs"][0].items()]
    return [token for token in found if token.logprob > -math.inf]


def _token(text: str, logprob: float, number: int | None = None, written: Any = None) -> Token:
    if math.isnan(logprob) or logprob > 1e-3:
        raise ValueError
    if text.startswith(_ID):
        return Token("", float(logprob), int(text.removeprefix(_ID)))
    if written:  # what a token writes, where its text shows something else
        text = bytes(written).decode("utf-8", "replace")
    return Token(text, float(logprob), number)


def _names(entry: Mapping[str, Any]) -> list[Any]:
    aliases = entry.get("aliases")
    return [entry.get("id"), *(aliases if isinstance(aliases, list) else ())]


def _hashed(entry: Mapping[str, Any], template: str) -> str:
    kept = {name: value for name, value in entry.items() if name not in _CHANGING}
    meta = kept.get("meta")
    if isinstance(meta, dict):
        kept["meta"] = {name: value for name, value in meta.items() if name not in _CHANGING}
    text = json.dumps([kept, template], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
