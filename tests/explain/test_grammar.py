"""The grammar of an explanation: what is taught is what it allows, and nothing is endless."""

from __future__ import annotations

import pytest
from llguidance import LLMatcher, LLTokenizer

from hatelens.data.explanations import Told, marked, tidy, written
from hatelens.explain.grammar import BREAK, grammar
from hatelens.text.alignment import untouched
from hatelens.text.quotable import Quotable

TEXT = 'Those Veluvians are "lazy" liars \\ and\nworse.'


@pytest.fixture(scope="module")
def tokenizer(chat_base):
    return LLTokenizer((chat_base / "tokenizer.json").read_text("utf-8"), eos_token=2)


def allows(tokenizer, lark, answer):
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(lark), log_level=0)
    assert not matcher.get_error()
    tokens = tokenizer.tokenize_str(answer)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def answer(*quotes, groups=("veluvian people",), reason="It attacks veluvian people."):
    return written(Told(groups, reason, quotes))


def test_what_is_taught_of_a_text_is_allowed(tokenizer):
    begin, end = TEXT.index("are"), TEXT.index(".")
    quotes = marked(untouched(TEXT), [(begin, end)])
    assert quotes == ('are "lazy" liars \\ and worse',)
    assert allows(tokenizer, grammar(Quotable(TEXT)), answer(*quotes))


def test_words_of_another_text_parts_of_words_and_spaces_are_not(tokenizer):
    lark = grammar(Quotable(TEXT))
    assert allows(tokenizer, lark, answer("liars"))
    for wrong in ("thieves", "liar", "iars", " liars", "liars ", ""):
        assert not allows(tokenizer, lark, answer(wrong))


def test_lists_and_strings_have_an_end(tokenizer):
    lark = grammar(Quotable(TEXT))
    assert allows(tokenizer, lark, answer(*["liars"] * 8, groups=["ab"] * 4, reason="x" * 200))
    assert not allows(tokenizer, lark, answer(*["liars"] * 9))
    assert not allows(tokenizer, lark, answer(groups=["ab"] * 5))
    assert not allows(tokenizer, lark, answer(reason="x" * 201))
    assert not allows(tokenizer, lark, answer(reason=""))
    assert not allows(tokenizer, lark, answer(groups=["x" * 41]))


def test_a_harmless_text_has_no_groups_and_no_harmful_words(tokenizer):
    lark = grammar(Quotable(TEXT), harmless=True)
    assert allows(tokenizer, lark, answer(groups=()))
    assert not allows(tokenizer, lark, answer())
    assert not allows(tokenizer, lark, answer("liars", groups=()))


def test_a_class_stands_in_a_line_of_its_own_where_it_is_asked_for(tokenizer):
    lark = grammar(Quotable(TEXT), answers=["hateful", "not hateful"])
    assert allows(tokenizer, lark, f"hateful{BREAK}{answer()}")
    assert allows(tokenizer, lark, f" not hateful{BREAK}{answer()}")
    assert not allows(tokenizer, lark, f"rude{BREAK}{answer()}")
    assert not allows(tokenizer, lark, answer())


def test_a_text_without_words_can_be_explained(tokenizer):
    lark = grammar(Quotable(" \n"))
    assert allows(tokenizer, lark, answer())
    assert not allows(tokenizer, lark, answer("-"))


def test_a_tidy_reason_is_always_allowed(tokenizer):
    odd = ' "Quoted" \\ and\n\x00 \ud800' + "y" * 300
    reason = tidy(odd)
    assert allows(tokenizer, grammar(Quotable(TEXT)), answer(reason=reason))
