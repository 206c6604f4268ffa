"""Windows over long texts."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hatelens.models.windows import by_characters, by_tokens


def test_what_fits_is_one_window():
    assert by_characters(5, 5, 2) == [(0, 5)]
    assert by_tokens([(0, 2), (3, 5)], 9, 4, 1) == [(0, 9)]


def test_windows_overlap_and_end_with_the_text():
    assert by_characters(10, 4, 1) == [(0, 4), (3, 7), (6, 10)]


def test_token_windows_cut_at_tokens_and_leave_no_character_out():
    offsets = [(1, 3), (4, 6), (7, 9), (10, 12)]
    assert by_tokens(offsets, 15, 2, 1) == [(0, 6), (4, 9), (7, 15)]


@given(st.integers(0, 500), st.integers(2, 60), st.data())
def test_windows_cover_everything_and_fit(length, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    windows = by_characters(length, size, overlap)
    assert windows[0][0] == 0
    assert windows[-1][1] == length
    assert all(end - begin <= size for begin, end in windows)
    for (_, end), (begin, _) in itertools.pairwise(windows):
        assert begin <= end
        assert end - begin >= min(overlap, end)
