from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatelens.data import duplicates
from hatelens.data.duplicates import Forest, clusters, jaccard, key, near, pairs, shingles, sketch
from tests.data.conftest import sentence


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Hello, World!", "hello world"),
        ("RT @someone: look https://example.org/x", "rt: LOOK"),
        ("tea &amp; cake", "tea & cake"),
        ("one[linebreak]two", "one\ntwo"),
        ("<user> hi", "@other hi"),
        ("ﬁne", "fine"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_texts_that_say_the_same_have_one_key(left: str, right: str) -> None:
    assert key(left) == key(right)


def test_emoji_are_part_of_what_a_text_says() -> None:
    assert key("I love \U0001f33b") != key("I love \U0001f335")


def test_a_text_of_nothing_but_punctuation_keeps_it() -> None:
    assert key("?!") == "?!"
    assert key("...") != key("!!!")


@given(st.text())
def test_any_text_has_a_key_and_shingles(text: str) -> None:
    hashes = shingles(key(text))

    assert len(hashes) > 0
    assert key(key(text)) == key(text) or not key(text).isascii()
    assert jaccard(hashes, hashes) == 1.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_hashed_shingles_have_the_similarity_of_the_strings(left: str, right: str) -> None:
    def plain(text: str) -> set[str]:
        padded = key(text).ljust(4)
        return {padded[at : at + 4] for at in range(len(padded) - 3)}

    expected = len(plain(left) & plain(right)) / len(plain(left) | plain(right))

    assert jaccard(shingles(key(left)), shingles(key(right))) == pytest.approx(expected)


def test_a_signature_is_the_same_on_every_machine() -> None:
    signature = duplicates.signature(shingles("the same on every machine"))

    assert signature.shape == (duplicates.PERMUTATIONS,)
    assert signature[:3].tolist() == [186253110, 266869554, 55745000]


def test_long_texts_are_sketched_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = shingles(" ".join(sentence(number) for number in range(20)))
    whole = duplicates.signature(hashes)
    monkeypatch.setattr(duplicates, "CHUNK", 7)

    assert np.array_equal(duplicates.signature(hashes), whole)


def test_every_near_pair_is_found_and_no_other() -> None:
    texts = [sentence(number) for number in range(150)]
    texts += [text.replace("n1", "n2") for text in texts[:60]] + [text + "s" for text in texts[60:]]
    sets = [shingles(key(text)) for text in texts]
    expected = {
        (left, right)
        for left in range(len(sets))
        for right in range(left + 1, len(sets))
        if jaccard(sets[left], sets[right]) >= 0.7
    }

    assert set(pairs(sketch(key(text) for text in texts), 0.7)) == expected
    assert len(expected) > 100


def test_near_names_the_first_that_a_text_resembles() -> None:
    others = sketch(map(sentence, range(20)))
    texts = sketch([sentence(7) + "s", sentence(99), sentence(3)])

    assert near(texts, others, 0.85).tolist() == [7, -1, 3]


@pytest.mark.parametrize("threshold", [0.3, 0.85, 1.0])
def test_nothing_is_near_nothing(threshold: float) -> None:
    empty = sketch([])

    assert near(empty, sketch(["a text"]), threshold).tolist() == []
    assert near(sketch(["a text"]), duplicates.join([]), threshold).tolist() == [-1]
    assert list(pairs(empty, threshold)) == []


def test_a_low_threshold_still_finds_its_pairs() -> None:
    assert list(pairs(sketch(["abcdefgh", "abcdexyz"]), 0.05)) == [(0, 1)]


def test_sketches_join_into_the_sketches_of_all() -> None:
    first, second = ["one text", "another"], ["a third"]
    joined = duplicates.join([sketch(first), sketch(second)])
    whole = sketch([*first, *second])

    assert np.array_equal(joined.signatures, whole.signatures)
    assert np.array_equal(joined.flat, whole.flat)
    assert np.array_equal(joined.offsets, whole.offsets)


def test_clusters_join_duplicates_and_near_duplicates() -> None:
    texts = [sentence(1), sentence(2), sentence(1).upper() + "!", sentence(2) + "s", sentence(3)]

    assert clusters(texts, 0.85) == [0, 1, 0, 1, 4]


def test_a_forest_is_led_by_its_smallest_members() -> None:
    forest = Forest(5)
    forest.unite(4, 2)
    forest.unite(2, 1)

    assert forest.roots() == [0, 1, 1, 3, 1]


def test_the_digest_tells_where_one_text_ends() -> None:
    assert duplicates.digest(["ab", "c"]) != duplicates.digest(["a", "bc"])
    assert duplicates.digest(["\ud800"])


@pytest.mark.parametrize(
    ("left", "right"), [("I don't", "i dont"), ("s p a c e d", "spaced"), ("x\u0332y", "xy")]
)
def test_spaces_apostrophes_and_accents_do_not_count(left: str, right: str) -> None:
    assert key(left) == key(right)
