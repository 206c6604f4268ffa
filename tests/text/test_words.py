"""The list of English words, kept as hashes."""

from __future__ import annotations

import zlib
from array import array
from pathlib import Path

import pytest

from hatelens import text
from hatelens.text.words import is_word, word_ends


@pytest.mark.parametrize("word", ["hate", "stupid", "idiot", "idiots", "of", "people"])
def test_english_words_are_known(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("letters", ["", "a", "xq", "hini", "askin", "usa", "iii", "h" * 31])
def test_other_letters_are_not(letters: str) -> None:
    assert not is_word(letters)


def test_the_words_that_begin_at_a_place_are_found() -> None:
    ends = list(word_ends(b"xhates", 1, 12))

    assert [b"xhates"[1:end] for end in ends] == [b"hat", b"hate", b"hates"]


def test_the_table_is_sorted_and_without_repeats() -> None:
    hashes = array("I")
    hashes.frombytes(Path(text.__file__).with_name("words.bin").read_bytes())

    assert list(hashes) == sorted(set(hashes))
    assert zlib.crc32(b"stupid") in hashes
