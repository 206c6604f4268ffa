from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatelens.data.spelling import TRICKS, disguise, pick, shuffled

TEXT = "the Zorblaxians are worthless creatures, tell @somebody at https://example.org/worthless"
SPAN = (TEXT.index("worthless"), TEXT.index("worthless") + len("worthless"))


def test_the_word_inside_the_span_is_the_first_to_be_disguised() -> None:
    for seed in range(60):
        made = disguise(TEXT, random.Random(seed), spans=[SPAN], tricks=["mask"])
        (begin, end) = made.spans[0]

        assert "worthless" not in made.text[begin:end]
        assert made.text[begin - 1] == " "
        assert made.text[end] == " "


def test_users_and_links_are_left_alone() -> None:
    for seed in range(200):
        made = disguise(TEXT, random.Random(seed), tricks=["leet", "mask", "stretch"])

        assert made.text.endswith("@somebody at https://example.org/worthless") or (
            "@somebody" in made.text and "https://example.org/worthless" in made.text
        )


@pytest.mark.parametrize("trick", list(TRICKS))
def test_every_trick_changes_the_text_and_keeps_the_rest_in_its_place(trick: str) -> None:
    before, after = "we saw ", " at the market."
    text = f"{before}worthless{after}"
    span = (len(before), len(before) + len("worthless"))
    changed = 0
    for seed in range(40):
        made = disguise(text, random.Random(seed), spans=[span], tricks=[trick])
        begin, end = made.spans[0]
        changed += made.text != text
        letters = made.text[begin:end].replace(" ", "")

        assert letters[0] in "wW"
        assert letters.endswith("s") or trick in {"leet", "double", "split"}
        assert 0 <= begin < end <= len(made.text)
    assert changed >= 36  # a swap of two equal letters changes nothing


@pytest.mark.parametrize(
    ("trick", "text"), [("leet", "hmmm"), ("stretch", "hmmm"), ("join", "worthless")]
)
def test_a_trick_that_cannot_be_done_leaves_the_text(trick: str, text: str) -> None:
    made = disguise(text, random.Random(1), spans=[(0, 2)], tricks=[trick])

    assert (made.text, made.spans) == (text, ((0, 2),))


def test_a_text_without_words_comes_back() -> None:
    made = disguise("?! 12 \ud800", random.Random(1), spans=[(0, 2)])

    assert made.text == "?! 12 \ud800"
    assert made.spans == ((0, 2),)


def test_the_same_seed_disguises_alike() -> None:
    assert disguise(TEXT, random.Random(5)) == disguise(TEXT, random.Random(5))


def test_a_span_that_begins_inside_a_changed_word_still_holds_its_end() -> None:
    text = "worthless lot"
    for seed in range(50):
        made = disguise(text, random.Random(seed), spans=[(5, len(text))])

        for begin, end in made.spans:
            assert 0 <= begin < end == len(made.text)


@given(st.text(max_size=60), st.integers(0, 1000), st.data())
def test_spans_stay_inside_any_text(text: str, seed: int, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))

    made = disguise(text, random.Random(seed), spans=[(begin, end)])

    assert all(0 <= first < last <= len(made.text) for first, last in made.spans)


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    assert pick(random.Random("a"), "xyz") == pick(random.Random("a"), "xyz")
    assert shuffled(random.Random(2), [3, 1, 2]) == shuffled(random.Random(2), [3, 1, 2])
    assert sorted(shuffled(random.Random(2), range(9))) == list(range(9))
