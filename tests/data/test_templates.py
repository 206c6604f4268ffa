from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hatelens.data import catalog, grammar, templates
from hatelens.data.dataset import Dataset, Reading
from hatelens.data.duplicates import key
from hatelens.data.grammar import Group, Words
from hatelens.data.readers import Located
from hatelens.data.readers.templates import ATTRIBUTES, read
from hatelens.data.registers import prefixed, typed
from hatelens.data.spelling import Disguised
from hatelens.errors import DataError

PEOPLE = {"women", "men", "lgbtq", "disabled", "elderly", "immigrants", "other"}
PEOPLE |= {"black", "white", "asian", "arab", "latino", "indigenous"}
TARGETS = PEOPLE | {"jewish", "muslim", "christian", "hindu"}
WORDS = Words({"bad": ["odd"], "vermin": ["moss"], "vermin1": ["ear"]})
QUENDARI = Group("origin", "other", {"groups": "Quendari", "one": "Quendari"})
VELUVIANS = Group("faith", "muslim", {"groups": "Veluvians", "one": "Veluvian", "adj": "Veluvian"})

SMALL = """
groups:
  origin other: Quendari/Quendari/-, *Zorblaxians/Zorblaxian/Zorblaxian
  faith muslim: Veluvians/Veluvian/Veluvian
words:
  bad: odd, slow, loud
  thing/things: spoon/spoons, fork/forks
functions:
  dislike:
    label: hateful
    count: 12
    attributes: toxicity identity_attack
    frames: |
      {groups} are [{bad}].
      ~faith the {adj} choir is [{bad}], unlike {groups2}.
  plain:
    label: normal
    count: 6
    frames: |
      {groups} like (damn |){things}.
      {a one} found {a thing}.
      nothing to see.
  hidden:
    label: hateful
    count: 4
    from: dislike
    tricks: mask
context:
  before: one more.
  after: bye.
  opener: so
  tag: "#a"
  emoji: "*"
"""


def written(tmp_path: Path, text: str = SMALL, name: str = "templates_en") -> Reading:
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return read(replace(catalog.card(name), name="small"), [Located(path)])


@pytest.fixture(scope="module")
def training() -> Dataset:
    return catalog.load("templates_en")


@pytest.fixture(scope="module")
def suite() -> Dataset:
    return catalog.load("functions_en")


@pytest.fixture(params=["templates_en", "functions_en"])
def either(request, training: Dataset, suite: Dataset) -> Dataset:
    return training if request.param == "templates_en" else suite


def test_the_sets_are_the_same_on_every_machine(either: Dataset) -> None:
    again = catalog.load(either.name)

    assert again.digest == either.digest
    assert [one.spans for one in again.examples] == [one.spans for one in either.examples]


def test_labels_are_balanced(training: Dataset, suite: Dataset) -> None:
    shares = Counter(one.label for one in training.examples)

    assert 13_500 < len(training) < 15_000
    assert shares["hateful"] / len(training) == pytest.approx(0.45, abs=0.02)
    assert shares["offensive"] / len(training) == pytest.approx(0.10, abs=0.02)
    assert 1_400 < len(suite) < 1_600


def test_every_name_of_a_group_is_attacked_about_as_often_as_not(either: Dataset) -> None:
    named = [one for one in either.examples if "term" in one.meta]
    total = Counter(one.meta["term"] for one in named)
    hateful = Counter(one.meta["term"] for one in named if one.label == "hateful")

    assert len(total) >= (120 if either.name == "templates_en" else 60)
    assert {term for term, n in total.items() if not 0.35 < hateful[term] / n < 0.65} == set()


def test_no_text_and_no_id_comes_twice(either: Dataset) -> None:
    assert len({one.text.lower() for one in either.examples}) == len(either)
    assert len({one.id for one in either.examples}) == len(either)


def test_targets_and_attributes_are_known_and_spans_mark_abuse_only(either: Dataset) -> None:
    for one in either.examples:
        assert set(one.targets) <= TARGETS
        assert bool(one.targets) == (one.label == "hateful")
        assert set(one.attributes) == set(ATTRIBUTES)
        assert bool(one.spans) == (one.label != "normal")
        assert bool(one.attributes["toxicity"]) == (one.label != "normal")
        assert all(0 <= begin < end <= len(one.text) for begin, end in one.spans or ())


def test_no_slot_and_no_mark_is_left_in_a_text(either: Dataset) -> None:
    for one in either.examples:
        if not one.meta["functionality"].startswith(("hidden", "respelled", "plain_spelling")):
            assert not re.search(r"[{}|\[\]~]|  ", one.text), one.meta["frame"]


def test_validation_has_other_frames_than_training(training: Dataset) -> None:
    parts = catalog.parts(training)
    plain = [{one.meta["frame"] for one in parts[split]} for split in ("train", "validation")]

    assert not plain[0] & plain[1]
    assert not parts["test"]
    assert {one.label for one in parts["validation"]} == set(training.card.labels.names)


