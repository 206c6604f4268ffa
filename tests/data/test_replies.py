"""Posts, lines and questions for a responder."""

from __future__ import annotations

import pytest

from hatelens.data import replies
from hatelens.data.example import Example
from hatelens.data.replies import KINDS, lines, questions, sort, spread
from hatelens.errors import DataError
from hatelens.labels import LabelSet

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))


def post(name: str, text: str = "a", **more) -> Example:
    return Example(name, text, **more)


def test_there_are_sixty_lines_of_each_kind_and_two_hundred_questions():
    for kind in KINDS:
        assert len(lines().frames[kind]) >= 60
    assert len(set(questions())) == len(questions()) >= 200


@pytest.mark.parametrize(("kind", "first"), [("stop", "I won't "), ("counter", "I disagree")])
def test_lines_begin_alike_so_that_the_likeliest_word_can_be_theirs(kind, first):
    made = [lines().answer(kind, post(str(n)), seed=5) for n in range(300)]
    assert all(line.startswith(first) for line in made)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_vary_and_are_the_same_for_the_same_post(kind):
    made = [lines().answer(kind, post(str(n)), seed=3) for n in range(200)]
    assert made == [lines().answer(kind, post(str(n)), seed=3) for n in range(200)]
    assert made != [lines().answer(kind, post(str(n)), seed=4) for n in range(200)]
    assert len(set(made)) > 30
    for line in made:
        assert "{" not in line
        assert "|" not in line
        assert "  " not in line
        assert line[0].isupper()


@pytest.mark.parametrize(
    ("example", "name"),
    [
        (post("1", targets=("Islam",)), "Muslims"),
        (post("2", targets=("black folks",)), "Black people"),
        (post("3", meta={"term": "wheelchair users"}), "wheelchair users"),
        (post("4", targets=("Women", "Islam")), ""),
        (post("5", targets=("Somebody else",)), ""),
        (post("6", "Those immigrants again"), "immigrants"),
        (post("7", "Women and refugees"), ""),
        (post("8", "Those again"), ""),
    ],
)
def test_a_group_is_called_by_its_plain_name_where_it_is_known(example, name):
    assert lines().group(example) == name
    said = [lines().answer("counter", example, seed) for seed in range(40)]
    named = [line for line in said if name and name.lower() in line.lower()]
    assert bool(named) == bool(name)
    assert len(named) < len(said)


def test_a_kind_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="No kind of answer named 'shout'"):
        lines().answer("shout", post("1"), 0)


def test_posts_are_parted_by_what_their_labels_mean():
    examples = [
        post("1", label="hateful"),
        post("2", label="normal"),
        post("3", label="normal|offensive"),
        post("4", label="offensive|hateful"),
        post("5"),
    ]
    found = sort(examples, LABELS)
    assert [one.id for one in found.hateful] == ["1"]
    assert [one.id for one in found.harmless] == ["2", "3"]


def test_posts_are_drawn_evenly_and_each_text_once():
    many = [post(f"a{n}", f"text {n}", source="large") for n in range(50)]
    few = [post(f"b{n}", f"other {n}", source="small") for n in range(4)]
    drawn = spread([*many, *many, *few], 12, 0, {})
    assert sorted(one.source for one in drawn) == ["large"] * 8 + ["small"] * 4
    assert len({one.text for one in drawn}) == 12
    assert spread([*reversed(few), *many], 12, 0, {}) == drawn
    assert spread([*many, *few], 12, 1, {}) != drawn
    three = spread([*many, *few], 8, 0, {"large": 3})
    assert [one.source for one in three] == (["large"] * 3 + ["small"]) * 2
    assert len(spread(few, 100, 0, {})) == 4


def test_the_digest_names_the_posts():
    assert replies.digest([post("1"), post("2")]) == replies.digest([post("2"), post("1")])
    assert replies.digest([post("1")]) != replies.digest([post("2")])
