"""The guard around any chat model."""

from __future__ import annotations

import pytest

from hatelens.models.conversation import ASSISTANT, USER, Message, ask
from hatelens.models.decision import Thresholds
from hatelens.models.guard import SAFE, guarded, unguarded
from hatelens.models.reply_type import COUNTER, INFORMATIVE, STOP, reply_type
from tests.serving.conftest import Keywords


class Echo:
    """Says what it is told to say, and remembers what it was asked."""

    def __init__(self, words="Good morning."):
        self.words = words
        self.asked = []

    def __call__(self, messages):
        self.asked.append(list(messages))
        return self.words


class Patient(Keywords):
    """Flags from two unkind words on."""

    thresholds = Thresholds(flag=0.85, clear=0.3)


@pytest.mark.parametrize(("mode", "kind"), [("stop", STOP), ("counter", COUNTER)])
def test_hateful_input_is_answered_safely_and_never_reaches_the_model(mode, kind):
    chat = Echo()
    reply = guarded(chat, Keywords(), mode=mode)(ask("Veluvians are stupid and disgusting."))
    assert reply.to_dict() == {"reply": SAFE[mode], "type": kind, "held_back": True}
    assert chat.asked == []


def test_hateful_output_is_held_back():
    chat = Echo("They are stupid and disgusting and dreadful.")
    reply = guarded(chat, Keywords())(ask("Tell me about the Veluvians."))
    assert reply.held_back
    assert "stupid" not in reply.reply
    assert len(chat.asked) == 1


def test_everything_else_passes_as_it_is():
    reply = guarded(Echo(), Keywords())(ask("Hello"))
    assert reply.to_dict() == {"reply": "Good morning.", "type": INFORMATIVE, "held_back": False}


def test_hate_that_is_cut_up_over_messages_is_seen():
    said = [
        Message(USER, "Veluvians are stupid"),
        Message(ASSISTANT, "Pardon?"),
        Message(USER, "and disgusting"),
    ]
    detector = Patient()
    found = detector.predict([one.content for one in said])
    assert [one.decision for one in found] == ["unsure", "clear", "unsure"]
    assert guarded(Echo(), detector)(said).held_back


def test_an_empty_answer_of_the_model_is_let_through():
    assert not guarded(Echo(" "), Keywords())(ask("Hello")).held_back


def test_without_a_guard_the_answer_has_the_same_shape():
    reply = unguarded(Echo("They are stupid and disgusting."))(ask("Hello"))
    assert not reply.held_back
    assert reply.reply == "They are stupid and disgusting."


def test_what_is_said_instead_is_of_the_type_that_it_claims():
    assert reply_type(SAFE["stop"]) == STOP
    assert reply_type(SAFE["counter"]) == COUNTER
