"""Predictions on a terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from hatelens.cli.terminal import AROUND, LONGEST, Terminal, excerpts, score, sure
from hatelens.models.decision import Decision
from hatelens.models.detector import Prediction, Span
from tests.hostile import strings

NAMED = {"insult": 0.7, "Quendari": 0.6}
SPANS = (Span(6, 15, 0.4), Span(20, 24, 0.95))
TEXT = "Those Quendari are lazy liars."


class Tty(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def answer(hateful: float = 0.93, decision: Decision = "flag", **values: Any) -> Prediction:
    return Prediction("hateful", hateful, decision, {"hateful": hateful}, "m", "p", **values)


def shown(text, prediction, *, plain=True):
    file = Tty()
    Terminal(file, NAMED).write(text, prediction)
    return re.sub(r"\x1b\[[\d;]*m", "", file.getvalue()) if plain else file.getvalue()


@pytest.mark.parametrize(
    ("hateful", "decision", "words"),
    [
        (0.93, "flag", "hateful .93 "),
        (0.04, "clear", "not hateful .04 "),
        (0.48, "unsure", "unsure .48 "),
        (1.0, "flag", "hateful 1.00 "),
    ],
)
def test_the_decision_is_a_word_with_its_score(hateful, decision, words):
    assert shown("a text", answer(hateful, decision)).startswith(words)


def test_the_label_and_the_text_follow():
    assert shown(TEXT, answer()) == f"hateful .93      hateful  {TEXT}\n"


def test_marked_words_have_colours_the_stronger_the_higher_their_score():
    lines = shown(TEXT, answer(spans=SPANS), plain=False)
    assert "\x1b[1;31mQuendari \x1b[0m" in lines
    assert "\x1b[1;37;41mazy \x1b[0m" in lines
    assert "\x1b[31m" in shown("a b", answer(spans=(Span(0, 1, 0.1), Span(2, 3, 0.9))), plain=False)


def test_no_color_leaves_the_colours_out(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    lines = shown(TEXT, answer(spans=SPANS), plain=False)
    assert not re.search(r"\x1b\[[\d;]*[34]\d", lines)


def test_groups_and_attributes_are_named_from_their_thresholds_on():
    heads = {"targets": {"Quendari": 0.8, "others": 0.3}, "attributes": {"insult": 0.71}}
    lines = shown(TEXT, answer(**heads)).splitlines()
    assert [line.strip() for line in lines[1:]] == [
        "targets: Quendari .80",
        "attributes: insult .71",
    ]
    assert "targets" in shown(TEXT, answer(0.5, "unsure", **heads))
    assert len(shown(TEXT, answer(attributes={"insult": 0.69})).splitlines()) == 1


def test_a_text_that_is_clear_attacks_nobody():
    assert "Quendari .80" not in shown("x", answer(0.1, "clear", targets={"Quendari": 0.8}))


def test_a_note_has_a_line():
    assert shown("x", answer(note="Look here.")).splitlines()[1].strip() == "note: Look here."


def test_what_has_no_threshold_is_said_from_a_half_on_and_the_highest_first():
    assert list(sure({"a": 0.5, "b": 0.49, "c": 0.9}, {})) == ["c", "a"]
    assert score(0.005) == ".01"


def test_markup_and_control_characters_are_shown_as_they_are():
    text = "[bold red]x[/] :smile: \x1b]0;title\x07 \x1b[2J \u202e \ud800 [link=http://x]"
    lines = shown(text, answer(spans=(Span(0, len(text), 0.9),)), plain=False)
    assert "[bold red]x[/] :smile: \\x1b]0;title\\x07 \\x1b[2J \\u202e \\ud800" in lines
    assert set(re.findall(r"\x1b.", lines)) == {"\x1b["}


def test_a_long_text_is_shortened_around_what_is_marked():
    text = "calm words " * 500 + "vermin" + " and more calm words" * 500 + " pest " + "x" * 1000
    spans = tuple(
        Span(text.index(word), text.index(word) + len(word), 0.9) for word in ("vermin", "pest")
    )
    line = shown(text, answer(spans=spans))
    assert "vermin" in line
    assert "pest" in line
    assert line.count(" ... ") == 3
    assert f"({len(text):,} characters)" in line
    assert len(line) < 2 * (2 * AROUND + 10) + 100


def test_a_long_text_without_marks_shows_its_beginning():
    line = shown("x" * 5000, answer())
    assert line.count("x") == LONGEST
    assert "(5,000 characters)" in line


def test_marks_beside_each_other_share_an_excerpt_and_a_huge_one_is_cut():
    text = "y" * 10_000
    assert excerpts(text, [Span(1000, 1010, 0.5), Span(1100, 1110, 0.9)]) == [(920, 1190)]
    assert excerpts(text, [Span(0, 9000, 0.5)]) == [(0, LONGEST + AROUND)]
    assert shown(text, answer(spans=(Span(0, 9000, 0.5),))).count("y") == LONGEST + AROUND


def test_hostile_texts_leave_no_control_character():
    for text in strings(100, longest=20_000):
        spans = (Span(0, len(text) // 2, 0.9),)
        line = shown(text, answer(spans=spans)).removesuffix("\n")
        assert line.isprintable()
