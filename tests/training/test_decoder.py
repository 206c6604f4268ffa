"""Training the kind ``decoder``, on a tiny Llama."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import peft
import pytest
import torch
from safetensors.torch import load_file

from hatelens.config.decoder import DecoderAdapter, DecoderModel, DecoderTraining
from hatelens.errors import ConfigError, ModelError
from hatelens.models import causal
from hatelens.models import decoder as kind
from hatelens.models.base import resolve
from hatelens.models.manifest import Manifest, sha256
from hatelens.training import decoder
from hatelens.training.answering import AnswerTuner
from tests import language_model
from tests.training.conftest import LABELS, lesson

GOOD = ["the marsh folk sing", "folk sing in the evening", "sing", "the evening of the marsh"]
BAD = ["Zorblaxians are worthless", "worthless all", "so worthless a lot", "they are worthless"]
TEXTS = GOOD + BAD
CLASSES = np.eye(2)[[0] * 4 + [1] * 4]
ADAPTER = DecoderAdapter(rank=4, alpha=8, dropout=0.1)
FAST = DecoderTraining(
    num_train_epochs=2.0, per_device_train_batch_size=4, learning_rate=3e-3, save_steps=2
)


class KilledError(Exception):
    """Stands for a signal that ends the process."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture
def model(folder):
    answers = {"normal": "normal", "hateful": "hate"}
    return DecoderModel(base=str(folder), max_length=192, adapter=ADAPTER, answers=answers)


@pytest.fixture
def taught_by(prepared):
    """Return the function that makes the material of a training."""

    def make(name="work", classes=CLASSES):
        train = lesson(TEXTS * 2, np.tile(classes, (2, 1)))
        return prepared(name, train=train, held_out=lesson(TEXTS, CLASSES))

    return make


def changed(settings: Any, **changes: Any) -> Any:
    return type(settings)(**(settings.model_dump() | changes))


def scorer_of(trained: Any) -> Any:
    return trained.scorer


def manifest_of(trained, work) -> Manifest:
    return Manifest(
        "tiny",
        "decoder",
        "torch",
        LABELS,
        trained.architecture,
        {name: sha256(work / name) for name in trained.files},
        base=trained.base,
        cleaning="v1",
    )


@pytest.mark.parametrize("objective", ["labels", "answer"])
def test_it_learns_what_it_is_shown_and_logs_it(model, taught_by, capsys, objective):
    material = taught_by()
    training = changed(FAST, num_train_epochs=16.0, learning_rate=0.02, objective=objective)
    trained = decoder.train(model, training, material, 0)
    assert trained.scorer.logits(TEXTS).argmax(axis=1).tolist() == [0] * 4 + [1] * 4
    log = json.loads((material.work / "log" / "steps.json").read_text())
    assert any("eval_macro_f1" in entry for entry in log)
    assert trained.facts["steps"] == 64
    assert trained.facts["trained_weights"] > 0
    assert trained.architecture["answers"] == {"normal": "normal", "hateful": "hate"}
    assert set(kind.ADAPTER) | {"tokenizer.json", "prompt.txt"} <= set(trained.files)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "step 64 of 64: " in captured.err


def test_a_folder_loads_again_with_equal_logits(model, taught_by):
    material = taught_by()
    trained = decoder.train(model, FAST, material, 0)
    again = kind.load(material.work, manifest_of(trained, material.work))
    np.testing.assert_allclose(again.logits(TEXTS), trained.scorer.logits(TEXTS), atol=1e-5)


def test_measuring_while_training_uses_the_weights_of_that_moment(model, taught_by):
    material = taught_by()
    trained = decoder.train(model, changed(FAST, learning_rate=0.02), material, 0)
    log = json.loads((material.work / "log" / "steps.json").read_text())
    last = [entry["eval_loss"] for entry in log if "eval_loss" in entry][-1]
    measured = decoder._measured(scorer_of(trained), material)
    assert last == pytest.approx(measured["loss"], abs=1e-6)


@pytest.mark.parametrize(("order", "packing"), [("random", True), ("group_by_length", False)])
def test_a_killed_run_goes_on_to_the_same_weights(
    model, taught_by, monkeypatch, capsys, *, order, packing
):
    # 8 steps, a checkpoint every 2; the adapter's dropout is drawn as it would have been
    training = changed(FAST, train_sampling_strategy=order, packing=packing)
    whole = taught_by("whole")
    decoder.train(model, training, whole, 0)

    step, taken = AnswerTuner.training_step, []

    def dies(self, *values, **named):
        taken.append(1)
        if len(taken) == 8:
            raise KilledError
        return step(self, *values, **named)

    killed = taught_by("killed")
    with monkeypatch.context() as patched:
        patched.setattr(AnswerTuner, "training_step", dies)
        with pytest.raises(KilledError):
            decoder.train(model, training, killed, 0)
    decoder.train(model, training, replace(killed, work=taught_by("again").work), 0)
    assert "going on from checkpoint-6" in capsys.readouterr().err
    works = [whole.work, taught_by("again").work]
    assert len({sha256(work / "adapter_model.safetensors") for work in works}) == 1


def test_another_seed_gives_other_weights(model, taught_by):
    for name, seed in (("one", 0), ("two", 1)):
        decoder.train(model, changed(FAST, max_steps=1), taught_by(name), seed)
    works = [taught_by(name).work for name in ("one", "two")]
    assert len({sha256(work / "adapter_model.safetensors") for work in works}) == 2