def test_the_suite_is_a_test_that_shares_no_frame_with_training(suite: Dataset) -> None:
    frames = {}
    for name in ("templates_en", "functions_en"):
        held = templates.load([file.path for file in catalog.locate(catalog.card(name))])
        frames[name] = {
            key(str(frame.parts)) for function in held.functions for frame in function.frames
        }

    assert suite.card.test_only
    assert {one.split for one in suite.examples} == {"test"}
    assert all(one.meta["functionality"] for one in suite.examples)
    assert not frames["templates_en"] & frames["functions_en"]
    assert len(frames["templates_en"]) > 700


def test_a_small_grammar_is_written_as_it_says(tmp_path: Path) -> None:
    examples = written(tmp_path).examples
    functions = Counter(one.meta["functionality"] for one in examples)

    assert functions["dislike"] == 12
    assert functions["hidden"] == 4
    assert all(one.targets == ("muslim",) for one in examples if one.meta["frame"] == "dislike-02")
    assert {bool(one.attributes["profanity"]) for one in examples} == {True, False}
    assert all(
        "*" in one.text or "#" in one.text or "_" in one.text
        for one in examples
        if one.meta["functionality"] == "hidden"
    )


def test_a_frame_that_has_no_more_to_say_is_passed_over(tmp_path: Path) -> None:
    text = SMALL.replace("count: 6", "count: 4000")

    assert 50 < sum(one.label == "normal" for one in written(tmp_path, text).examples) < 4000


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("{bad}].", "{bda}].", "No list of words named 'bda'; did you mean 'bad'"),
        ("[{bad}].", "[{bad}.", "lacks ']'"),
        ("[{bad}].", "{bad}].", "has ']' without its partner"),
        ("[{bad}].", "[{bad].", "lacks '}'"),
        ("(damn |)", "(damn |", r"lacks '\)'"),
        ("~faith", "~age", "dislike-02 can name none of the groups"),
        ("label: normal", "label: nice", "No label named 'nice'"),
        ("count: 4", "cuont: 4", "No key of a function named 'cuont'; did you mean 'count'"),
        ("from: dislike", "from: disliek", "No function named 'disliek'"),
        ("words:", "wrods:", "No part named 'wrods'; did you mean 'words'"),
        ("spoon/spoons", "spoon", "A word of thing/things must have 2 forms"),
        ("groups:", "groups: [", "is no YAML"),
    ],
)
def test_a_wrong_grammar_is_met_with_what_is_wrong(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        written(tmp_path, SMALL.replace(before, after, 1))


def test_a_file_that_is_no_grammar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must hold the parts of a grammar"):
        written(tmp_path, "just words")


def test_slots_choices_spans_and_articles_are_written() -> None:
    frame = grammar.parse("{a vermin1} (and|and) [{a bad} {one}] of {groups2}", "a-01", WORDS)

    text, spans = grammar.write(frame, WORDS, random.Random(0), (QUENDARI, VELUVIANS))

    assert text == "an ear and an odd Quendari of Veluvians"
    assert [text[begin:end] for begin, end in spans] == ["an odd Quendari"]
    assert frame.number == 1


def test_a_frame_is_kept_from_groups_that_lack_its_form_or_kind() -> None:
    adjective = grammar.parse("{adj} songs", "a-01", WORDS)
    kind = grammar.parse("~origin,status {groups}", "a-02", WORDS)

    assert [adjective.takes(group) for group in (QUENDARI, VELUVIANS)] == [False, True]
    assert [kind.takes(group) for group in (QUENDARI, VELUVIANS)] == [True, False]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("honest man", "an"), ("user", "a"), ("European", "a"), ("LGBT person", "an"), ("cat", "a")],
)
def test_the_article_follows_the_sound(word: str, expected: str) -> None:
    assert grammar.article(word) == expected


def test_sentences_begin_with_a_capital() -> None:
    assert grammar.capitalised('hm. well! "oh no" she said') == 'Hm. Well! "Oh no" she said'


def test_spans_keep_their_words_however_a_text_is_typed(training: Dataset) -> None:
    phrases = {
        "before": ["one more."],
        "after": ["bye."],
        "opener": ["so"],
        "tag": ["#a"],
        "emoji": ["*"],
    }
    text = Disguised("don't like moss, it's wet", ((11, 15),))
    for seed in range(300):
        made = typed(text, phrases, random.Random(seed))
        ((begin, end),) = made.spans
        assert sorted(made.text[begin:end].lower().replace("s", "")) in (
            sorted("mo"),
            sorted("mo" + "m"),
            sorted("mo" + "o"),
            ["m"],
        )

    assert prefixed(text, "ab").spans == ((13, 17),)
