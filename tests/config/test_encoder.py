"""The settings of the kind ``encoder``."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from hatelens.config.compose import compose
from hatelens.config.encoder import EncoderTraining
from hatelens.config.schema import Recipe
from hatelens.config.trainer import OWN
from hatelens.errors import ConfigError

pytestmark = pytest.mark.usefixtures("here")


def test_any_argument_of_the_trainer_can_be_set():
    recipe = compose(["recipe=demo_encoder", "training.max_grad_norm=0.5"])
    assert isinstance(recipe.training, EncoderTraining)
    assert recipe.training.model_extra == {"max_grad_norm": 0.5}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("training.max_grad_nrm=1", "did you mean 'max_grad_norm'"),
        *((f"training.{name}=1", f"No key of training named '{name}'") for name in sorted(OWN)),
        ("training.loss=hinge", "training.loss is 'hinge'"),
        ("training.num_train_epochs=0", "num_train_epochs is 0"),
        ("model.adapter={rank: 0}", "rank"),
        ("model.adapter={width: 3}", "width"),
        ("folds=1", "folds is 1"),
        ("training.metric_for_best_model=bleu", "metric_for_best_model is 'bleu'"),
    ],
)
def test_a_wrong_setting_is_one_plain_line(override, said):
    with pytest.raises(ConfigError, match=said) as caught:
        compose(["recipe=demo_encoder", override])
    assert "\n" not in str(caught.value)


def test_a_map_to_an_output_that_a_head_lacks_is_said():
    with pytest.raises(ConfigError, match="No output named 'insul'; did you mean 'insult'"):
        compose(
            [
                "recipe=demo_encoder",
                "heads.mine={type: attributes, names: [insult], train: {sample: {x: insul}}}",
            ]
        )


def test_heads_belong_to_an_encoder():
    with pytest.raises(ConfigError, match=r"heads need model\.kind 'encoder'; found 'linear'"):
        compose(["recipe=demo_linear", "heads.spans={type: spans, train: {sample: {}}}"])


def test_an_adapter_can_be_asked_for_on_the_command_line():
    recipe = compose(["recipe=demo_encoder", "model.adapter={rank: 4, targets: query}"])
    assert recipe.model.kind == "encoder"
    assert recipe.model.adapter is not None
    assert (recipe.model.adapter.rank, recipe.model.adapter.targets) == (4, ("query",))


def test_usual_settings_need_no_training_library():
    code = (
        "import sys; from hatelens.config.compose import compose; "
        "compose(['recipe=demo_encoder']); print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("spans", "targets"), ("marked", "spans"), ("logits", "targets"), ("a.b", "attributes")],
)
def test_a_head_has_a_name_that_nothing_else_has(name, kind):
    settings = {"type": kind, "names": ("x",), "train": {"sample": {}}}
    values = compose(["recipe=demo_encoder"]).model_dump()
    with pytest.raises(ValidationError, match="head"):
        Recipe.model_validate({**values, "heads": {name: settings}})
