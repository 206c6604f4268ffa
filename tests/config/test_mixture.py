"""The settings of the kind ``mixture``."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hatelens.config.compose import compose
from hatelens.config.decoder import DecoderTraining
from hatelens.config.mixture import GateTraining, MixtureModel, MixtureTraining
from hatelens.errors import ConfigError

PLATFORMS = {"microblog": "davidson2017", "forum": ["ghc", "hatexplain:gab"]}


def model(**changes: Any) -> MixtureModel:
    return MixtureModel.model_validate({"platforms": PLATFORMS} | changes)


def test_a_mixture_needs_its_platforms_and_has_defaults_for_the_rest():
    made = model()
    assert made.platforms["microblog"] == ("davidson2017",)
    assert made.names == ("microblog", "forum", "all")
    assert made.weighed == ("microblog", "forum")
    assert (made.routing, made.cleaning) == ("blend", "v1")
    assert made.over.adapter is not None
    with pytest.raises(ValidationError, match="platforms"):
        MixtureModel.model_validate({})


def test_the_gate_is_as_small_as_that_of_system_b():
    assert model().gate.width == 8
    assert GateTraining().learns_from == "platform"


def test_adapters_from_elsewhere_stand_behind_those_of_the_platforms():
    made = model(adapters={"forum": "a", "wiki": "b"})
    assert made.names == ("microblog", "forum", "wiki", "all")
    assert made.weighed == ("microblog", "forum", "wiki")
    assert model(all_data=False).names == ("microblog", "forum")
    assert model(all_data=False, adapters={"all": "c"}).names[-1] == "all"
    assert model(gate={"all_data": True}).weighed == ("microblog", "forum", "all")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"platforms": {"one": ["a"]}}, "at least 2"),
        ({"platforms": {"one": ["a"], "two": []}}, "at least 1"),
        ({"platforms": PLATFORMS | {"all": ["a"]}}, "the adapter over all data"),
        ({"platforms": PLATFORMS | {"My Forum": ["a"]}}, "names of small letters"),
        ({"adapters": {"my_lora": "a"}}, "without 'lora'"),
        ({"routing": "one"}, "adapter for routing=one named 'None'"),
        ({"routing": "one", "adapter": "frum"}, "did you mean 'forum'"),
        ({"routing": "all", "all_data": False}, "routing=all named 'all'"),
        ({"routing": "top_k", "top_k": 3}, "the gate weighs 2 adapters"),
        ({"gate": {"all_data": True}, "all_data": False}, "set all_data=true"),
        ({"over": {"kind": "encoder"}}, "a mixture is made of adapters"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        model(**changes)


def test_base_and_adapters_can_be_those_of_a_language_model():
    made = model(over={"kind": "decoder", "base": "smollm2"})
    assert made.over.kind == "decoder"
    training = MixtureTraining.model_validate({"adapters": {"kind": "decoder"}})
    assert training.adapters == DecoderTraining()


def test_the_recipe_gives_every_platform_its_data_sets(here):
    recipe = compose(["recipe=mixture_platforms"])
    assert isinstance(recipe.model, MixtureModel)
    assert set(recipe.model.platforms) == {"microblog", "forum", "editing"}
    named = {name.split(":")[0] for sets in recipe.model.platforms.values() for name in sets}
    assert named == set(recipe.data.train)
    assert recipe.data.labels == ("neutral", "offensive", "hate")


def test_the_same_recipe_goes_over_a_language_model(here):
    settings = ["model.over.kind=decoder", "training.adapters.kind=decoder"]
    recipe = compose(["recipe=mixture_platforms", *settings])
    assert isinstance(recipe.model, MixtureModel)
    assert recipe.model.over.kind == "decoder"
    small = compose(["recipe=llm_small_mixture"])
    assert isinstance(small.training, MixtureTraining)
    assert small.training.adapters.kind == "decoder"


def test_a_mistake_is_named_where_it_stands(here):
    with pytest.raises(ConfigError, match=r"training\.gate\.kep.* did you mean"):
        compose(["recipe=mixture_platforms", "training.gate.kep=0.2"])
    with pytest.raises(ConfigError, match=r"model\.over\.adapter\.rank"):
        compose(["recipe=mixture_platforms", "model.over.adapter.rank=0"])
