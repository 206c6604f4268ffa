from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatelens.evaluation.caption import LONGEST, caption


def test_a_plain_name_stays_as_it_is():
    assert caption("not hateful") == "not hateful"


def test_line_breaks_controls_and_lone_surrogates_become_spaces():
    assert caption("a\r\nb\x00\u202ec\ud800d") == "a b c d"


def test_a_name_of_nothing_is_said_to_be_empty():
    assert caption(" \u200b\n") == "(empty)"


@given(st.text(st.characters(codec=None), max_size=500))
def test_any_name_comes_out_short_encodable_and_on_one_line(name):
    shown = caption(name)

    assert 1 <= len(shown) <= LONGEST
    assert len(shown.encode("utf-8").decode("utf-8").splitlines()) == 1
