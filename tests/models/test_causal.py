"""Causal language models: precisions, adapters, tied weights."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import causal, label_words
from hatelens.models.base import resolve
from hatelens.models.prompt import load
from hatelens.models.prompt_tokens import PromptTokenizer
from tests import language_model

SETTINGS = {"rank": 4, "alpha": 8, "dropout": 0.0, "bias": "none"}
IDS = torch.tensor([[5, 9, 12, 40, 7]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture
def model(folder):
    return causal.open_base(resolve(str(folder)))


def stirred(adapted):
    """Give an adapter weights as if it had been trained: a new one changes nothing."""
    torch.manual_seed(1)
    for name, weights in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.2)
    return adapted.eval()


def logits(model):
    with torch.inference_mode():
        return model(IDS).logits.numpy()


def test_an_adapter_on_the_output_layer_merges_into_a_tied_model_unchanged(model):
    plain = logits(model)
    settings = {**SETTINGS, "targets": ["q_proj", "lm_head"]}
    adapted = stirred(causal.adapted(model, settings))
    unmerged = logits(adapted)
    merged = causal.merged(copy.deepcopy(adapted))
    assert np.abs(unmerged - plain).max() > 0.1
    np.testing.assert_allclose(logits(merged), unmerged, atol=1e-4)


def test_a_merged_output_layer_survives_saving(model, tmp_path):
    settings = {**SETTINGS, "targets": ["lm_head"]}
    adapted = stirred(causal.adapted(model, settings))
    unmerged = logits(adapted)
    causal.merged(adapted).save_pretrained(tmp_path)
    again = causal.open_base(resolve(str(tmp_path)))
    np.testing.assert_allclose(logits(again), unmerged, atol=1e-4)


def test_an_adapter_on_the_output_layer_is_saved_and_opened(model, folder, tmp_path):
    settings = {**SETTINGS, "targets": ["v_proj", "lm_head"]}
    adapted = stirred(causal.adapted(model, settings))
    adapted.save_pretrained(tmp_path, save_embedding_layers=False)
    again = causal.with_adapter(causal.open_base(resolve(str(folder))), tmp_path)
    np.testing.assert_allclose(logits(again), logits(adapted), atol=1e-5)


def test_untying_changes_no_answer_and_frees_the_embeddings(model):
    before = logits(model)
    free = causal.untied(model)
    inner: Any = free
    output, embedding = inner.get_output_embeddings(), inner.get_input_embeddings()
    assert output.weight is not embedding.weight
    np.testing.assert_array_equal(logits(free), before)
    assert causal.untied(free) is free


def test_a_base_without_tied_weights_stays_as_it_is(tmp_path):
    model = causal.open_base(resolve(str(language_model.write(tmp_path, tied=False))))
    output = model.get_output_embeddings()
    assert causal.untied(model).get_output_embeddings() is output


def test_all_linear_layers_can_be_named_at_once(model):
    adapted = causal.adapted(model, {**SETTINGS, "targets": "all-linear"})
    names = {name for name, _ in adapted.named_modules() if name.endswith("lora_A")}
    assert any("down_proj" in name for name in names)
    assert not any("lm_head" in name for name in names)


def test_a_misspelt_layer_is_answered_with_those_there_are(model):
    with pytest.raises(ModelError, match="did you mean 'q_proj'"):
        causal.adapted(model, {**SETTINGS, "targets": ["q_prj"]})


def test_a_misspelt_precision_is_answered_with_those_there_are(folder):
    with pytest.raises(ModelError, match="bf16, fp32, int8, nf4"):
        causal.open_base(resolve(str(folder)), "fp8")


def test_an_adapter_that_does_not_fit_is_one_plain_line(folder, tmp_path):
    language_model.write(tmp_path / "other")
    model = causal.open_base(resolve(str(tmp_path / "other")))
    adapted = causal.adapted(model, {**SETTINGS, "targets": ["q_proj"]})
    adapted.save_pretrained(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 4', '"r": 8'))
    with pytest.raises(ModelError, match="does not fit the base model"):
        causal.with_adapter(causal.open_base(resolve(str(folder))), tmp_path / "adapter")


def test_a_folder_of_another_kind_of_model_is_refused(tmp_path):
    folder = language_model.write(tmp_path)
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="cannot be opened as a language model"):
        causal.open_base(resolve(str(folder)))


def test_a_head_of_ones_own_has_the_names_of_the_labels(folder):
    labels = LabelSet(("normal", "hate"), ("hate",))
    model = causal.open_classifier(resolve(str(folder)), labels, pad=2)
    assert model.config.id2label == {0: "normal", 1: "hate"}
    assert logits(model).shape == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_a_quantised_base_answers_nearly_the_same_and_takes_an_adapter(folder, precision):
    base = resolve(str(folder))
    tokens = PromptTokenizer(folder, load("classify", chat=True), 200, {"labels": "a / b"})
    answers = label_words.answers(tokens, {"a": "hate", "b": "normal"})
    texts = ["the folk sing", "vermin"]
    model = causal.open_base(base, precision)
    kinds = {type(each).__module__ for each in model.modules()}
    assert any("bitsandbytes" in kind for kind in kinds)
    exact = label_words.score(causal.open_base(base), tokens, texts, answers, 2)
    near = label_words.score(model, tokens, texts, answers, 2)
    assert np.abs(near - exact).max() < 3.0
    adapted = causal.adapted(model, {**SETTINGS, "targets": ["q_proj", "lm_head"]})
    assert np.isfinite(label_words.score(adapted, tokens, texts, answers, 2)).all()


@pytest.mark.slow
def test_training_in_four_bit_goes_on_after_a_measurement(folder):
    model = causal.open_base(resolve(str(folder)), "nf4")
    adapted = stirred(causal.adapted(model, {**SETTINGS, "targets": ["q_proj"]}))
    logits(adapted)
    adapted.train()
    adapted(IDS).logits.sum().backward()
    grown = [p.grad.abs().sum() for name, p in adapted.named_parameters() if "lora_A" in name]
    assert len(grown) == 2
    assert all(each > 0 for each in grown)
