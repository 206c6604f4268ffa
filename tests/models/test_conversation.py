"""What counts as a conversation."""

from __future__ import annotations

import pytest

from hatelens.errors import UserError
from hatelens.models.conversation import ASSISTANT, USER, Message, ask, checked, posts


def test_messages_of_one_side_in_a_row_become_one():
    said = [Message(USER, "a"), Message(USER, "b"), Message(ASSISTANT, "c"), Message(USER, "d")]
    assert checked(said) == [
        Message(USER, "a\n\nb"),
        Message(ASSISTANT, "c"),
        Message(USER, "d"),
    ]


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ([], "must begin and end"),
        ([Message(ASSISTANT, "a")], "must begin and end"),
        ([Message(USER, "a"), Message(ASSISTANT, "b")], "must begin and end"),
        ([Message("system", "a"), Message(USER, "b")], "No role of a message named 'system'"),
        ([Message(USER, " \n")], "are empty"),
    ],
)
def test_what_is_no_conversation_is_refused_in_one_line(messages, line):
    with pytest.raises(UserError, match=line) as caught:
        checked(messages)
    assert "\n" not in str(caught.value)


def test_hate_cut_up_over_messages_is_found_in_all_that_the_user_said():
    assert posts(ask("a")) == ("a",)
    said = [Message(USER, "Zorblaxians are"), Message(ASSISTANT, "Yes?"), Message(USER, "vermin")]
    assert posts(said) == ("vermin", "Zorblaxians are\nvermin")
