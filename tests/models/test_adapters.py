"""Several adapters on one base: one per text, or a weighted sum of updates."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import adapters, folder
from hatelens.models import encoder as kind
from hatelens.models import manifest as manifests
from hatelens.models.adapted_encoder import AdaptedEncoder
from hatelens.models.base import resolve
from hatelens.models.encoder import Encoder, EncoderScorer
from hatelens.models.heads import Head
from tests.models.adapter_folders import LABELS, NAMES, TEXTS, write_adapter, write_adapters

WEIGHTS = np.array([[0.2, 0.5, 0.3], [1, 0, 0], [0, 0.4, 0.6], [0.1, 0.1, 0.8], [0, 1, 0]])


@pytest.fixture
def folders(tmp_path, base_folder):
    return write_adapters(tmp_path, base_folder)


@pytest.fixture
def adapted(folders) -> AdaptedEncoder:
    found = adapters.opened(folders)
    assert isinstance(found, AdaptedEncoder)
    return found


def test_an_adapter_among_others_scores_as_it_does_alone(folders, adapted):
    for name, path in folders.items():
        alone = folder.classifier(str(path)).scorer.logits(TEXTS)
        together = adapted.logits(TEXTS, [name] * len(TEXTS))
        np.testing.assert_allclose(together, alone, atol=1e-5)


def test_texts_of_one_batch_take_different_adapters(folders, adapted):
    chosen = ["forum", "all", "microblog", "all", "forum"]
    mixed = adapted.logits(TEXTS, chosen)
    for row, (text, name) in enumerate(zip(TEXTS, chosen, strict=True)):
        np.testing.assert_allclose(mixed[row], adapted.logits([text], [name])[0], atol=1e-5)
    spread = [adapted.logits(TEXTS, [name] * 5) for name in NAMES]
    assert np.abs(spread[0] - spread[1]).max() > 0.1


def test_a_sum_of_updates_is_exact_for_each_text_of_a_batch(base_folder, adapted):
    found = adapted.combined(TEXTS, WEIGHTS)
    for row, weights in enumerate(WEIGHTS):
        merged = EncoderScorer(summed(base_folder, adapted, weights), adapted.tokenizer)
        np.testing.assert_allclose(found[row], merged.logits(TEXTS)[row], atol=1e-5)


def summed(base_folder, adapted, weights) -> Encoder:
    """Return a plain model whose weights are the base's and the weighted sum of the updates."""
    torch.manual_seed(0)
    whole = kind.classifier(resolve(str(base_folder)), LABELS)
    plain: Any = whole
    inner = adapted.model.base_model.model
    with torch.no_grad():
        for name, layer in inner.named_modules():
            if hasattr(layer, "lora_A"):
                updates = [layer.get_delta_weight(each) for each in NAMES]
                change = sum(w * u for w, u in zip(weights, updates, strict=True))
                plain.get_submodule(name).weight += change
        heads = inner.classifier.modules_to_save
        for part in ("weight", "bias"):
            versions = [getattr(heads[name], part) for name in NAMES]
            getattr(plain.classifier, part).copy_(
                sum(w * v for w, v in zip(weights, versions, strict=True))
            )
    return Encoder(whole)


def test_all_weight_on_one_adapter_is_that_adapter(adapted):
    for column, name in enumerate(NAMES):
        sure = np.zeros((len(TEXTS), 3))
        sure[:, column] = 1.0
        alone = adapted.logits(TEXTS, [name] * len(TEXTS))
        np.testing.assert_allclose(adapted.combined(TEXTS, sure), alone, atol=1e-5)


def test_weights_leave_no_trace_behind(adapted):
    before = adapted.logits(TEXTS, ["all"] * 5)
    adapted.combined(TEXTS, WEIGHTS)
    np.testing.assert_array_equal(adapted.logits(TEXTS, ["all"] * 5), before)
    hooked = [each for each in adapted.model.modules() if each._forward_hooks]
    assert hooked == []


def test_a_layer_that_only_some_adapters_change_is_summed_over_those(tmp_path, base_folder):
    folders = {
        "microblog": write_adapter(tmp_path / "a", base_folder, 1, targets=["query"]),
        "forum": write_adapter(tmp_path / "b", base_folder, 2, targets=["value"]),
    }
    adapted = adapters.opened(folders)
    chosen = ["microblog", "forum", "forum", "microblog", "forum"]
    sure = np.array([[1.0, 0.0] if name == "microblog" else [0.0, 1.0] for name in chosen])
    mixed = adapted.logits(TEXTS, chosen)
    np.testing.assert_allclose(adapted.combined(TEXTS, sure), mixed, atol=1e-5)


def test_the_base_is_in_memory_once(adapted):
    named = [name for name, _ in adapted.model.named_parameters() if "word_embeddings" in name]
    assert len(named) == 1


def test_adapters_that_do_not_go_together_are_refused(tmp_path, base_folder, folders):
    fewer = LabelSet(("neutral", "hate"), ("hate",))
    other = write_adapter(tmp_path / "other", base_folder, 9, labels=fewer)
    with pytest.raises(ModelError, match="has the labels neutral, hate; the mixture needs"):
        adapters.opened(folders | {"other": other})
    manifest = manifests.read(folders["all"])
    assert manifest.base is not None
    moved = replace(manifest, base=replace(manifest.base, sha256="0" * 64))
    with pytest.raises(ModelError, match="has the base model of sha256 0000"):
        adapters.check("moved", moved, manifest)
    headed = replace(manifest, heads=(Head("target", "targets", ("folk",)),))
    with pytest.raises(ModelError, match="further heads"):
        adapters.check("headed", headed, manifest)
    whole = replace(manifest, architecture={"adapter": None})
    with pytest.raises(ModelError, match="whole encoder model"):
        adapters.check("whole", whole, manifest)


def test_a_damaged_adapter_is_named(base_folder, folders):
    model = kind.classifier(resolve(str(base_folder)), LABELS)
    file = folders["forum"] / "adapter_model.safetensors"
    weights = load_file(file)
    lost = next(name for name in weights if "lora_B" in name)
    save_file({name: each for name, each in weights.items() if name != lost}, file)
    with pytest.raises(ModelError, match=r"does not fit its base \(it lacks .*lora_B"):
        adapters.attach(model, folders)
    file.unlink()
    with pytest.raises(ModelError, match=r"holds no adapter; it needs adapter_config\.json"):
        adapters.attach(kind.classifier(resolve(str(base_folder)), LABELS), folders)


def test_an_adapter_that_is_no_plain_sum_is_refused(base_folder, folders):
    file = folders["forum"] / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"use_dora": True}))
    with pytest.raises(ModelError, match=r"plain LoRA|does not fit its base"):
        adapters.attach(kind.classifier(resolve(str(base_folder)), LABELS), folders)
