from __future__ import annotations

import json
from collections.abc import AsyncIterator

import anyio
import pytest

from hatelens.config.settings import ServerSettings
from hatelens.serving.answer import RefusalError
from hatelens.serving.question import JSON, PLAIN, Question, gather, kind, parse


def read(body: str | bytes, settings: ServerSettings, media: str = JSON) -> Question:
    return parse(body if isinstance(body, bytes) else body.encode(), media, settings)


def test_one_text_many_texts_and_plain_text_are_read(settings: ServerSettings) -> None:
    assert read('{"text": "a"}', settings) == Question(("a",), "one", explain=False)
    assert read('{"text": "a", "explain": true}', settings) == Question(("a",), "one", explain=True)
    assert read('{"texts": ["a", "b"]}', settings) == Question(("a", "b"), "many")
    assert read('{"text": "a"}', settings, PLAIN) == Question(('{"text": "a"}',), "plain")


def test_lone_surrogates_and_control_characters_are_texts(settings: ServerSettings) -> None:
    assert read(r'{"text": "\ud800\u0000"}', settings).texts == ("\ud800\0",)


def test_a_byte_order_mark_is_not_part_of_the_text(settings: ServerSettings) -> None:
    assert read(b"\xef\xbb\xbfhello", settings, PLAIN).texts == ("hello",)
    assert read(b'\xef\xbb\xbf{"text": "a"}', settings).texts == ("a",)


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        (b"", 400, "The body is empty"),
        (b"\xff\xfe", 400, "The body is not UTF-8: byte 0 is 0xff"),
        (b"\xef\xbb\xbf", 400, "The body is empty"),
        ("{", 400, "The body is not JSON: Expecting property name"),
        ('{"text": "a"} b', 400, "Extra data (line 1, column 15)"),
        ('{"text": NaN}', 400, "NaN is no JSON number"),
        ('{"text": -Infinity}', 400, "-Infinity is no JSON number"),
        ('{"text": ' + "9" * 5000 + "}", 400, "too many digits"),
        ("[" * 1_000, 400, "nested too deeply"),
        ('{"text": "a", "text": "b"}', 400, "names a field twice"),
        ("[]", 422, "The JSON is a list; it must be an object."),
        ("null", 422, "The JSON is null; it must be an object."),
        ("{}", 422, "neither text nor texts"),
        ('{"text": "a", "texts": ["b"]}', 422, "both text and texts"),
        ('{"txet": "a"}', 422, "No field named 'txet'; did you mean 'text'?"),
        (r'{"\ud800<b>": "a"}', 422, r"No field named '\\ud800<b>'"),
        ('{"text": 1}', 422, "text is a number; it must be a string."),
        ('{"text": null}', 422, "text is null; it must be a string."),
        ('{"text": ["a"]}', 422, "text is a list; it must be a string."),
        ('{"text": ""}', 422, "text is empty"),
        ('{"texts": "a"}', 422, "texts is a string; it must be a list."),
        ('{"texts": []}', 422, "texts is empty; send at least one text."),
        ('{"texts": ["a", {}]}', 422, "texts[1] is an object; it must be a string."),
        ('{"texts": ["a", ""]}', 422, "texts[1] is empty"),
        ('{"text": "a", "explain": 1}', 422, "explain is a number; it must be true or false."),
        ('{"texts": ["a","a","a","a","a","a"]}', 413, "texts holds 6 texts; at most 5"),
        ('{"texts": ["a","a","a"], "explain": true}', 413, "explain is asked for 3 texts"),
        ('{"text": "' + "a" * 201 + '"}', 413, "A text has 201 characters; at most 200"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_one_line(
    settings: ServerSettings, body: str | bytes, status: int, line: str
) -> None:
    with pytest.raises(RefusalError) as caught:
        read(body, settings)
    assert caught.value.status == status
    assert line in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_refusal_never_repeats_more_than_a_little_of_what_was_sent(
    settings: ServerSettings,
) -> None:
    with pytest.raises(RefusalError) as caught:
        read(json.dumps({"x" * 1000: 1}), settings)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("header", "media"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=UTF-8", JSON),
        ('text/plain;charset="utf-8"', PLAIN),
        ("text/plain; format=flowed", PLAIN),
    ],
)
def test_the_content_type_decides_how_a_body_is_read(header: str, media: str) -> None:
    assert kind(header) == media


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("", "Content-Type is ''; send application/json, or text/plain with the bare text."),
        ("application/x-www-form-urlencoded", "send application/json, or text/plain"),
        ("text/plain; charset=latin-1", "The charset is 'latin-1'; send UTF-8."),
        ("x" * 900, "..."),
    ],
)
def test_other_content_types_are_refused(header: str, line: str) -> None:
    with pytest.raises(RefusalError, match=r".") as caught:
        kind(header)
    assert caught.value.status == 415
    assert line in str(caught.value)
    assert len(str(caught.value)) < 200


async def _chunks(seen: list[int]) -> AsyncIterator[bytes]:
    for number in range(100):
        seen.append(number)
        yield b"x" * 10


def test_a_body_without_a_declared_length_is_read_only_up_to_the_limit() -> None:
    seen: list[int] = []
    with pytest.raises(RefusalError, match="larger than 35 bytes"):
        anyio.run(gather, _chunks(seen), None, 35)
    assert seen == [0, 1, 2, 3]


def test_a_body_that_declares_too_much_is_not_read_at_all() -> None:
    seen: list[int] = []
    with pytest.raises(RefusalError, match="larger than 35 bytes"):
        anyio.run(gather, _chunks(seen), "9" * 50, 35)
    assert seen == []


def test_a_body_within_the_limit_is_read_whole() -> None:
    assert anyio.run(gather, _chunks([]), "1000", 1000) == b"x" * 1000
