"""What the further heads of a model learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hatelens.config.encoder import HeadSettings
from hatelens.data import catalog, feed
from hatelens.data.example import Example
from hatelens.errors import DataError

ATTRIBUTES = HeadSettings(
    type="attributes",
    names=("insult", "threat"),
    train={"one": {"rude": "insult", "mean": "insult"}, "two": {"label=bad": "threat"}},
)
TARGETS = HeadSettings(
    type="targets", names=("marsh", "hill"), train={"one": {"Marsh": "marsh", "Hills": "hill"}}
)
SPANS = HeadSettings(type="spans", train={"three": {}, "one": {}})
HEADS = {"attributes": ATTRIBUTES, "target": TARGETS, "spans": SPANS}
EXAMPLE = Example("1", "text", "hateful", source="one")


def truths(example, head):
    return feed.truths([example], head, ["normal"])[0].tolist()


def test_the_data_sets_of_all_heads_are_named_once():
    assert feed.names(HEADS) == ("one", "two", "three")


def test_an_attribute_is_known_only_where_people_were_asked():
    asked = replace(EXAMPLE, attributes={"rude": 0.25})
    np.testing.assert_array_equal(truths(asked, ATTRIBUTES), [0.25, np.nan])
    np.testing.assert_array_equal(truths(EXAMPLE, ATTRIBUTES), [np.nan, np.nan])


def test_of_two_attributes_that_feed_one_output_the_higher_counts():
    both = replace(EXAMPLE, attributes={"rude": 0.25, "mean": 0.75})
    np.testing.assert_array_equal(truths(both, ATTRIBUTES), [0.75, np.nan])


def test_a_data_set_that_does_not_feed_a_head_says_nothing_to_it():
    elsewhere = replace(EXAMPLE, source="other", attributes={"rude": 1.0})
    np.testing.assert_array_equal(truths(elsewhere, ATTRIBUTES), [np.nan, np.nan])


def test_a_group_is_attacked_mentioned_or_not_asked_about():
    attacked = replace(EXAMPLE, targets=("Marsh",))
    assert truths(attacked, TARGETS) == [1.0, 0.0]
    assert truths(replace(attacked, label="normal"), TARGETS) == [0.0, 0.0]
    np.testing.assert_array_equal(truths(EXAMPLE, TARGETS), [np.nan, np.nan])


@pytest.fixture(scope="module")
def card():
    return catalog.load("sample").card


def test_a_label_is_remembered_as_an_attribute_before_it_is_mapped(card):
    head = HeadSettings(
        type="attributes", names=("bad",), train={card.name: {"label=hateful": "bad"}}
    )
    heads = {"attributes": head}
    plain = Example("1", "text", "hateful", source=card.name)
    assert feed.remembered(plain, heads, card).attributes == {"label=hateful": 1.0}
    other = replace(plain, label="normal", attributes={"x": 0.5})
    assert feed.remembered(other, heads, card).attributes == {"x": 0.5, "label=hateful": 0.0}
    voted = replace(plain, votes=(0.5, 0.2, 0.3))
    assert feed.remembered(voted, heads, card).attributes == {"label=hateful": 0.3}
    assert feed.remembered(replace(plain, label=None), heads, card).attributes == {}
    assert feed.remembered(plain, {}, card) is plain


def test_a_label_that_a_card_lacks_is_said_with_those_it_has(card):
    head = HeadSettings(
        type="attributes", names=("bad",), train={card.name: {"label=hatefull": "bad"}}
    )
    with pytest.raises(DataError, match="did you mean 'label=hateful'"):
        feed.check({"attributes": head}, card)
    feed.check({"attributes": ATTRIBUTES}, card)
