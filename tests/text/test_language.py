"""Which language a text is in."""

from __future__ import annotations

import csv
import subprocess
import sys

import pytest

from hatelens.text import language as languages
from hatelens.text.language import ALPHABETS, NAMES, language
from tests.conftest import SHARED
from tests.hostile import strings


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The Veluvians played a wonderful concert last night.", "en"),
        ("Die Quendari haben gestern Abend ein schönes Konzert gegeben.", "de"),
        ("De buren hebben gisteren een heel mooi concert gegeven.", "nl"),
        ("Los vecinos han dado un concierto muy bonito esta noche.", "es"),
        ("Bu akşam bizim mahallede çok güzel bir konser var.", "tr"),
    ],
)
def test_a_sentence_in_latin_letters_has_its_language(text, code):
    assert language(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("привет", "ru"),
        ("ευχαριστώ", "el"),
        ("今天天气很好", "zh"),
        ("いい天気ですね", "ja"),
        ("안녕하세요", "ko"),
        ("नमस्ते दोस्तों", "hi"),
        ("مرحبا بكم", "ar"),
        ("สวัสดี", "th"),
    ],
)
def test_other_letters_are_sure_even_in_a_short_text(text, code):
    assert language(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wow",
        "ich",
        "hahaha hahaha hahaha hahaha",
        "ಠ_ಠ",
        "¯\\_(ツ)_/¯",
        "12345 !!! ???",
        "@ein_name #wochenende https://example.org/ein/schöner/tag",
        "[URL] <user> &#1589;&#1608;&#1585;&#1577;",
        "\ud800\udfff\x00\x1b[2J",
        "ꡀꡁꡂꡃ",
    ],
)
def test_what_is_short_or_odd_has_none(text):
    assert language(text) == ""


def test_links_tags_and_names_do_not_count():
    text = "#привет @привет_всем https://example.org/привет what a nice day this is"
    assert language(text) == "en"


def test_letters_that_only_look_cyrillic_do_not_make_a_text_russian():
    assert language("Y\u043eu \u0430re su\u0441h \u0430n idi\u043et and everybody knows it") == "en"


@pytest.mark.parametrize(
    "text",
    [
        "Dey put us on lockdown cus dey searchin cars fa dat",
        "lol u r sooo funny, dont @ me bro \U0001f602",
    ],
)
def test_slang_that_only_resembles_a_language_is_not_called_one(text):
    assert language(text) in {"", "en"}


def test_a_name_in_other_letters_does_not_decide_on_the_rest():
    assert language("x1 all white \uc5d1\uc2a4\uc6d0") == ""
    assert language("the new song of \uc5d1\uc2a4\uc6d0 is really nice") == "en"


def test_only_the_beginning_of_a_text_is_read():
    assert language("What a nice day this is. " * 80 + "привет " * 1_000_000) == "en"


def test_every_code_has_a_name():
    codes = {code for _, codes in ALPHABETS for code in codes.split()}
    assert codes <= set(NAMES)
    assert all(len(code) == 2 for code in NAMES)
    assert [begin for begin, _ in ALPHABETS] == sorted(begin for begin, _ in ALPHABETS)


def test_a_megabyte_and_odd_characters_are_answered():
    assert all(language(text) in {"", *NAMES} for text in strings(300, longest=50_000))


def test_an_english_text_does_not_load_the_model():
    code = (
        "import sys; from hatelens.text.language import language\n"
        "print(language('They are all very nice people.'), 'py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["en", "False"]


@pytest.mark.skipif(
    not (SHARED / "davidson2017" / "labeled_data.csv").is_file(), reason="needs real tweets"
)
def test_slangy_tweets_are_not_called_foreign():
    with (SHARED / "davidson2017" / "labeled_data.csv").open(encoding="utf-8") as file:
        texts = [row["tweet"] for row in csv.DictReader(file)][:4000]
    foreign = [languages.language(text) not in ("", "en") for text in texts]
    assert sum(foreign) / len(texts) < 0.003
