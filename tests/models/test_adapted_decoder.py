"""A language model with several adapters: classes of texts, each by its own adapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hatelens.errors import ModelError
from hatelens.models import adapters, causal, decoder, folder
from hatelens.models.adapted_decoder import AdaptedDecoder
from hatelens.models.base import resolve
from hatelens.models.manifest import Manifest
from tests import language_model
from tests.models.adapter_folders import LABELS

NAMES = ("microblog", "forum", "all")
TEXTS = ["the folk of the marsh sing", "", "Zorblaxians are vermin. " * 4, "hi"]
WEIGHTS = np.array([[0.2, 0.5, 0.3], [1, 0, 0], [0.2, 0.5, 0.3], [0, 0.4, 0.6]])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


def write(path, base_folder, seed, *, targets=("q_proj", "down_proj"), **changes: Any):
    """Write the model folder of a tiny language model's adapter with random weights."""
    settings: dict[str, Any] = {
        "base": str(base_folder),
        "precision": "fp32",
        "prompt": "classify",
        "chat": True,
        "max_length": 256,
        "head": "labels",
        "decode": "probability",
        "answers": {"neutral": "normal", "offensive": "very offensive", "hate": "hate"},
        "adapter": {"rank": 2, "alpha": 4, "dropout": 0.0, "targets": list(targets)},
        "generation": {},
    } | changes
    found = resolve(str(base_folder))
    tokens = decoder.prompted(base_folder, settings)
    linear = settings["head"] == "linear"
    torch.manual_seed(seed)
    whole = causal.open_classifier(found, LABELS, tokens.pad) if linear else causal.open_base(found)
    task = "SEQ_CLS" if linear else "CAUSAL_LM"
    model = causal.adapted(whole, settings["adapter"], task)
    for name, values in model.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            torch.nn.init.normal_(values, std=0.5)
    with folder.writing(path, overwrite=True) as work:
        files = decoder.save(model, tokens, work)
        manifest = Manifest(
            path.name,
            "decoder",
            "torch",
            LABELS,
            settings,
            folder.hashes(work, files),
            base=found.record,
        )
        folder.write_manifest(work, manifest)
    return path


def opened(path, base_folder, **changes: Any) -> tuple[dict[str, Any], AdaptedDecoder]:
    folders = {
        name: write(path / name, base_folder, seed, **changes) for seed, name in enumerate(NAMES)
    }
    found = adapters.opened(folders)
    assert isinstance(found, AdaptedDecoder)
    return folders, found


@pytest.mark.parametrize("head", ["labels", "linear"])
def test_an_adapter_among_others_scores_as_it_does_alone(tmp_path, base, head):
    folders, adapted = opened(tmp_path, base, head=head)
    chosen = ["forum", "all", "microblog", "forum"]
    mixed = adapted.logits(TEXTS, chosen)
    for row, (text, name) in enumerate(zip(TEXTS, chosen, strict=True)):
        alone = folder.classifier(str(folders[name])).scorer.logits([text])
        np.testing.assert_allclose(mixed[row], alone[0], atol=1e-4)
    assert np.abs(mixed[0] - mixed[3]).max() > 1e-3


@pytest.mark.parametrize("head", ["labels", "linear"])
def test_all_weight_on_one_adapter_is_that_adapter(tmp_path, base, head):
    _, adapted = opened(tmp_path, base, head=head)
    for column, name in enumerate(NAMES):
        sure = np.zeros((len(TEXTS), 3))
        sure[:, column] = 1.0
        alone = adapted.logits(TEXTS, [name] * len(TEXTS))
        np.testing.assert_allclose(adapted.combined(TEXTS, sure), alone, atol=1e-4)


def test_a_sum_of_updates_is_that_of_peft(tmp_path, base):
    _, adapted = opened(tmp_path, base)
    ours = adapted.combined(TEXTS, np.tile([0.2, 0.5, 0.3], (len(TEXTS), 1)))
    adapted.model.add_weighted_adapter(list(NAMES), [0.2, 0.5, 0.3], "sum", combination_type="cat")
    again = AdaptedDecoder(adapted.model, adapted.tokens, adapted._settings, ("sum",))
    theirs = again.logits(TEXTS, ["sum"] * len(TEXTS))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_batch_equals_its_texts_one_by_one(tmp_path, base):
    _, adapted = opened(tmp_path, base)
    together = adapted.combined(TEXTS, WEIGHTS)
    for row, text in enumerate(TEXTS):
        alone = adapted.combined([text], WEIGHTS[row : row + 1])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-4)


def test_adapters_of_the_output_layer_leave_the_embeddings_as_they_are(tmp_path, base):
    folders, adapted = opened(tmp_path, base, targets=("q_proj", "lm_head"))
    alone = folder.classifier(str(folders["forum"])).scorer.logits(TEXTS)
    np.testing.assert_allclose(adapted.logits(TEXTS, ["forum"] * 4), alone, atol=1e-4)
    model = adapted.model.base_model.model
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    assert head.base_layer.weight is not embedding.weight


def test_adapters_that_are_asked_differently_are_refused(tmp_path, base):
    folders = {"a": write(tmp_path / "a", base, 1), "b": write(tmp_path / "b", base, 2, chat=False)}
    with pytest.raises(ModelError, match="has the chat False; the mixture needs True"):
        adapters.opened(folders)
    folders["b"] = write(tmp_path / "b", base, 2, prompt="three_way")
    with pytest.raises(ModelError, match="has the prompt of sha256"):
        adapters.opened(folders)
