"""``POST /respond``: a reply that does not engage with hate, from a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.errors import require, unknown
from hatelens.models.conversation import ROLES, Chat, Message, checked
from hatelens.models.detector import Detector
from hatelens.models.guard import GuardedReply, guarded, unguarded
from hatelens.serving import question
from hatelens.serving.answer import Json, RefusalError
from hatelens.serving.question import JSON, TYPES
from hatelens.serving.record import ERROR, Shape
from hatelens.serving.strict_json import loads


class Said(Shape):
    """A message."""

    role: Literal["user", "assistant"] = Field(description="Who says it.")
    content: str = Field(description="What is said.")


class Conversation(Shape):
    """Messages in their order, the user first and last."""

    messages: list[Said] = Field(min_length=1)


class Answered(Shape):
    """What is replied."""

    reply: str
    type: Literal["stop", "counter-speech", "hate", "follow-up", "topic shift", "informative"] = (
        Field(description="What kind of answer it is.")
    )
    held_back: bool = Field(description="Whether the guard kept the model's own answer back.")


FIELDS = ("messages",)
PARTS = ("role", "content")
WANTED = 'Send {"messages": [{"role": "user", "content": "..."}]}.'
EXAMPLE = {"messages": [{"role": "user", "content": "Good morning! How are you?"}]}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The reply, its type, and whether the guard held the model's own back.",
        "model": Answered,
    },
    400: {"description": "Empty, not UTF-8 or not JSON.", "model": ERROR},
    413: {"description": "The body, a message or their number is too large.", "model": ERROR},
    415: {"description": "Not JSON.", "model": ERROR},
    422: {"description": "A field or a role is missing, unknown or wrong.", "model": ERROR},
    500: {"description": "The model failed.", "model": ERROR},
    503: {"description": "Too many conversations are waiting.", "model": ERROR},
}


class Speaker:
    """The chat model, which answers one conversation at a time.

    Args:
        answer: from messages to a guarded reply.
        waiting: how many conversations may wait for their turn.
    """

    def __init__(self, answer: Callable[[Sequence[Message]], GuardedReply], waiting: int) -> None:
        self._answer = answer
        self._turn = anyio.CapacityLimiter(1)
        # The limiter counts who waits only after a pause in which others may come.
        self._there = 0
        self._room = 1 + waiting

    async def respond(self, messages: Sequence[Message]) -> GuardedReply:
        """Answer a conversation.

        Raises:
            RefusalError: 503, too many others are waiting.
        """
        if self._there >= self._room:
            raise RefusalError(503, "Too many conversations are waiting; try again later.")
        self._there += 1
        try:
            work = partial(self._answer, messages)
            return await anyio.to_thread.run_sync(work, limiter=self._turn)
        finally:
            self._there -= 1


def is_on(settings: ServerSettings) -> bool:
    """Say whether a chat model is to be served."""
    return bool(settings.respond_base or settings.respond_adapter)


def opened(settings: ServerSettings) -> Chat:
    """Open the chat model that the settings name.

    Raises:
        ModelError: it is not at hand, or the adapter does not fit.
        MissingExtraError: its libraries are not installed.
    """
    require("transformers", "llm")
    from hatelens.models import responder

    return responder.opened(
        settings.respond_base,
        settings.respond_adapter,
        mode=settings.respond_mode,
        precision=settings.respond_precision,
        sampling=responder.Sampling(max_new_tokens=settings.max_reply_tokens),
    )


def router(chat: Chat, detector: Callable[[], Detector], settings: ServerSettings) -> APIRouter:
    """Return the route of the chat model.

    Args:
        chat: from messages to words.
        detector: says what guards it now, unless the settings say that nothing does.
        settings: the limits.
    """
    routes = APIRouter(tags=["respond"])

    def answer(messages: Sequence[Message]) -> GuardedReply:
        if not settings.respond_guard:
            return unguarded(chat)(messages)
        return guarded(chat, detector(), mode=settings.respond_mode)(messages)

    speaker = Speaker(answer, settings.max_waiting)
    body = {"schema": _schema(), "example": EXAMPLE}

    @routes.post(
        "/respond",
        summary="Reply without engaging with hate",
        response_class=Json,
        responses=ANSWERS,
        openapi_extra={"requestBody": {"required": True, "content": {JSON: body}}},
    )
    async def respond(request: Request) -> Response:
        """Answer a conversation whose last message is the user's. Nothing is stored or logged."""
        messages = await _read(request, settings)
        return Json((await speaker.respond(messages)).to_dict())

    return routes


def _schema() -> dict[str, Any]:
    """Return the schema of a conversation without references, which OpenAPI would not resolve."""
    schema = Conversation.model_json_schema()
    schema.pop("$defs")
    schema["properties"]["messages"]["items"] = Said.model_json_schema()
    return schema


async def _read(request: Request, settings: ServerSettings) -> list[Message]:
    media = question.kind(request.headers.get("content-type", ""))
    if media != JSON:
        raise RefusalError(415, f"A conversation must be {JSON}. {WANTED}")
    declared = request.headers.get("content-length")
    body = await question.gather(request.stream(), declared, settings.max_body_bytes)
    return await run_in_threadpool(parse, body, settings)


def parse(body: bytes, settings: ServerSettings) -> list[Message]:
    """Read the conversation that a body holds.

    Raises:
        RefusalError: 400 not UTF-8, not JSON or empty; 413 too many or too long messages; 422
            wrong fields.
        UserError: the sides do not make a conversation.
    """
    values = loads(body, WANTED)
    _check_keys("the JSON", values, FIELDS)
    messages = values["messages"]
    if type(messages) is not list:
        raise RefusalError(422, f"messages is {TYPES[type(messages)]}; it must be a list. {WANTED}")
    if len(messages) > settings.max_messages:
        raise RefusalError(
            413,
            f"messages holds {len(messages)} messages; at most {settings.max_messages} are "
            "allowed. Leave the oldest out.",
        )
    return checked([_message(n, each, settings) for n, each in enumerate(messages)])


def _message(number: int, values: Any, settings: ServerSettings) -> Message:
    name = f"messages[{number}]"
    _check_keys(name, values, PARTS)
    for part in PARTS:
        if type(values[part]) is not str:
            raise RefusalError(
                422, f"{name}.{part} is {TYPES[type(values[part])]}; it must be a string."
            )
    if values["role"] not in ROLES:
        short = ascii(values["role"])[1:-1][:40]
        raise RefusalError(422, f"{name}: {unknown('role', short, ROLES)}")
    length, most = len(values["content"]), settings.max_message_chars
    if length > most:
        raise RefusalError(
            413, f"{name} has {length} characters; at most {most} are allowed. Shorten it."
        )
    return Message(values["role"], values["content"])


def _check_keys(name: str, values: Any, keys: Sequence[str]) -> None:
    if type(values) is not dict:
        raise RefusalError(422, f"{name} is {TYPES[type(values)]}; it must be an object. {WANTED}")
    for key in values:
        if key not in keys:
            short = ascii(key)[1:-1][:40]
            raise RefusalError(422, f"{name}: {unknown('field', short, keys)}")
    for key in keys:
        if key not in values:
            raise RefusalError(422, f"{name} has no {key}. {WANTED}")
