"""One spelling for every value."""

from __future__ import annotations

import hashlib
import math

import pytest

from hatelens.storage import canonical


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("plain", "plain"),
        ("żółw 🐢 \\x00", "żółw 🐢 \\x00"),
        ("a\x00b", r"a\x00b"),
        ("\ud83d", r"\ud83d"),
        ("one\r\ntwo\t\x7f\x9b", r"one\r\ntwo\t\x7f\x9b"),
    ],
)
def test_a_text_keeps_everything_but_what_a_database_or_a_line_cannot_hold(given, stored):
    assert canonical.text(given) == stored
    assert canonical.text(stored) == stored
    assert stored.encode("utf-8")


def test_a_number_is_plain_and_finite_and_zero_has_no_sign():
    assert math.copysign(1, canonical.number(-0.0)) == 1
    assert type(canonical.number(1)) is float
    with pytest.raises(ValueError, match="not finite"):
        canonical.numbers({"kind": math.nan})


def test_the_order_of_names_does_not_change_the_digest_but_any_value_does():
    digest = canonical.digest({"b": 0.1, "a": "ü"})
    assert digest == canonical.digest({"a": "ü", "b": 0.1})
    assert digest == hashlib.sha256(b'{"a":"\\u00fc","b":0.1}').hexdigest()
    assert digest != canonical.digest({"a": "u", "b": 0.1})
    assert digest != canonical.digest({"a": "ü", "b": 0.10000000000000002})


def test_even_what_was_never_written_has_a_digest():
    assert canonical.digest({"a": b"\xff", "b": math.nan})
