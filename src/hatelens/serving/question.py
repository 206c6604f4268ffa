"""From the bytes of a request to the texts that it asks about, or one line that says what is wrong.

JSON is read by the standard library and checked by hand: pydantic refuses lone surrogates, which
real posts hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from typing import Any

from hatelens.config.settings import ServerSettings
from hatelens.errors import unknown
from hatelens.serving import strict_json
from hatelens.serving.answer import RefusalError, shown

JSON, PLAIN = "application/json", "text/plain"
FIELDS = ("text", "texts", "explain")
WANTED = 'Send {"text": "..."} or {"texts": ["...", "..."]}.'
TYPES = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


@dataclass(frozen=True)
class Question:
    """What a request asks.

    Attributes:
        texts: the texts, none of them empty.
        form: ``one`` text or ``many`` as JSON, or one as ``plain`` text.
        explain: whether the words that carried the score are wanted.
    """

    texts: tuple[str, ...]
    form: str = "one"
    explain: bool = False


async def gather(chunks: AsyncIterable[bytes], declared: str | None, limit: int) -> bytes:
    """Read a body and stop as soon as it is too large.

    Args:
        chunks: the body as it arrives.
        declared: the Content-Length header; None where there is none, as with chunked bodies.
        limit: the most bytes that are allowed.

    Raises:
        RefusalError: 413, the body is too large.
    """
    too_large = RefusalError(
        413, f"The body is larger than {limit} bytes; send fewer or shorter texts."
    )
    if declared is not None and declared.isdecimal() and int(declared[:20]) > limit:
        raise too_large
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def kind(content_type: str) -> str:
    """Return the media type of a request.

    Raises:
        RefusalError: 415, it is neither JSON nor plain text, or its charset is not UTF-8.
    """
    media, _, parameters = content_type.lower().partition(";")
    media = media.strip()
    if media not in (JSON, PLAIN):
        raise RefusalError(
            415,
            f"Content-Type is {shown(content_type)}; send {JSON}, or {PLAIN} with the bare text.",
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "charset" and value.strip(" \"'") not in ("utf-8", "utf8", "us-ascii"):
            raise RefusalError(415, f"The charset is {shown(value)}; send UTF-8.")
    return media


def parse(body: bytes, media: str, settings: ServerSettings) -> Question:
    """Read the question that a body holds.

    Raises:
        RefusalError: 400 not UTF-8, not JSON or empty; 413 too many or too long texts; 422
            wrong fields.
    """
    question = (
        Question((strict_json.decoded(body, "Send the text in it."),), "plain")
        if media == PLAIN
        else _fields(strict_json.loads(body, WANTED))
    )
    _check_size(question, settings)
    return question


def _fields(values: Any) -> Question:
    """Check the fields of a JSON body."""
    if not isinstance(values, dict):
        raise RefusalError(
            422, f"The JSON is {TYPES[type(values)]}; it must be an object. {WANTED}"
        )
    for name in values:
        if name not in FIELDS:
            raise RefusalError(422, _misspelt(name))
    if ("text" in values) == ("texts" in values):
        found = "both text and texts" if "text" in values else "neither text nor texts"
        raise RefusalError(422, f"The JSON holds {found}; one of them is needed. {WANTED}")
    explain = _typed("explain", values.get("explain", False), bool)
    if "text" in values:
        return Question((_text("text", values["text"]),), "one", explain)
    return Question(_texts(_typed("texts", values["texts"], list)), "many", explain)


def _misspelt(name: str) -> str:
    short = ascii(name)[1:-1][:40]
    return unknown("field", short, FIELDS, do="Send only those.")


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    if not values:
        raise RefusalError(422, "texts is empty; send at least one text.")
    return tuple(_text(f"texts[{place}]", value) for place, value in enumerate(values))


def _text(name: str, value: Any) -> str:
    text: str = _typed(name, value, str)
    if not text:
        raise RefusalError(422, f"{name} is empty; send at least one character.")
    return text


def _typed(name: str, value: Any, wanted: type) -> Any:
    if type(value) is not wanted:
        raise RefusalError(422, f"{name} is {TYPES[type(value)]}; it must be {TYPES[wanted]}.")
    return value


def _check_size(question: Question, settings: ServerSettings) -> None:
    """Refuse more texts, or longer ones, than the settings allow."""
    count = len(question.texts)
    if count > settings.max_texts:
        raise RefusalError(
            413, f"texts holds {count} texts; at most {settings.max_texts} are allowed. Send parts."
        )
    if question.explain and count > settings.max_explained:
        most = settings.max_explained
        raise RefusalError(
            413, f"explain is asked for {count} texts; at most {most} are allowed. Send parts."
        )
    longest = max(map(len, question.texts))
    if longest > settings.max_text_chars:
        most = settings.max_text_chars
        raise RefusalError(
            413, f"A text has {longest} characters; at most {most} are allowed. Send it in parts."
        )
