"""Where sentences begin and end."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from hatelens.text.sentences import sentences
from tests.hostile import strings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What a stupid film!", ["What a stupid film!"]),
        ("Who is it? I like tea.", ["Who is it?", "I like tea."]),
        ('  "Really?!" she said... \n\nYes', ['"Really?!"', "she said...", "Yes"]),
        ("Pi is 3.14. See hatelens.example/a.b?c", ["Pi is 3.14.", "See hatelens.example/a.b?c"]),
        ("one\r\ntwo\nthree", ["one", "two", "three"]),
        ("今天很好。是\uff1f是", ["今天很好。", "是\uff1f", "是"]),
        ("...", ["..."]),
        ("\U0001f600! ok", ["\U0001f600!", "ok"]),
    ],
)  # fmt: skip
def test_a_text_is_cut_after_its_marks(text: str, expected: list[str]) -> None:
    assert [text[begin:end] for begin, end in sentences(text)] == expected


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_a_text_without_words_is_one_sentence(text: str) -> None:
    assert sentences(text) == [(0, len(text))]


def test_ranges_are_in_order_and_hold_all_that_is_not_space() -> None:
    for text in strings(300, longest=20_000):
        found = sentences(text)
        assert found == sorted(found)
        assert all(begin < end for begin, end in found) or not text.strip()
        assert all(one[1] <= other[0] for one, other in pairwise(found))
        kept = "".join(text[begin:end] for begin, end in found)
        assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    "text", ["." * 1_000_000, ".)" * 500_000, "a. " * 300_000, "?\n" * 300_000]
)
def test_a_megabyte_of_marks_takes_no_time(text: str) -> None:
    begin = time.process_time()
    sentences(text)
    assert time.process_time() - begin < 2
