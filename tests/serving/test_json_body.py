"""The JSON body of a request: an object with known fields of the right types, or one line."""

from __future__ import annotations

from typing import Any

import pytest

from hatelens.serving import json_body
from hatelens.serving.answer import RefusalError


def test_an_unknown_field_is_named_with_the_one_that_was_meant() -> None:
    json_body.check_names({"input": 1}, ("input", "model"))
    with pytest.raises(RefusalError, match="did you mean 'input'") as caught:
        json_body.check_names({"inputt": 1}, ("input", "model"))
    assert caught.value.status == 400


@pytest.mark.parametrize("name", ["\ud800", "\x00\n", "<b>", "x" * 10_000])
def test_a_strangers_name_is_shown_short_and_escaped(name: str) -> None:
    with pytest.raises(RefusalError) as caught:
        json_body.check_names({name: 1}, ("input",))
    line = str(caught.value)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 120


@pytest.mark.parametrize(
    ("value", "wanted", "line"),
    [
        (None, str, "a is null; it must be a string."),
        (True, int, "a is true or false; it must be a number."),
        ({}, list, "a is an object; it must be a list."),
    ],
)
def test_a_value_of_another_type_is_refused(value: Any, wanted: type, line: str) -> None:
    with pytest.raises(RefusalError) as caught:
        json_body.typed("a", value, wanted)
    assert str(caught.value) == line


def test_a_text_has_a_length() -> None:
    assert json_body.text("a", "\ud800", 1) == "\ud800"
    for value, status in (("", 400), ("xx", 413), (["x"], 400)):
        with pytest.raises(RefusalError) as caught:
            json_body.text("a", value, 1)
        assert caught.value.status == status


@pytest.mark.parametrize(("value", "found"), [(0, 0), (7, 7), (2.0, 2)])
def test_a_whole_number_is_one_however_it_is_written(value: Any, found: int) -> None:
    assert json_body.integer("a", value) == found
    assert type(json_body.integer("a", value)) is int


@pytest.mark.parametrize(
    ("value", "what"),
    [(0.5, "'0.5'"), (float("inf"), "'inf'"), (True, "true or false"), ("1", "a string")],
)
def test_what_is_no_whole_number_is_refused(value: Any, what: str) -> None:
    with pytest.raises(RefusalError) as caught:
        json_body.integer("a", value)
    assert str(caught.value) == f"a is {what}; it must be a whole number."
