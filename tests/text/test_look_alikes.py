"""The table of letters that look like Latin ones."""

from __future__ import annotations

import unicodedata

from hatelens.text.look_alikes import _table, look_alikes


def test_every_look_alike_stands_for_one_latin_letter() -> None:
    table = _table()

    assert len(table) > 250
    assert all(len(look) == 1 and not look.isascii() for look in table)
    assert all(len(letter) == 1 and letter.isascii() for letter in table.values())


def test_every_look_alike_survives_unicode_normalisation() -> None:
    assert all(unicodedata.normalize("NFKC", look) == look for look in _table())


def test_words_of_one_foreign_alphabet_stay_where_the_alphabet_is_really_used() -> None:
    scope, privet = "\u0455\u0441\u043e\u0440\u0435", "\u043f\u0440\u0438\u0432\u0435\u0442"

    assert [edit.text for edit in look_alikes(f"no {scope} here")] == ["scope"]
    assert list(look_alikes(f"no {scope} here, {privet}")) == []
    assert list(look_alikes(scope)) == []


def test_a_mixed_word_with_a_letter_that_looks_like_no_latin_one_stays() -> None:
    assert list(look_alikes("\u0436oke and \u0430bout\u0436")) == []
