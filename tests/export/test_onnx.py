"""Exports are equal to what they came from, and need no torch."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from hatelens.data import catalog
from hatelens.errors import ModelError
from hatelens.export import onnx
from hatelens.models import folder, manifest


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
    model = folder.load(str(trained_linear))
    proof = onnx.compare(model, model, ["a", "b"])
    np.testing.assert_array_equal([proof.largest, proof.agreement], [0.0, 1.0])
