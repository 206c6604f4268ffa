"""The kind ``encoder``: a classifier with further heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import encoder as kind
from hatelens.models import folder
from hatelens.models.base import resolve
from hatelens.models.encoder import Encoder, EncoderScorer
from hatelens.models.heads import Head
from hatelens.models.manifest import Manifest
from hatelens.models.tokens import Tokenizer

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
HEADS = (
    Head("attributes", "attributes", ("insult", "threat")),
    Head("target", "targets", ("folk",)),
    Head("marks", "spans", ("span",)),
)
TEXTS = ["marsh folk sing", "", "worthless a b c d e f g h i j" * 3, "a"]
SETTINGS = {"rank": 2, "alpha": 4, "dropout": 0.0, "targets": ["query"]}


def write(path, base_folder, heads=HEADS, adapter=None):
    """Write a model folder of a tiny encoder with random weights."""
    base = resolve(str(base_folder))
    torch.manual_seed(3)
    whole = kind.classifier(base, LABELS)
    model = kind.adapted(whole, adapter) if adapter else whole
    encoder = Encoder(model, heads)
    for name, values in encoder.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(values)  # an adapter begins with no effect
    with folder.writing(path) as work:
        files = kind.save(encoder, base.folder / "tokenizer.json", work)
        folder.write_manifest(
            work,
            Manifest(
                "tiny",
                "encoder",
                "torch",
                LABELS,
                {"max_length": 12, "adapter": adapter},
                folder.hashes(work, files),
                base=base.record,
                heads=heads,
            ),
        )
    return EncoderScorer(encoder, Tokenizer(path / "tokenizer.json", 12))


@pytest.mark.parametrize("adapter", [None, SETTINGS])
def test_a_folder_gives_the_scores_of_the_model_that_wrote_it(tmp_path, base_folder, adapter):
    before = write(tmp_path / "model", base_folder, adapter=adapter).outputs(TEXTS)
    after = folder.classifier(str(tmp_path / "model")).outputs(TEXTS)
    np.testing.assert_allclose(after.logits, before.logits, atol=1e-6)
    assert set(after.heads) == {"attributes", "target"}
    for name, values in before.heads.items():
        np.testing.assert_allclose(after.heads[name], values, atol=1e-6)
    for one, other in zip(before.tokens, after.tokens, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-6)
        assert len(one.offsets) == len(one.logits) <= 12


def test_a_prediction_has_the_answers_of_all_heads(tmp_path, base_folder):
    write(tmp_path / "model", base_folder)
    (prediction,) = folder.load(str(tmp_path / "model")).predict(["marsh folk"])
    assert set(prediction.scores) == set(LABELS.names)
    assert set(prediction.attributes) == {"insult", "threat"}
    assert set(prediction.targets) == {"folk"}


def test_padding_changes_no_score(tmp_path, base_folder):
    scorer = write(tmp_path / "model", base_folder)
    together, alone = scorer.outputs(TEXTS), [scorer.outputs([text]) for text in TEXTS]
    for i, one in enumerate(alone):
        np.testing.assert_allclose(together.logits[i], one.logits[0], atol=1e-5)
        np.testing.assert_allclose(together.heads["target"][i], one.heads["target"][0], atol=1e-5)
        np.testing.assert_allclose(together.tokens[i].logits, one.tokens[0].logits, atol=1e-5)


def test_a_merged_adapter_is_equal_and_leaves_the_original_as_it_was(tmp_path, base_folder):
    scorer = write(tmp_path / "model", base_folder, adapter=SETTINGS)
    names = [name for name, _ in scorer.encoder.named_parameters()]
    merged = scorer.encoder.merged()
    assert not any("lora" in name for name, _ in merged.named_parameters())
    assert [name for name, _ in scorer.encoder.named_parameters()] == names
    again = EncoderScorer(merged, scorer.tokenizer)
    np.testing.assert_allclose(again.logits(TEXTS), scorer.logits(TEXTS), atol=1e-5)


def test_without_adapter_merging_is_a_copy(tmp_path, base_folder):
    scorer = write(tmp_path / "model", base_folder, heads=())
    again = EncoderScorer(scorer.encoder.merged(), scorer.tokenizer)
    np.testing.assert_array_equal(again.logits(TEXTS), scorer.logits(TEXTS))
    assert scorer.windows("a") == [(0, 1)]


def test_an_adapter_on_another_base_is_refused(tmp_path, base_folder, edit_manifest):
    write(tmp_path / "model", base_folder, adapter=SETTINGS)
    record = resolve(str(base_folder)).record
    other = {"name": record.name, "source": "folder", "revision": None, "sha256": "0" * 64}
    edit_manifest(tmp_path / "model", base=other)
    with pytest.raises(ModelError, match="was trained on another"):
        folder.load(str(tmp_path / "model"))
    edit_manifest(tmp_path / "model", base=None)
    with pytest.raises(ModelError, match="names no base model"):
        folder.load(str(tmp_path / "model"))


def test_an_adapter_with_other_labels_is_refused(tmp_path, base_folder):
    write(tmp_path / "model", base_folder, heads=(), adapter=SETTINGS)
    manifest = folder.read(tmp_path / "model")
    fewer = replace(manifest, labels=LabelSet(("a", "b"), ("b",)))
    with pytest.raises(ModelError, match=r"does not fit .* with the labels a, b"):
        kind.load(tmp_path / "model", fewer)