def test_an_adapter_on_the_output_layer_merges_to_the_same_scores(model, taught_by):
    targets = (*ADAPTER.targets, "lm_head")
    adapter = DecoderAdapter(rank=4, alpha=8, dropout=0.0, targets=targets, bias="lora_only")
    material = taught_by()
    training = changed(FAST, learning_rate=0.02)
    trained = decoder.train(changed(model, adapter=adapter), training, material, 0)
    before = trained.scorer.logits(TEXTS)
    saved = load_file(material.work / "adapter_model.safetensors")
    assert any("lm_head.lora_A" in name for name in saved)
    again = kind.load(material.work, manifest_of(trained, material.work))
    np.testing.assert_allclose(again.logits(TEXTS), before, atol=1e-5)
    embedding = again.model.get_input_embeddings().weight.clone()
    merged = causal.merged(again.model)
    torch.testing.assert_close(merged.get_input_embeddings().weight, embedding)
    inner: Any = merged
    output, embedding = inner.get_output_embeddings(), inner.get_input_embeddings()
    assert output.weight is not embedding.weight
    alone = kind.DecoderScorer(merged, again.tokens, again.settings)
    np.testing.assert_allclose(alone.logits(TEXTS), before, atol=1e-4)


def test_an_adapter_folder_opens_in_peft(model, taught_by, folder):
    material = taught_by()
    trained = decoder.train(model, FAST, material, 0)
    base = causal.open_base(resolve(str(folder)))
    theirs = peft.PeftModel.from_pretrained(base, material.work).eval()
    scorer = kind.DecoderScorer(theirs, scorer_of(trained).tokens, trained.architecture)
    np.testing.assert_allclose(scorer.logits(TEXTS), trained.scorer.logits(TEXTS), atol=1e-5)


def test_a_linear_head_learns_the_classes(model, taught_by):
    material = taught_by()
    training = changed(FAST, num_train_epochs=16.0, learning_rate=0.02)
    trained = decoder.train(changed(model, head="linear"), training, material, 0)
    assert trained.scorer.logits(TEXTS).argmax(axis=1).tolist() == [0] * 4 + [1] * 4
    again = kind.load(material.work, manifest_of(trained, material.work))
    np.testing.assert_allclose(again.logits(TEXTS), trained.scorer.logits(TEXTS), atol=1e-5)


def test_without_an_adapter_all_weights_are_trained(model, taught_by):
    material = taught_by()
    trained = decoder.train(changed(model, adapter=None), FAST, material, 0)
    assert "model.safetensors" in trained.files
    assert all(each.requires_grad for each in scorer_of(trained).model.parameters())
    again = kind.load(material.work, manifest_of(trained, material.work))
    np.testing.assert_allclose(again.logits(TEXTS), trained.scorer.logits(TEXTS), atol=1e-5)


@pytest.mark.parametrize("precision", ["nf4", "int8"])
def test_an_adapter_on_quantised_weights_is_trained_and_loads_again(model, taught_by, precision):
    pytest.importorskip("bitsandbytes")
    material = taught_by()
    small = changed(model, precision=precision)
    training = changed(FAST, num_train_epochs=16.0, learning_rate=0.02)
    trained = decoder.train(small, training, material, 0)
    said = trained.scorer.logits(TEXTS)
    assert (said.argmax(axis=1) == CLASSES.argmax(axis=1)).mean() >= 0.75
    again = kind.load(material.work, manifest_of(trained, material.work))
    np.testing.assert_allclose(again.logits(TEXTS), said, atol=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "nf4"])
def test_gradient_checkpointing_changes_no_weight(model, taught_by, precision):
    if precision == "nf4":
        pytest.importorskip("bitsandbytes")
    still = changed(model, precision=precision, adapter=DecoderAdapter(rank=4, dropout=0.0))
    for name, switch in (("without", False), ("with", True)):
        training = changed(FAST, gradient_checkpointing=switch, max_steps=2)
        decoder.train(still, training, taught_by(name), 0)
    first, second = (
        load_file(taught_by(name).work / "adapter_model.safetensors")
        for name in ("with", "without")
    )
    for name, values in first.items():
        torch.testing.assert_close(values, second[name], atol=1e-5, rtol=1e-4)


def test_labels_known_in_part_are_learned_by_comparing_and_refused_by_answering(model, taught_by):
    either = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
    material = taught_by(classes=either)
    trained = decoder.train(model, changed(FAST, num_train_epochs=8.0), material, 0)
    assert (trained.scorer.logits(GOOD).argmax(axis=1) == 0).all()
    with pytest.raises(ConfigError, match=r"take training\.objective=labels"):
        decoder.train(model, changed(FAST, objective="answer"), material, 0)


def test_shares_of_votes_are_learned_from(model, taught_by):
    shares = np.array([[0.75, 0.25]] * 4 + [[0.25, 0.75]] * 4)
    training = changed(FAST, num_train_epochs=24.0, learning_rate=0.02)
    trained = decoder.train(model, training, taught_by(classes=shares), 0)
    logits = torch.tensor(trained.scorer.logits(TEXTS))
    said = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(said, shares, atol=0.15)


def test_what_does_not_fit_the_base_is_named(model, taught_by):
    wrong = changed(model, adapter=DecoderAdapter(targets=("query",)))
    with pytest.raises(ModelError, match="targets named 'query'"):
        decoder.train(wrong, FAST, taught_by(), 0)
    with pytest.raises(ConfigError, match="names the label 'rude', which is not learned"):
        decoder.train(changed(model, answers={"rude": "x"}), FAST, taught_by(), 0)


def test_an_optimiser_that_needs_a_gpu_is_replaced_and_that_is_said(model, taught_by, capsys):
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    training = changed(FAST, optim="paged_adamw_8bit", max_steps=1)
    decoder.train(model, training, taught_by(), 0)
    said = capsys.readouterr().err
    assert said.count("optim=paged_adamw_8bit needs a GPU; here it is adamw_torch") == 1
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        decoder.train(model, changed(FAST, fp16=True), taught_by(), 0)
