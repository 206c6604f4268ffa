"""What a model learns to explain from."""

from __future__ import annotations

import json

import pytest

from hatelens.data import catalog, explanations, reasons
from hatelens.data.example import Example
from hatelens.data.explanations import Told, marked, plain, tidy, told, written
from hatelens.text import clean
from hatelens.text.alignment import untouched

TEXT = "Those Veluvians are lazy liars."


def one(text=TEXT, **values):
    return Example(id="1", text=text, source="posts", **values)


def ask(example, *, hateful=True, harmless=False, known=None):
    found = tell(example, hateful=hateful, harmless=harmless, known=known)
    assert found is not None
    return found


def tell(example, *, hateful=True, harmless=False, known=None):
    return told(
        example, untouched(example.text), hateful=hateful, harmless=harmless, reasons=known or {}
    )


def test_marked_words_and_groups_become_an_explanation_with_a_reason():
    found = ask(one(spans=((20, 30),), targets=("Women", "Islam")))
    assert found == Told(
        ("women", "muslim people"), "It attacks women and muslim people.", ("lazy liars",)
    )


def test_an_offensive_text_attacks_nobody_less_than_a_hateful_one():
    assert ask(one(spans=((20, 24),)), hateful=False).reason == (
        "It is offensive, but attacks no group."
    )
    assert ask(one(spans=(), targets=("men",)), hateful=False).reason == (
        "It is offensive about men."
    )


def test_a_reason_that_people_gave_is_kept():
    found = ask(one(spans=()), known={("posts", TEXT): 'It implies: "they lie".'})
    assert found.reason == "It implies: 'they lie'."


def test_a_harmless_text_teaches_that_it_affects_nobody():
    found = ask(one(targets=("Women",)), harmless=True, hateful=False)
    assert found == Told((), "It attacks nobody.", ())


def test_a_text_of_which_nothing_is_known_teaches_nothing():
    assert tell(one(targets=("Women",))) is None


def test_where_nobody_marked_words_nothing_is_taught_of_them():
    found = ask(one(targets=("women",)), known={("posts", TEXT): "It implies: they lie."})
    assert found.quotes is None
    answer = written(found)
    assert answer == (
        '{"affected_groups":["women"],"reason":"It implies: they lie.","harmful_words'
    )


def test_an_explanation_is_written_as_json():
    whole = Told(("women",), "It attacks women.", ("lazy", "liars"))
    assert json.loads(written(whole)) == {
        "affected_groups": ["women"],
        "reason": "It attacks women.",
        "harmful_words": ["lazy", "liars"],
    }


def test_a_reason_that_names_the_field_does_not_cut_the_answer_short():
    answer = written(Told((), "It has harmful_words in it.", None))
    assert answer.count("harmful_words") == 2
    assert answer.endswith(',"harmful_words')


def test_groups_have_plain_names():
    names = ["African", "Other", "women, trans women", "latino/latina folks", "x" * 90, "!"]
    assert plain(names) == (
        "black people", "women", "trans women", "latino or latina people",
    )  # fmt: skip
    assert plain(["x" * 90]) == ("x" * 40,)


def test_marks_of_the_original_are_words_of_the_cleaned_text():
    text = "They are l a z y liars"
    begin = text.index("l a")
    assert marked(clean(text), [(begin, begin + 7)]) == ("lazy",)


def test_a_reason_is_one_line_that_needs_no_escapes():
    assert tidy('a "b"\n\\c\ud800\x00') == "a 'b' /c?"
    assert len(tidy("y" * 999)) == explanations.LONGEST_REASON


def test_reasons_are_read_from_a_file_that_was_annotated(tmp_path):
    path = tmp_path / "said.jsonl"
    rows = [
        {"text": TEXT, "label": "hateful", "explanation": {"reason": "It attacks them."}},
        {"text": "Good morning.", "label": "normal", "explanation": None},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert reasons.read([str(path)]) == {(str(path), TEXT): "It attacks them."}


def test_an_ordinary_data_set_holds_no_reasons():
    assert reasons.read(["sample"]) == {}


@pytest.fixture(params=["hatexplain", "sbic"])
def real(request):
    card = catalog.card(request.param)
    if not catalog.locate(card):
        pytest.skip(f"{request.param} is not on this machine")
    return catalog.load(request.param, "train")


def test_real_training_texts_give_explanations_that_their_texts_bear_out(real):
    known = reasons.read([real.name])
    found = [
        (each, why)
        for each in real.examples
        if (
            why := told(
                each,
                untouched(each.text),
                hateful=real.card.labels.is_hateful(each.label or ""),
                harmless=each.label == real.card.labels.names[0],
                reasons=known,
            )
        )
    ]
    assert len(found) > 1000
    assert all(each.split in (None, "train") for each, _ in found)
    assert sum(bool(why.groups) for _, why in found) > 500
    for each, why in found:
        assert all(quote.split()[0] in each.text for quote in why.quotes or ())
        assert why.reason == tidy(why.reason)
        assert written(why)
