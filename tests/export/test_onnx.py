"""Exports are equal to what they came from, and need no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from hatelens.data import catalog
from hatelens.errors import ModelError
from hatelens.export import onnx
from hatelens.labels import LabelSet
from hatelens.models import encoder as kind
from hatelens.models import folder, manifest
from hatelens.models.base import resolve
from hatelens.models.classifier import Classifier
from hatelens.models.heads import Head


@pytest.fixture(scope="module")
def texts():
    found = [example.text for example in catalog.load("sample").examples]
    assert len(found) >= 500
    return found[:480] + ["", " ", "\u200b", "x" * 3000, "word " * 400] * 4


@pytest.fixture(scope="module")
def exported(trained_two_stage, tmp_path_factory, texts):
    out = tmp_path_factory.mktemp("exported") / "onnx"
    return out, onnx.export(str(trained_two_stage), out, "onnx", texts)


def test_two_stage_in_one_graph_is_equal_on_500_texts(exported, trained_two_stage):
    out, proof = exported
    assert proof.texts == 500
    assert proof.agreement == 1.0
    assert proof.largest < 1e-4
    names = {path.name for path in out.iterdir()}
    assert {"model.onnx", "tokenizer.json", "manifest.json", "MODEL_CARD.md", "report"} <= names
    assert "model.safetensors" not in names
    before, after = manifest.read(trained_two_stage), manifest.read(out)
    assert after.thresholds == before.thresholds
    assert after.model_version != before.model_version
    note = (out / "MODEL_CARD.md").read_text().splitlines()[0]
    assert f"this folder is model version `{after.model_version}`" in note


def test_linear_as_a_graph_is_equal_on_500_texts(trained_linear, tmp_path, texts):
    proof = onnx.export(str(trained_linear), tmp_path / "onnx", "onnx", texts)
    assert (proof.texts, proof.agreement) == (500, 1.0)
    assert proof.largest < 1e-5
    model = folder.load(str(tmp_path / "onnx"))
    original = folder.load(str(trained_linear))
    long = "they should leave " * 400
    assert model.windows(long) == original.windows(long)


def test_int8_is_smaller_and_says_how_far_it_is_off(trained_two_stage, exported, tmp_path, texts):
    proof = onnx.export(str(trained_two_stage), tmp_path / "int8", "onnx-int8", texts[:100])
    sizes = [(path / "model.onnx").stat().st_size for path in (tmp_path / "int8", exported[0])]
    assert sizes[0] < 0.3 * sizes[1]
    assert proof.agreement > 0.85
    assert not list((tmp_path / "int8").glob("*.float.onnx"))


def test_an_exported_folder_detects_without_torch(exported):
    code = (
        f"import sys, hatelens; found = hatelens.load({str(exported[0])!r}).predict(['a text']);"
        "print(len(found), [m for m in ('torch', 'transformers', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"


def test_windows_are_those_of_the_original(exported, trained_two_stage):
    long = "they should leave our town " * 100
    windows = folder.load(str(exported[0])).windows(long)
    assert len(windows) > 3
    assert windows == folder.load(str(trained_two_stage)).windows(long)


def test_what_is_onnx_already_is_refused(exported, tmp_path):
    with pytest.raises(ModelError, match="is ONNX already"):
        onnx.export(str(exported[0]), tmp_path / "again", "onnx", ["x"])


def test_a_linear_model_has_no_int8_form(trained_linear, tmp_path):
    with pytest.raises(ModelError, match="no int8 form"):
        onnx.export(str(trained_linear), tmp_path / "int8", "onnx-int8", ["x"])
    assert not (tmp_path / "int8").exists()


def test_a_misspelt_form_is_answered_with_the_forms_there_are():
    with pytest.raises(ModelError, match="did you mean 'onnx'"):
        onnx.form("onx")
    assert onnx.form("onnx-int8") == "onnx-int8"


def test_an_export_that_is_not_equal_is_refused(trained_linear, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="differs from"):
        onnx.export(str(trained_linear), tmp_path / "out", "onnx", ["x"])
    assert not (tmp_path / "out").exists()


def test_a_folder_without_papers_is_exported_too(trained_linear, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("manifest.json", "model.safetensors"):
        (bare / name).write_bytes((trained_linear / name).read_bytes())
    onnx.export(str(bare), tmp_path / "onnx", "onnx", ["x", "y"])
    assert json.loads((tmp_path / "onnx" / "manifest.json").read_text())["runtime"] == "onnx"


def test_comparing_finds_the_largest_difference(trained_linear):
    model = folder.classifier(str(trained_linear))
    proof = onnx.compare(model, model, ["a", "b"])
    np.testing.assert_array_equal([proof.largest, proof.agreement], [0.0, 1.0])


HEADS = (
    Head("attributes", "attributes", ("insult", "threat"), (2.0, 1.0), (0.5, -0.5)),
    Head("target", "targets", ("folk",)),
    Head("marks", "spans", ("span",)),
)
WORDY = ["marsh folk sing", "", "worthless a b c d e f g h i j " * 4, "a", "b \u200bc"] * 20


@pytest.fixture(scope="module", params=["whole", "adapter"])
def several_heads(request, tmp_path_factory, base_folder):
    """Hold a tiny encoder with three further heads and random weights."""
    base = resolve(str(base_folder))
    torch.manual_seed(2)
    labels = LabelSet(("normal", "hateful"), ("hateful",))
    settings = {"rank": 2, "alpha": 4, "dropout": 0.1, "targets": ["query", "dense"]}
    adapter = settings if request.param == "adapter" else None
    model = kind.classifier(base, labels)
    made = kind.Encoder(kind.adapted(model, adapter) if adapter else model, HEADS)
    for name, values in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(values)  # an adapter begins with no effect
    out = tmp_path_factory.mktemp("heads") / "model"
    with folder.writing(out) as work:
        files = folder.hashes(work, kind.save(made, base.folder / "tokenizer.json", work))
        architecture = {"max_length": 16, "adapter": adapter}
        folder.write_manifest(
            work,
            manifest.Manifest(
                "tiny", "encoder", "torch", labels, architecture, files, base.record, heads=HEADS
            ),
        )
    return out


def test_all_heads_in_one_graph_are_equal(several_heads, tmp_path):
    proof = onnx.export(str(several_heads), tmp_path / "onnx", "onnx", WORDY)
    assert proof.largest < 1e-4
    assert proof.agreement == 1.0
    before, after = (
        folder.classifier(str(each)).outputs(WORDY) for each in (several_heads, tmp_path / "onnx")
    )
    np.testing.assert_allclose(after.logits, before.logits, atol=1e-4)
    assert set(after.heads) == set(before.heads) == {"attributes", "target"}
    for name, values in before.heads.items():
        np.testing.assert_allclose(after.heads[name], values, atol=1e-4)
    for one, other in zip(before.tokens, after.tokens, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)
        assert list(one.offsets) == list(other.offsets)
    predictions = [
        folder.load(str(each)).predict(WORDY[:3]) for each in (several_heads, tmp_path / "onnx")
    ]
    for one, other in zip(*predictions, strict=True):
        assert [(span.begin, span.end) for span in one.spans] == [
            (span.begin, span.end) for span in other.spans
        ]


def test_int8_keeps_all_heads_and_their_shapes(several_heads, tmp_path):
    onnx.export(str(several_heads), tmp_path / "int8", "onnx-int8", WORDY)
    before, after = (
        folder.classifier(str(each)).outputs(WORDY) for each in (several_heads, tmp_path / "int8")
    )
    assert after.logits.shape == before.logits.shape
    for name, values in before.heads.items():
        assert after.heads[name].shape == values.shape
    for one, other in zip(before.tokens, after.tokens, strict=True):
        assert one.logits.shape == other.logits.shape
    np.testing.assert_allclose(after.logits, before.logits, atol=0.3)


def test_what_a_head_is_off_by_counts(several_heads):
    original = folder.classifier(str(several_heads))
    heads = tuple(replace(head, intercepts=(3.0,) * len(head.names)) for head in HEADS)
    other = Classifier(original.scorer, replace(original.manifest, heads=heads))
    assert onnx.compare(original, other, WORDY[:4]).largest > 0.1
