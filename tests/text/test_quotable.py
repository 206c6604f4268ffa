"""Words of a text that can be quoted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hatelens.text.quotable import LONGEST, MOST, Quotable


def test_a_text_is_words_and_signs_with_single_spaces_between():
    text = Quotable("They're  lazy,\nlazy liars!")
    assert "".join(text.chunks) == "They're lazy, lazy liars!"
    assert text.words == ("They", "'", "re", "lazy", ",", "lazy", "liars", "!")


def test_a_quotation_is_found_wherever_its_words_stand_whole():
    text = Quotable("lazy or lazybones, lazy\tliars")
    assert [text.text[b:e] for b, e in text.places("lazy")] == ["lazy", "lazy"]
    assert [text.text[b:e] for b, e in text.places("lazy liars")] == ["lazy\tliars"]
    assert text.places("liar") == []
    assert text.places("") == []


def test_places_do_not_overlap():
    assert Quotable("ha ha ha").places("ha ha") == [(0, 5)]


def test_marked_words_become_quotations_that_are_not_too_long():
    text = Quotable("so " * 40 + "end")
    marked = [True] * 40 + [False]
    found = list(text.quotations(marked))
    assert " ".join(found).split() == ["so"] * 40
    assert all(len(one) <= LONGEST for one in found)
    assert list(Quotable("a b c").quotations([False, True, True])) == ["b c"]
    assert list(Quotable("a b c").quotations([True, False, True])) == ["a", "c"]


def test_only_so_many_words_can_be_quoted():
    assert len(Quotable("a " * 3 * MOST).pieces) == MOST


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=200), st.data())
def test_every_run_of_words_is_found_again(written, data):
    text = Quotable(written)
    if not text.pieces:
        assert text.chunks == ()
        return
    first = data.draw(st.integers(0, len(text.pieces) - 1))
    last = data.draw(st.integers(first, len(text.pieces) - 1))
    marked = [first <= place <= last for place in range(len(text.pieces))]
    for quotation in text.quotations(marked):
        places = text.places(quotation)
        assert places
        assert all(0 <= begin < end <= len(written) for begin, end in places)
    "".join(text.chunks).encode("utf-8")
