"""The kind ``two_stage``."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest
import torch

from hatelens.errors import ModelError
from hatelens.models import folder
from hatelens.models.two_stage import ACTIVATIONS, Layer, save

TEXTS = ["marsh folk sing", "worthless", "", "a b c d"]


def test_a_folder_opens_and_predicts_the_same_alone_as_in_a_batch(two_stage_folder):
    model = folder.classifier(str(two_stage_folder))
    alone = np.concatenate([model.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(model.logits(TEXTS), alone, atol=1e-6)
    assert len(model.predict(TEXTS)) == 4


def test_a_long_text_is_cut_at_tokens(two_stage_folder):
    windows = folder.load(str(two_stage_folder)).windows("a b c " * 10)
    assert len(windows) > 1
    assert windows[-1][1] == 60


SHAPES = [{"type": "linear"}] + [
    {"type": "mlp", "width": width, "activation": activation, "dropout": dropout}
    for width, activation, dropout in itertools.product((3, 8), ACTIVATIONS, (0.0, 0.4))
]


@pytest.mark.parametrize("settings", SHAPES, ids=str)
def test_every_shape_of_layer_loads_again(settings, tmp_path):
    from safetensors.torch import load_file

    layer = Layer(settings, 16, 3).eval()
    (name,) = save(layer, tmp_path)
    again = Layer(settings, 16, 3).eval()
    again.load_state_dict(load_file(tmp_path / name))
    vectors = torch.randn(4, 16)
    torch.testing.assert_close(layer(vectors), again(vectors))


def test_another_base_than_the_one_trained_on_is_refused(
    two_stage_folder, edit_manifest, base_folder
):
    record = {"name": str(base_folder), "source": "folder", "revision": None, "sha256": "0" * 64}
    edit_manifest(two_stage_folder, base=record)
    with pytest.raises(ModelError, match="was trained on another"):
        folder.load(str(two_stage_folder))


def test_a_base_that_is_gone_is_named(two_stage_folder, edit_manifest, tmp_path):
    gone = tmp_path / "gone"
    record = {"name": str(gone), "source": "folder", "revision": None, "sha256": "0" * 64}
    edit_manifest(two_stage_folder, base=record)
    with pytest.raises(ModelError, match="No base model named"):
        folder.load(str(two_stage_folder))


def test_a_manifest_without_a_base_is_refused(two_stage_folder, edit_manifest):
    edit_manifest(two_stage_folder, base=None)
    with pytest.raises(ModelError, match="names no base model"):
        folder.load(str(two_stage_folder))


def test_a_moved_folder_still_opens(two_stage_folder, tmp_path):
    moved = shutil.move(two_stage_folder, tmp_path / "elsewhere")
    assert folder.load(str(moved)).predict(["marsh"])
