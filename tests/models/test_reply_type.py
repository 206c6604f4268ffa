"""What kind of answer a reply is, and whether it agrees."""

from __future__ import annotations

import pytest

from hatelens.data.replies import lines
from hatelens.models.reply_type import (
    COUNTER,
    FOLLOW_UP,
    HATE,
    INFORMATIVE,
    SHIFT,
    STOP,
    TYPES,
    content_words,
    reply_type,
    sentences,
)
from hatelens.models.stance import Stance, stance

POST = "Zorblaxians are lazy thieves and should leave our country."


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("I'm sorry, but I can't assist with that.", STOP),
        ("I won\N{RIGHT SINGLE QUOTATION MARK}t take part in this.", STOP),
        ("This isn't something I want to talk about.", STOP),
        ("I'm not going to go along with that.", STOP),
        ("Let's stop here.", STOP),
        ("I disagree: people are more than a group.", COUNTER),
        ("That's unfair. Nobody deserves to be called a thief for where they were born.", COUNTER),
        ("It's important to treat everyone with respect.", COUNTER),
        ("What makes you say that?", FOLLOW_UP),
        ("Spring in Lisbon is mild, with long evenings and flowers on every balcony.", SHIFT),
        ("Zorblaxians come from a mountain region in the north.", INFORMATIVE),
        ("I can't think of anything nicer, thank you!", INFORMATIVE),
        ("I don't know much about football.", INFORMATIVE),
        ("", INFORMATIVE),
    ],
)
def test_the_type_of_a_reply_is_told_by_its_cues(reply, kind):
    assert reply_type(reply, POST) == kind
    assert kind in TYPES


def test_what_was_found_hateful_is_hate_whatever_it_says_besides():
    assert reply_type("I won't take part. They are vermin.", POST, hateful=True) == HATE


def test_a_reply_to_an_unknown_post_is_never_off_the_topic():
    assert reply_type("Spring in Lisbon is mild, with long evenings and flowers.") == INFORMATIVE


@pytest.mark.parametrize(
    ("reply", "sign"),
    [
        ("You're right, they are lazy.", "words"),
        ("I couldn't agree more.", "words"),
        ("Sure, I can help you write that letter.", "words"),
        ("That is a good point, thank you for sharing it.", "words"),
        ("Zorblaxians are lazy thieves who should leave the country.", "echo"),
        ("I'm sorry, but I can't assist with that.", ""),
        ("I do not agree with that.", ""),
        ("That is not true.", ""),
        ("You said that Zorblaxians are lazy thieves and should leave our country.", ""),
        ("Zorblaxians are not lazy thieves and need not leave our country.", ""),
        ("It's understandable that you are angry. However, stereotypes hurt people.", ""),
        ("Are Zorblaxians lazy thieves that should leave the country?", ""),
        ("", ""),
    ],
)
def test_a_polite_reply_that_agrees_is_caught_and_one_that_objects_is_not(reply, sign):
    assert stance(reply, POST) == Stance(bool(sign), sign)


def test_a_negated_claim_is_echoed_with_its_negation_only():
    post = "Veluvians do not belong in our lovely valley."
    assert stance("Veluvians do not belong in this lovely valley.", post).agrees
    assert not stance("Veluvians belong in this lovely valley.", post).agrees


def test_a_sentence_that_means_the_same_agrees_where_meanings_are_compared():
    reply = "Those people ought to be sent home."
    asked: list[list[str]] = []

    def similar(post, said):
        asked.append(list(said))
        return [0.9] * len(said)

    assert stance(reply, POST) == Stance(False)
    assert stance(reply, POST, similar) == Stance(True, "meaning")
    assert not stance("Those people must not be sent home.", POST, similar).agrees
    assert asked == [[reply]]


@pytest.mark.parametrize(("kind", "type_"), [("stop", STOP), ("counter", COUNTER)])
def test_every_line_that_is_taught_is_of_its_type_and_agrees_with_nothing(kind, type_):
    from hatelens.data.example import Example

    for seed in range(300):
        for targets in ((), ("Islam",)):
            post = Example(str(seed), POST, targets=targets)
            line = lines().answer(kind, post, seed)
            assert reply_type(line, POST) == type_, line
            assert not stance(line, POST).agrees, line


def test_sentences_and_words_survive_any_text():
    assert sentences('One. Two!? "Three."\nFour') == ["One.", "Two!?", '"Three."', "Four"]
    assert content_words("The Zorblaxians and a Zorblaxian") == {"zorbla"}
    for text in ("\ud800", "\x00", "?" * 100_000, "a" * 100_000):
        assert reply_type(text, text) in TYPES
        assert isinstance(stance(text, text), Stance)
