"""The settings of the kind ``decoder``."""

from __future__ import annotations

import pytest

from hatelens.config.compose import compose, names
from hatelens.config.decoder import LINEAR_LAYERS, DecoderModel, DecoderTraining, spoken
from hatelens.errors import ConfigError

pytestmark = pytest.mark.usefixtures("here")
PLAIN = ["recipe=demo_linear", "model=decoder", "training=decoder"]


def parts(*overrides):
    recipe = compose(overrides)
    assert isinstance(recipe.model, DecoderModel)
    assert isinstance(recipe.training, DecoderTraining)
    return recipe.model, recipe.training


def test_the_usual_decoder_is_a_small_model_with_an_adapter():
    model, training = parts(*PLAIN)
    assert (model.base, model.precision, model.head) == ("smollm2", "fp32", "labels")
    assert model.adapter is not None
    assert model.adapter.targets == LINEAR_LAYERS
    assert (training.objective, training.packing) == ("labels", True)


def test_the_classifier_recipe_has_its_exact_hyper_parameters():
    model, training = parts("recipe=llm_mhs")
    assert model.base == "mistralai/Mistral-7B-Instruct-v0.2"
    assert (model.precision, model.prompt, model.max_length) == ("nf4", "mhs", 512)
    assert model.adapter is not None
    assert (model.adapter.rank, model.adapter.alpha, model.adapter.dropout) == (16, 16, 0.0)
    assert model.adapter.targets == LINEAR_LAYERS
    assert (training.learning_rate, training.weight_decay) == (1e-4, 0.01)
    extra = training.model_extra or {}
    batch = training.per_device_train_batch_size * extra["gradient_accumulation_steps"]
    assert (batch, training.num_train_epochs) == (64, 1)
    assert (extra["optim"], extra["bf16"]) == ("adamw_8bit", True)
    assert training.objective == "answer"


def test_the_platform_recipe_has_its_exact_hyper_parameters():
    recipe = compose(["recipe=llm_platform"])
    model, training = recipe.model, recipe.training
    assert isinstance(model, DecoderModel)
    assert isinstance(training, DecoderTraining)
    assert model.adapter is not None
    assert (model.adapter.rank, model.adapter.alpha, model.adapter.dropout) == (64, 16, 0.1)
    assert (model.precision, recipe.seed) == ("nf4", 4761)
    assert (training.learning_rate, training.warmup_steps) == (4e-4, 0.03)
    assert training.lr_scheduler_type == "cosine"
    assert (training.num_train_epochs, training.per_device_train_batch_size) == (1, 8)
    assert training.train_sampling_strategy == "group_by_length"
    extra = training.model_extra or {}
    assert (extra["optim"], extra["max_grad_norm"]) == ("paged_adamw_32bit", 0.3)
    flags = model.generation
    assert (flags.temperature, flags.top_p, flags.max_new_tokens) == (0.7, 0.9, 200)
    assert flags.num_return_sequences == 1


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("llm_small")])
def test_small_recipes_need_no_gpu(name):
    recipe = compose([f"recipe={name}"])
    assert recipe.model.kind in {"decoder", "responder", "mixture"}
    extra = recipe.training.model_extra or {}
    assert not {"bf16", "fp16", "optim"} & extra.keys()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (["model.precision=nf4", "model.adapter=null"], "weights in nf4 cannot be trained"),
        (["model.precision=int3"], "model.precision is 'int3'"),
        (["model.head=linear", "model.decode=generate"], "head=linear writes nothing"),
        (["model.head=linear", "model.explains=true"], "head=linear writes nothing"),
        (["model.head=linear", "training.objective=answer"], "training.objective=answer teaches"),
        (["model.explains=true"], "take training.objective=answer"),
        (["model.answers={a: x, b: x}"], "'a' and 'b' are both answered with 'x'"),
        (["model.answers={a: ' '}"], "the label 'a' needs words"),
        (["model.answers={a: false}"], "needs quotes to be text"),
        (["training.learning_rat=1"], "did you mean 'learning_rate'"),
        (["training.output_dir=x"], "No key of training named 'output_dir'"),
        (["heads.spans={type: spans, train: {sample: {}}}"], "heads need model.kind 'encoder'"),
        (["model.generation={beams: 2}"], "beams"),
    ],
)
def test_a_wrong_setting_is_one_plain_line(override, said):
    with pytest.raises(ConfigError, match=said) as caught:
        compose([*PLAIN, *override])
    assert "\n" not in str(caught.value)


def test_any_argument_of_the_trainer_can_be_set():
    _, training = parts(*PLAIN, "training.neftune_noise_alpha=5")
    assert training.model_extra == {"neftune_noise_alpha": 5}


def test_a_label_is_its_own_word_unless_another_is_given():
    assert spoken({"b": "bad"}, ("a", "b")) == {"a": "a", "b": "bad"}
    with pytest.raises(ConfigError, match="names the label 'c', which is not learned; there are a"):
        spoken({"c": "x"}, ("a", "b"))
    with pytest.raises(ConfigError, match="both answered with 'a'"):
        spoken({"b": "a"}, ("a", "b"))
