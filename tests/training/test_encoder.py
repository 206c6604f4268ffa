"""Training the kind ``encoder``, on a tiny BERT."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import peft
import pytest
import torch
import transformers
from safetensors.torch import load_file

from hatelens.config.encoder import AdapterSettings, EncoderTraining
from hatelens.errors import ModelError
from hatelens.models import encoder as kind
from hatelens.models.classifier import Classifier
from hatelens.models.decision import softmax
from hatelens.models.manifest import Manifest, sha256
from hatelens.training import encoder
from hatelens.training.finetune import Finetuner
from tests.training.conftest import BAD, FAST, GOOD, INSULT, LABELS, SPANS, halves, lesson

ADAPTER = AdapterSettings(rank=2, alpha=4, targets=("query", "value"))


class KilledError(Exception):
    """Stands for a signal that ends the process."""


def with_changes(training: EncoderTraining, **changes: Any) -> EncoderTraining:
    values: dict[str, Any] = training.model_dump() | changes
    return EncoderTraining(**values)


def encoder_of(trained: Any) -> torch.nn.Module:
    return trained.scorer.encoder


def manifest_of(trained, work) -> Manifest:
    return Manifest(
        "tiny",
        "encoder",
        "torch",
        LABELS,
        trained.architecture,
        {name: sha256(work / name) for name in trained.files},
        base=trained.base,
        heads=trained.heads,
        cleaning="v1",
    )


def test_it_learns_what_it_is_shown_and_logs_it(model, prepared, capsys):
    material = prepared()
    trained = encoder.train(
        model, with_changes(FAST, num_train_epochs=6.0, learning_rate=0.03), material, 0
    )
    assert trained.scorer.logits(GOOD + BAD).argmax(axis=1).tolist() == [0] * 4 + [1] * 4
    log = json.loads((material.work / "log" / "steps.json").read_text())
    assert any("eval_macro_f1" in entry for entry in log)
    assert trained.facts["epochs"] == 6.0
    assert {"model.safetensors", "config.json", "tokenizer.json"} == set(trained.files)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "step 24 of 24: " in captured.err
    written = {path.suffix for path in material.work.rglob("*") if path.is_file()}
    assert written <= {".safetensors", ".json"}


def test_a_plain_folder_opens_in_a_transformers_pipeline_with_equal_scores(model, prepared):
    material = prepared()
    trained = encoder.train(model, FAST, material, 0)
    ours = Classifier(trained.scorer, manifest_of(trained, material.work))
    pipeline = transformers.pipeline("text-classification", model=str(material.work))
    texts = ["Marsh folk SING", "they are wor\u200bthless", "a b", ""]
    for text, prediction in zip(texts, ours.predict(texts), strict=True):
        cleaned = ours._clean(text).text
        theirs = {one["label"]: one["score"] for one in pipeline(cleaned, top_k=None)}
        assert theirs == pytest.approx(dict(prediction.scores), abs=1e-5)


def test_an_adapter_folder_opens_in_peft_with_equal_logits(model, prepared):
    material = prepared()
    small = model.model_copy(update={"adapter": ADAPTER})
    trained = encoder.train(small, FAST, material, 0)
    assert set(trained.files) == {*kind.ADAPTER, "tokenizer.json"}
    opened = peft.AutoPeftModelForSequenceClassification.from_pretrained(
        material.work, num_labels=2
    ).eval()
    tokens = torch.tensor([[2, 14, 15, 3], [2, 17, 4, 3]])
    with torch.inference_mode():
        theirs = opened(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits
    again = kind.load(material.work, manifest_of(trained, material.work))
    texts = ["marsh folk", "worthless a"]
    np.testing.assert_allclose(again.logits(texts), theirs.numpy(), atol=1e-5)
    np.testing.assert_allclose(again.logits(texts), trained.scorer.logits(texts), atol=1e-5)


def test_an_adapter_leaves_the_base_as_it_is_and_learns_the_layer_on_top(model, prepared):
    small = model.model_copy(update={"adapter": ADAPTER})
    trained = encoder.train(small, FAST, prepared(), 0)
    learned = {name for name, each in encoder_of(trained).named_parameters() if each.requires_grad}
    assert any("lora_A" in name for name in learned)
    assert any("modules_to_save" in name for name in learned)
    assert all("lora_" in name or "modules_to_save" in name for name in learned)


def test_a_layer_that_the_base_lacks_is_named(model, prepared):
    wrong = model.model_copy(update={"adapter": AdapterSettings(targets=("c_attn",))})
    with pytest.raises(ModelError, match=r"targets named 'c_attn'. There are .*query"):
        encoder.train(wrong, FAST, prepared(), 0)
    misspelt = AdapterSettings(targets=("query", "valeu"))
    with pytest.raises(ModelError, match="did you mean 'value'"):
        encoder.train(model.model_copy(update={"adapter": misspelt}), FAST, prepared(), 0)
    table = AdapterSettings(targets=("LayerNorm",))
    with pytest.raises(ModelError, match=r"model\.adapter does not fit the base"):
        encoder.train(model.model_copy(update={"adapter": table}), FAST, prepared(), 0)


@pytest.mark.parametrize(("order", "soup"), [("group_by_length", 1), ("random", 1), ("random", 2)])
def test_a_killed_run_goes_on_to_the_same_weights(
    model, prepared, monkeypatch, capsys, *, order, soup
):
    # 8 steps a run, a checkpoint every 2
    training = with_changes(FAST, train_sampling_strategy=order, soup=soup)
    whole = prepared("whole")
    encoder.train(model, training, whole, 0)

    step, taken = Finetuner.training_step, []

    def dies(self, *values, **named):
        taken.append(1)
        if len(taken) == 8 * soup:
            raise KilledError
        return step(self, *values, **named)

    killed = prepared("killed")
    with monkeypatch.context() as patched:
        patched.setattr(Finetuner, "training_step", dies)
        with pytest.raises(KilledError):
            encoder.train(model, training, killed, 0)
    encoder.train(model, training, replace(killed, work=prepared("again").work), 0)
    assert "going on from checkpoint-6" in capsys.readouterr().err
    folders = [whole.work, killed.work.with_name("again")]
    assert len({sha256(folder / "model.safetensors") for folder in folders}) == 1


def test_a_soup_is_the_mean_of_runs_from_the_same_start(model, prepared, monkeypatch):
    run, ends = encoder._run, []

    def seen(scorer, *values):
        state = run(scorer, *values)
        ends.append({name: each.clone() for name, each in scorer.encoder.state_dict().items()})
        return state

    monkeypatch.setattr(encoder, "_run", seen)
    material = prepared()
    trained = encoder.train(model, with_changes(FAST, soup=3), material, 0)
    assert len(ends) == 3
    for name, mean in encoder_of(trained).state_dict().items():
        torch.testing.assert_close(mean, sum(end[name] for end in ends) / 3)
    layer = next(name for name in ends[0] if name.endswith("classifier.weight"))
    assert not torch.equal(ends[0][layer], ends[1][layer])
    log = json.loads((material.work / "log" / "steps.json").read_text())
    assert {entry["run"] for entry in log} == {0, 1, 2}
    assert trained.facts["steps"] == 24


def test_another_seed_gives_other_weights(model, prepared):
    short = with_changes(FAST, max_steps=1)
    for name, seed in (("one", 0), ("two", 1)):
        encoder.train(model, short, prepared(name), seed)
    folders = [prepared(name).work for name in ("one", "two")]
    assert len({sha256(folder / "model.safetensors") for folder in folders}) == 2


def test_it_stops_early_and_keeps_the_best_weights(model, prepared):
    patient = with_changes(
        FAST, num_train_epochs=30.0, early_stopping_patience=1, learning_rate=1e-7
    )
    trained = encoder.train(model, patient, prepared(), 0)
    assert trained.facts["epochs"] == 2.0


def test_heads_are_saved_and_load_again(model, prepared):
    marks = [[(0, 9)] if "worthless" in text else [] for text in GOOD + BAD]
    nothing = np.full((8, 2), np.nan)
    taught = lesson(GOOD + BAD, halves(4), {"attributes": nothing}, marks)
    material = prepared(train=taught, heads={"attributes": INSULT, "spans": SPANS})
    trained = encoder.train(model, FAST, material, 0)
    again = kind.load(material.work, manifest_of(trained, material.work))
    first, second = trained.outputs(GOOD), again.outputs(GOOD)
    np.testing.assert_allclose(first.logits, second.logits, atol=1e-6)
    np.testing.assert_allclose(first.heads["attributes"], second.heads["attributes"], atol=1e-6)
    assert second.heads["attributes"].shape == (4, 2)
    assert len(second.tokens[0].logits) == len(second.tokens[0].offsets) == 5


def test_a_head_that_no_text_feeds_keeps_its_first_weights(model, prepared):
    weights = {}
    for name, value in (("fed", 1.0), ("unfed", np.nan)):
        asked = {"attributes": np.full((8, 2), value)}
        taught = lesson(GOOD + BAD, halves(4), asked, [None] * 8)
        heads = {"attributes": INSULT, "spans": SPANS}
        material = prepared(name, train=taught, heads=heads)
        encoder.train(model, with_changes(FAST, weight_decay=0.0), material, 0)
        weights[name] = load_file(material.work / "heads.safetensors")
    np.testing.assert_array_equal(weights["fed"]["spans.weight"], weights["unfed"]["spans.weight"])
    assert not torch.equal(weights["fed"]["attributes.bias"], weights["unfed"]["attributes.bias"])


def test_gradient_checkpointing_changes_no_weight(model, prepared):
    for name, switch in (("without", False), ("with", True)):
        training = with_changes(FAST, gradient_checkpointing=switch, max_steps=2)
        encoder.train(model, training, prepared(name), 0)
    first, second = (
        load_file(prepared(name).work / "model.safetensors") for name in ("with", "without")
    )
    for name, values in first.items():
        torch.testing.assert_close(values, second[name], atol=1e-6, rtol=1e-5)


def test_partial_labels_teach_that_the_others_are_wrong(model, prepared):
    either = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
    material = prepared(train=lesson((GOOD + BAD) * 2, np.tile(either, (2, 1))))
    trained = encoder.train(model, with_changes(FAST, num_train_epochs=4.0), material, 0)
    assert softmax(trained.scorer.logits(GOOD))[:, 0].min() > 0.5
