from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hatelens.config.compose import compose, names, render
from hatelens.config.encoder import EncoderModel, EncoderTraining
from hatelens.config.options import options
from hatelens.config.schema import (
    LinearLayer,
    LinearModel,
    LinearTraining,
    MlpLayer,
    Recipe,
    TwoStageModel,
    TwoStageTraining,
)
from hatelens.data import catalog
from hatelens.errors import ConfigError

RECIPES = {
    "demo_linear",
    "demo_two_stage",
    "linear_davidson",
    "two_stage_davidson",
    "two_stage_davidson_linear",
    "two_stage_mpnet",
    "two_stage_curated",
    "linear_stormfront",
    "two_stage_stormfront",
    "two_stage_stormfront_linear",
    "linear_hatexplain",
    "two_stage_hatexplain",
    "linear_ghc",
    "demo_encoder",
    "encoder_davidson",
    "encoder_hate_speech_offensive",
    "encoder_hatexplain",
    "encoder_lora_davidson",
    "encoder_mpnet",
    "default_en",
    "cascade",
    "demo_cascade",
    "mixture_platforms",
    "llm_mhs",
    "llm_platform",
    "llm_stop",
    "llm_small_explain",
    "llm_small_hatexplain",
    "llm_small_mhs",
    "llm_small_mixture",
    "llm_small_platform",
    "llm_small_stop",
}

OWN_DATA = {"linear", "two_stage", "encoder"}
KINDS = ("linear", "two_stage", "encoder", "cascade", "mixture")
OF_LANGUAGE_MODELS = {"stop": "responder", "mixture": "mixture"}
"""Kinds of recipes ``llm_...`` by the end of their names; all others are ``decoder``."""

pytestmark = pytest.mark.usefixtures("here")


def own(text: str, name: str = "mine") -> Path:
    """Write a recipe of one's own into the working directory."""
    path = Path("conf/recipe") / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def two_stage(recipe: Recipe) -> TwoStageModel:
    assert isinstance(recipe.model, TwoStageModel)
    return recipe.model


def test_the_recipes_that_the_documentation_names_are_there():
    assert set(names()) == RECIPES | OWN_DATA


@pytest.mark.parametrize("name", sorted(OWN_DATA))
def test_a_recipe_for_data_of_ones_own_asks_for_it(name: str):
    recipe = compose([f"recipe={name}", "data.train=[mine.csv]", "data.hateful=[bad]"])
    assert (recipe.name, recipe.model.kind, recipe.data.train) == (name, name, ("mine.csv",))
    with pytest.raises(ConfigError, match="data is missing"):
        compose([f"recipe={name}"])


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_composes_and_names_data_sets_that_have_a_card(name: str):
    recipe = compose([f"recipe={name}"])

    assert recipe.name == name.replace("default_en", "default-en")
    assert set(recipe.data.train) <= set(catalog.names())
    assert recipe.model.kind == _kind(name)


def _kind(name: str) -> str:
    if name.startswith("llm_"):
        return OF_LANGUAGE_MODELS.get(name.rsplit("_", 1)[-1], "decoder")
    plain = name.removeprefix("demo_").replace("default_en", "encoder")
    return next(each for each in KINDS if plain.startswith(each))


def test_every_group_of_data_names_data_sets_that_have_a_card():
    for name in options("data"):
        assert set(compose(["recipe=demo_linear", f"data={name}"]).data.train) <= set(
            catalog.names()
        )


def test_the_curated_recipe_is_system_c():
    recipe = compose(["recipe=two_stage_curated"])

    assert two_stage(recipe).layer == MlpLayer(width=256, activation="relu", dropout=0.3)
    assert recipe.training == TwoStageTraining(lr=1e-3, batch_size=1024, epochs=50, patience=5)


def test_the_mpnet_recipe_differs_from_the_davidson_one_by_its_base():
    mpnet, minilm = compose(["recipe=two_stage_mpnet"]), compose(["recipe=two_stage_davidson"])

    assert (two_stage(mpnet).base, two_stage(minilm).base) == ("mpnet", "minilm")
    assert mpnet.training == minilm.training
    assert isinstance(two_stage(compose(["recipe=two_stage_davidson_linear"])).layer, LinearLayer)


def test_the_recipe_for_hate_speech_offensive_is_system_e():
    recipe = compose(["recipe=encoder_hate_speech_offensive", "model.revision=" + "0" * 40])

    assert isinstance(recipe.model, EncoderModel)
    assert recipe.model.base == "google-bert/bert-base-uncased"
    assert recipe.model.adapter is None
    assert recipe.data.train == ("hate_speech_offensive",)
    training = recipe.training
    assert isinstance(training, EncoderTraining)
    assert (training.num_train_epochs, training.per_device_train_batch_size) == (3.0, 16)
    assert (training.weight_decay, training.warmup_steps) == (0.01, 500)
    assert training.model_extra == {
        "eval_strategy": "epoch",
        "per_device_eval_batch_size": 16,
    }


