"""What `hatelens.text.clean` promises on any text, and what it does to what people write."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatelens import text as package
from hatelens.text import Cleaned, clean

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)
# Pieces that stages of the cleaning look for, put together at random.
PIECES = (
    "h4te h a t e . - _ @ @ss @bob u/someone & &amp; amp; lt; &#38; #38; &#65; &#x26; &# ; < >",
    "<user> [USER] <url> [URL] user http:// https : //x.y www.a.b a.co/ sooo oo III $ 1 0 1diot",
    "5pm $5 ! | ' \u200b \u200d \ufe0f \u0301 \u0334 \u1160 \ufb01 \ufdfa \xb4 \u2019 \u2122",
    "\uff06 \uff53 \u0430 \u0456 \u043f\u0440\u0438 \u03bf \u4f60 \U0001f600 \U0001f171",
    "\U000e0041 \U0001f3f4 \ud83d \ude00 \xad \x00 \u2800 \u3164 stupid",
)
TRICKY = st.lists(
    st.sampled_from([*(piece for line in PIECES for piece in line.split(" ")), " ", "  ", "\n"]),
    max_size=14,
).map("".join)
TEXTS = st.one_of(ANY_TEXT, TRICKY, st.text("hate4@$. -!o1", max_size=40))


@settings(max_examples=600, deadline=None)
@given(TEXTS)
@example("&&#97;mp;lt;")
@example("h\u200b a t\u200d e")
@example("a\u0301\u0323" * 20)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = clean(text).text

    assert clean(once).text == once


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_offsets_never_decrease_and_end_at_the_length_of_the_original(text: str) -> None:
    cleaned = clean(text)
    offsets, ends = list(cleaned.offsets), list(cleaned.ends)

    assert len(offsets) == len(cleaned.text) + 1
    assert len(ends) == len(cleaned.text)
    assert offsets[-1] == len(text)
    assert offsets == sorted(offsets)
    assert ends == sorted(ends)
    assert all(0 <= begin < end <= len(text) for begin, end in zip(offsets, ends, strict=False))


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.data())
def test_a_span_that_is_not_empty_comes_from_one_that_is_not_empty(
    text: str, data: st.DataObject
) -> None:
    cleaned = clean(text)
    if not cleaned.text:
        return
    begin = data.draw(st.integers(0, len(cleaned.text) - 1))
    end = data.draw(st.integers(begin + 1, len(cleaned.text)))

    first, last = cleaned.original_span(begin, end)

    assert 0 <= first < last <= len(text)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_cleaned_text_has_a_bounded_length_and_no_control_characters(text: str) -> None:
    cleaned = clean(text).text

    assert len(cleaned) <= 18 * len(text)  # U+FDFA, one character, is a phrase of eighteen
    assert not any(c < " " or "\ud800" <= c <= "\udfff" for c in cleaned)
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["plain", "Words,", "42", "(and)", "more."]), max_size=12))
def test_what_is_plain_maps_to_itself(words: list[str]) -> None:
    text = " ".join(words)

    assert clean(text) == Cleaned(text, range(len(text) + 1), range(1, len(text) + 1))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["we", "\u200b", "  ", "h4te", "&amp;", "@bob", "queue"]), max_size=9)
)
def test_a_word_that_was_not_touched_maps_to_its_own_characters(pieces: list[str]) -> None:
    text = " ".join(pieces)
    cleaned = clean(text)

    for word in ("queue", "we"):
        begin = cleaned.text.find(word)
        if begin >= 0:
            first, last = cleaned.original_span(begin, begin + len(word))

            assert text[first:last] == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I h4te it", "I hate it"),
        ("H4TE", "HATE"),
        ("what an 1d10t", "what an idiot"),
        ("$tupid id!ot", "stupid idiot"),
        ("@ss", "ass"),
        ("p1ease", "please"),
        ("h a t e", "hate"),
        ("h.a.t.e", "hate"),
        ("h-a-t-e!", "hate!"),
        ("s t u p 1 d", "stupid"),
        ("i h a t e y o u", "i hate you"),
        ("H A T E", "HATE"),
        ("h a t e d x", "hated x"),
        ("h444te", "hate"),
        ("sooooo stuuuupid", "so stupid"),
        ("brrrrrr", "brrr"),
        ("h\u200ba\u00adt\u2060e", "hate"),
        ("\u202eidiot\u202c", "idiot"),
        ("h\u0430t\u0435", "hate"),  # Cyrillic a and e
        ("no \u0455\u0441\u043e\u0440\u0435 now", "no scope now"),  # all Cyrillic
        ("\U0001f177\U0001f170\U0001f183\U0001f174 it", "HATE it"),
        ("\uff48\uff41\uff54\uff45", "hate"),
        ("\U0001d58d\U0001d586\U0001d599\U0001d58a", "hate"),
        ("h\u0337a\u0337t\u0337e\u0337", "hate"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),  # decomposed Hangul
        ("don\u2019t", "don't"),
        ("it&#39;s", "it's"),
        ("R&amp;amp;B &lt;3", "R&B <3"),
        ("&amp;nosuchname;", "&nosuchname;"),
        ("&&#97;mp;lt;", "<"),
        ("one \t\r\n two ", "one two"),
        ("\ud83d\ude00 \ud83d", "\U0001f600 \ufffd"),
        ("RT @some_one: hi", "RT @user: hi"),
        ("@me@example.social u/someone", "@user @user"),
        ("<user> [USER] @USER", "@user @user @user"),
        ("<user>hello", "@user hello"),
        ("(https://example.org/a?b=c).", "(http)."),
        ("see www.example.org, pic.example.com/x", "see http, http"),
        ("<url> [URL] https : //www.example.org", "http http http"),
    ],
)
def test_disguises_and_noise_are_written_plainly(text: str, expected: str) -> None:
    assert clean(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Meet me at 5pm, the 3rd of May, 10:30 or 7am.",
        "covid19, mp3, b2b, H1N1, F16, B52s, A4, 4chan, 3D, 2nd, 1080p",
        "$5 and $5.99, US$10, 10k, 100%, 3.1.4, v2.0.1, 1-800-555-0199",
        "A B test, plan B, U.S.A., R.I.P., e.g. this, N.A.T.O. and Mr. J. R. Smith",
        "the vowels a e i o u; 1 2 3 4 5",
        "It's a 7 and I'm a 5'6",
        "Chapter III, Louis XVIII, AAA, www",
        "bob@example.org wrote: wow! great!",
        "Tom & Jerry; AT&T",
        "world1 @ home",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u0432\u043e\u0442 \u043d\u043e\u0441 and bot",
        "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1, \u03c4\u03bf test",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian with a real non-joiner
        "\u4f60\u597d",
        "na\u00efve caf\u00e9 Stra\u00dfe \u0142\u00f3d\u017a \u00f8re",
        "\u03bcm k\u03a9",
        "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 1\ufe0f\u20e3 \u263a\ufe0f",
        "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f170\ufe0f",
        "TM\u2122 \u00a8",
        "@user http",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert clean(text).text == text


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("you h a t e us", "hate", "h a t e"),
        ("you h.4.t.e us", "hate", "h.4.t.e"),
        ("you h\u200ba\u200bte\u200b us", "hate", "h\u200ba\u200bte"),
        ("that is sooooo good", "so", "sooooo"),
        ("ask @some_one now", "@user", "@some_one"),
        ("ask @some_one now", "user", "@some_one"),
        ("see https://example.org/x now", "http", "https://example.org/x"),
        ("all  the&amp;&#39;s", "the", "the"),
        ("it&#39;s", "'", "&#39;"),
        ("of\ufb01ce", "f", "f"),
        ("  trimmed  ", "trimmed", "trimmed"),
        ("\ud83d\ude00 ok", "\U0001f600", "\ud83d\ude00"),
    ],
)
def test_the_span_of_a_word_covers_the_whole_original(text: str, word: str, original: str) -> None:
    cleaned = clean(text)
    begin = cleaned.text.index(word)

    first, last = cleaned.original_span(begin, begin + len(word))

    assert text[first:last] == original


def test_an_empty_span_stays_empty_and_one_outside_the_text_is_an_error() -> None:
    cleaned = clean("h4te  it")

    assert cleaned.original_span(5, 5) == (6, 6)
    with pytest.raises(ValueError, match="not within a text of 7 characters"):
        cleaned.original_span(0, 8)


def test_the_version_of_the_cleaning_is_named() -> None:
    assert package.VERSION == "v1"


@pytest.mark.parametrize(
    "unit",
    [
        "plain words here. ",
        "h 4 t e ",
        "&amp;",
        "a\u0301\u0323",
        "@a ",
        "http://",
        "\ud800",
        "a.",
        "4a",
    ],
)
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    seconds = {}
    for size in (20_000, 80_000):
        text = unit * (size // len(unit))
        start = time.process_time()
        clean(text)
        seconds[size] = time.process_time() - start

    # Four times the text: sixteen times the time would be quadratic.
    assert seconds[80_000] < 10 * seconds[20_000] + 0.2


def test_importing_the_cleaning_loads_nothing_heavy() -> None:
    script = (
        "import sys, hatelens.text;"
        "heavy = {'torch', 'numpy', 'pydantic', 'sklearn', 'confusable_homoglyphs'};"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
