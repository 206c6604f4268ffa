from __future__ import annotations

import pytest

from hatelens.models.detector import Span
from hatelens.serving.card import Piece, age, pieces
from hatelens.storage import clock


def test_a_text_is_cut_where_its_marks_begin_and_end() -> None:
    spans = [Span(10, 16, 0.8), Span(0, 4, 0.2)]
    assert pieces("What such a film 𐐷", spans) == (
        Piece("What", 2), Piece(" such "), Piece("a film", 5), Piece(" 𐐷"),
    )  # fmt: skip


@pytest.mark.parametrize("spans", [[], [Span(0, 0, 1.0)], [Span(0, 3, 0.0)], [Span(0, 3, -0.5)]])
def test_what_marks_nothing_leaves_the_text_whole(spans: list[Span]) -> None:
    assert pieces("film", spans) == (Piece("film"),)


def test_of_marks_that_overlap_the_first_one_stays() -> None:
    found = pieces("abcdef", [Span(0, 4, 0.5), Span(2, 6, 1.0)])
    assert found == (Piece("abcd", 3), Piece("ef"))


def test_what_a_page_cannot_hold_is_shown_as_a_picture_of_the_same_length() -> None:
    (piece,) = pieces("a\x00b\ud800c\x1b\x7f\n", [])
    assert piece.text == "a␀b\ufffdc␛␡\n"


@pytest.mark.parametrize(
    ("seconds", "line"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"),
     (86_400 * 40, "40 days ago")],
)  # fmt: skip
def test_an_age_is_said_in_the_largest_unit_that_fits(seconds: int, line: str) -> None:
    assert age(seconds * clock.SECOND) == line