def test_the_lora_recipe_differs_from_the_davidson_one_by_its_adapter():
    whole, small = compose(["recipe=encoder_davidson"]), compose(["recipe=encoder_lora_davidson"])

    assert isinstance(small.model, EncoderModel)
    assert small.model.adapter is not None
    assert small.model.adapter.rank == 16
    assert small.model.model_copy(update={"adapter": None}) == whole.model
    assert small.data == whole.data


def test_overrides_win_over_the_recipe():
    recipe = compose(
        ["recipe=two_stage_davidson", "training.lr=3e-3", "seed=7", "model.layer.width=64"]
    )

    assert isinstance(recipe.training, TwoStageTraining)
    assert recipe.training.lr == 0.003
    assert recipe.seed == 7
    assert two_stage(recipe).layer == MlpLayer(width=64)


@pytest.mark.parametrize("target", ["fpr<=0.01", "precision>=0.9", "review_budget=0.05"])
def test_a_target_of_the_thresholds_is_written_as_it_is_read(target: str):
    recipe = compose(["recipe=demo_linear", f"thresholds.target={target}"])

    assert recipe.thresholds.target == target


def test_mappings_are_added_to_and_lists_are_replaced():
    own("defaults: [demo_linear, _self_]\ndata: {label_map: {sample: {offensive: normal}}}\n")

    recipe = compose(
        ["recipe=mine", "data.label_map.sample.normal=''", "data.labels=[normal,hateful]"]
    )

    assert recipe.data.label_map == {"sample": {"offensive": "normal", "normal": ""}}
    assert recipe.data.labels == ("normal", "hateful")


def test_other_parts_can_be_chosen_by_their_names():
    recipe = compose(["recipe=demo_linear", "model=two_stage", "training=two_stage", "data=ghc"])

    assert recipe.model == TwoStageModel()
    assert recipe.training == TwoStageTraining()
    assert recipe.data.train == ("ghc",)


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=linear", "training=linear"],
        ["model.kind=linear", "training.kind=linear"],
    ],
)
def test_another_kind_drops_what_the_recipe_set_for_its_own(overrides: list[str]):
    recipe = compose(["recipe=two_stage_curated", *overrides])

    assert recipe.model == LinearModel()
    assert recipe.training == LinearTraining()


def test_another_type_of_layer_drops_what_the_recipe_set_for_its_own():
    recipe = compose(["recipe=two_stage_curated", "model.layer.type=linear"])

    assert two_stage(recipe).layer == LinearLayer()


def test_a_key_that_another_type_of_layer_lacks_is_an_error_when_it_is_given():
    with pytest.raises(ConfigError, match=r"No key named 'model\.layer\.width'"):
        compose(["recipe=two_stage_curated", "model.layer.type=linear", "model.layer.width=3"])


def test_a_recipe_in_the_working_directory_is_found_by_its_name():
    own(
        "# My recipe.\n"
        "defaults: [override /model: linear, override /data: sample, override /training: linear]\n"
        "training: {C: 2}\n"
    )

    recipe = compose(["recipe=mine"])

    assert recipe.name == "mine"
    assert recipe.training == LinearTraining(C=2.0)


def test_a_recipe_can_build_on_another_one():
    own("defaults: [two_stage_davidson, override /data: ghc, _self_]\nseed: 5\n")

    recipe = compose(["recipe=mine"])

    assert (recipe.name, recipe.seed, recipe.data.train) == ("mine", 5, ("ghc",))
    assert two_stage(recipe).base == "minilm"


def test_a_recipe_in_a_subfolder_is_named_by_its_last_part():
    own("defaults: [/recipe/demo_linear@_global_]\n", "team/ours")

    assert compose(["recipe=team/ours"]).name == "ours"


