from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hatelens.config import mistakes
from hatelens.config.schema import Recipe

Values = dict[str, Any]


def told(**changes: Any) -> str:
    """What is said of a recipe that is right but for the changes."""
    values: Values = {
        "name": "mine",
        "model": {"kind": "two_stage", "layer": {"type": "mlp"}},
        "data": {"train": ["sample"]},
        "training": {"kind": "two_stage"},
    }
    values |= changes
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate(values)
    return mistakes.word(caught.value, Recipe, values)


def test_a_misspelt_key_says_which_key_was_meant():
    said = told(training={"kind": "two_stage", "lrr": 1})

    assert said.startswith("No key named 'training.lrr'; did you mean 'training.lr'? There are ")
    assert "training.batch_size" in said
    assert "model." not in said


def test_a_misspelt_key_of_a_layer_is_answered_with_the_keys_of_its_type():
    said = told(model={"kind": "two_stage", "layer": {"type": "mlp", "widht": 3}})

    assert said.startswith("No key named 'model.layer.widht'; did you mean 'model.layer.width'?")


def test_a_key_at_the_wrong_place_is_sent_to_the_right_one():
    assert told(lr=1).endswith("Was training.lr meant?")


def test_a_wrong_type_says_what_was_found_and_what_is_allowed():
    said = told(training={"kind": "two_stage", "lr": "fast", "epochs": 5.5, "profile": "x"})

    assert said == (
        "training.lr is 'fast'; it must be a number. "
        "training.epochs is 5.5; it must be a whole number. "
        "training.profile is 'x'; it must be true or false."
    )


def test_a_value_out_of_range_says_the_range():
    said = told(training={"kind": "two_stage", "lr": -1})

    assert said == "training.lr is -1; it must be greater than 0."


def test_a_place_in_a_list_is_named():
    assert told(data={"train": ["a", 3]}).startswith("data.train[1] is 3; it must be text")


def test_a_word_that_is_no_choice_is_answered_with_the_choices():
    said = told(model={"kind": "two_stage", "layer": {"type": "mlp", "activation": "rellu"}})

    assert said == (
        "model.layer.activation is 'rellu'; it must be 'relu', 'gelu', 'tanh' or 'silu'."
    )


def test_a_kind_that_does_not_exist_is_answered_with_the_kinds():
    assert told(model={"kind": "lineer"}).startswith(
        "No model.kind named 'lineer'; did you mean 'linear'? There are cascade, decoder, encoder, "
        "linear, mixture, responder, two_stage."
    )


def test_a_section_without_its_kind_says_so():
    assert told(model={"layer": {}}) == "model needs model.kind; set it with model.kind=VALUE."


@pytest.mark.parametrize("value", [3, "x", None])
def test_a_section_that_is_no_mapping_says_so(value: object):
    assert "it must be a mapping, as in {a: b}." in told(model=value, data={"train": "a"})
    assert "it must be a mapping, as in {a: b}." in told(data=value)


def test_what_is_missing_is_said_with_the_way_to_set_it():
    assert told(data={}) == "data.train is missing; set it with data.train=VALUE."


def test_a_check_of_our_own_is_quoted_with_its_key():
    assert told(thresholds={"target": "x"}).startswith("thresholds.target: it must be precision>=P")
    assert told(training={"kind": "linear"}).startswith("model.kind is 'two_stage' but training")


def test_what_was_found_is_cut_short_when_it_is_long():
    assert len(told(seed="x" * 10_000)) < 200


def test_the_keys_follow_the_kinds_that_are_chosen():
    linear = set(mistakes.keys(Recipe, {"model": {"kind": "linear"}}))
    neither = set(mistakes.keys(Recipe, {"model": {"kind": "x"}, "training": 3}))

    assert {"model.buckets", "data.train", "thresholds.target", "seed"} <= linear
    assert not {"model.layer", "model.base"} & linear
    assert not {key for key in neither if key.startswith(("model.", "training."))}