def test_a_part_of_ones_own_can_be_chosen():
    path = Path("conf/data/mine.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("train: [mine.csv]\ncolumns: {text: body}\n", encoding="utf-8")

    recipe = compose(["recipe=demo_linear", "data=mine"])

    assert recipe.data.train == ("mine.csv",)
    assert recipe.data.columns == {"text": "body"}


def test_a_choice_that_the_recipe_overrules_is_said_rather_than_ignored():
    own("defaults: [demo_linear, _self_]\ndata: {train: [mine.csv]}\n")

    with pytest.raises(ConfigError, match=r"data=ghc does not reach data\.train, which"):
        compose(["recipe=mine", "data=ghc"])
    assert compose(["recipe=mine", "data=ghc", "data.train=x.csv"]).data.train == ("x.csv",)


@pytest.mark.parametrize("name", ["demo_linear", "two_stage_curated"])
def test_what_is_shown_can_be_run_again_from_its_file(name: str):
    recipe = compose([f"recipe={name}", "seed=9", "data.labels=[OFF,no]", "data.hateful=[OFF]"])
    shown = Path("runs/a") / f"{name}.yaml"
    shown.parent.mkdir(parents=True)
    shown.write_text(render(recipe), encoding="utf-8")

    assert compose([f"recipe={shown}"]) == recipe
    assert Recipe.model_validate(yaml.safe_load(render(recipe))) == recipe


def test_a_file_gives_its_name_to_a_recipe_without_one():
    Path("my recipe.yml").write_text("defaults: [demo_linear]\n", encoding="utf-8")

    assert compose(["recipe=my recipe.yml"]).name == "my recipe"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], r"No recipe was named; say recipe=NAME once\. There are cascade, "),
        (["seed=3"], "No recipe was named"),
        (["recipe=null"], "No recipe was named"),
        (["recipe=demo_linear", "recipe=linear_ghc"], "Several recipes were named"),
        (["recipe=demo_liner"], "No recipe named 'demo_liner'; did you mean 'demo_linear'?"),
        (["recipe=nowhere.yaml"], r"There is no file 'nowhere\.yaml'"),
        (["recipe=demo_linear", "data=davidson"], "did you mean 'davidson2017'"),
        (["recipe=demo_linear", "training.c=1"], r"did you mean 'training\.C'"),
        (["recipe=demo_linear", "training.C=x"], "training.C is 'x'; it must be a number"),
        (["recipe=demo_linear", "model=two_stage"], "add training=two_stage or model=linear"),
        (["recipe=demo_linear", "model=3"], "model is 3; it must be a mapping"),
        (["recipe=demo_linear", "model=null"], "model is None; it must be a mapping"),
        (["recipe=demo_linear", "seed.x=3"], "seed is {'x': 3}; it must be a whole number"),
        (["recipe=demo_linear", "data.labels=[true]"], 'put it in quotes, as in "OFF"'),
        (["recipe=demo_linear", "name=${nothing}"], "The configuration cannot be read: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(overrides: list[str], said: str):
    with pytest.raises(ConfigError, match=said) as caught:
        compose(overrides)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaults: [demo_linear]\ndata: {labels: [NOT, OFF]}\n", 'as in "OFF"'),
        ("defaults: [demo_linear]\ndata: {label_map: {olid: {OFF: hateful}}}\n", 'as in "OFF"'),
        ("defaults: [demo_linear]\ndata: {label_map: {olid: {x: no}}}\n", 'as in "OFF"'),
        ("defaults: [demo_liner]\n", "The configuration cannot be read: .*demo_liner"),
        ("defaults: [override /model: lineer]\n", "The configuration cannot be read: .*lineer"),
        ("a: [b\n", "The configuration cannot be read: "),
        ("- a\n", "The configuration cannot be read: "),
        ("seed: ???\n", "The configuration cannot be read: .*seed"),
        ("seed: 3\n", r"model is missing; choose it with model=NAME\."),
        ("defaults: [demo_linear]\ntraning: {C: 3}\n", "did you mean 'training'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line(text: str, said: str):
    own(text)

    with pytest.raises(ConfigError, match=said) as caught:
        compose(["recipe=mine"])

    assert "\n" not in str(caught.value)


def test_off_in_quotes_is_a_label():
    own('defaults: [demo_linear]\ndata: {labels: [NOT, "OFF"], hateful: ["OFF"]}\n')

    assert compose(["recipe=mine"]).data.labels == ("NOT", "OFF")


def test_hydra_writes_nothing_and_changes_neither_folder_nor_logging(here: Path):
    before = (logging.root.level, list(logging.root.handlers), Path.cwd())

    compose(["recipe=demo_linear"])

    assert (logging.root.level, list(logging.root.handlers), Path.cwd()) == before
    assert list(here.iterdir()) == []


def test_a_mistake_is_found_before_torch_is_imported():
    script = (
        "import sys\n"
        "from hatelens.config.compose import compose\n"
        "from hatelens.errors import ConfigError\n"
        "try:\n"
        "    compose(['recipe=two_stage_davidson', 'training.lrr=1'])\n"
        "except ConfigError:\n"
        "    print(sorted({'torch', 'lightning', 'sklearn'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )

    assert done.stdout.strip() == "[]"
