"""Model folders: opened, named, written whole or not at all."""

from __future__ import annotations

import pytest

from hatelens.errors import ModelError
from hatelens.models import folder


def test_a_folder_opens_as_a_detector(linear_folder):
    (prediction,) = folder.load(str(linear_folder)).predict(["marsh folk sing"])
    assert sum(prediction.scores.values()) == pytest.approx(1.0)
    assert prediction.hateful == prediction.scores["hateful"]


def test_a_missing_folder_is_named():
    with pytest.raises(ModelError, match="no model folder 'nowhere'"):
        folder.find("nowhere")


def test_without_a_default_model_it_is_said_how_to_get_one(monkeypatch):
    monkeypatch.delenv("HATELENS_MODEL", raising=False)
    monkeypatch.setattr(folder, "ENTRY_POINTS", "hatelens.no_such_group")
    with pytest.raises(ModelError, match="No default model is installed"):
        folder.load()


def test_the_default_can_be_set_in_the_environment(monkeypatch, linear_folder):
    monkeypatch.setenv("HATELENS_MODEL", str(linear_folder))
    assert folder.find("default") == linear_folder


def test_an_installed_package_brings_the_default(tmp_path, monkeypatch):
    info = tmp_path / "carrier-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hatelens.models]\ndefault = carrier:path\n")
    (tmp_path / "carrier.py").write_text(f"def path():\n    return {str(tmp_path)!r}\n")
    monkeypatch.delenv("HATELENS_MODEL", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert folder.find("default") == tmp_path


def test_an_unknown_kind_is_said(linear_folder, edit_manifest):
    edit_manifest(linear_folder, kind="quantum")
    with pytest.raises(ModelError, match="No kind of model named 'quantum/numpy'"):
        folder.load(str(linear_folder))


def test_a_cleaning_of_another_version_is_refused(linear_folder, edit_manifest):
    edit_manifest(linear_folder, cleaning="v99", package="9.9")
    with pytest.raises(ModelError, match=r"install hatelens 9\.9"):
        folder.load(str(linear_folder))


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail():
        with folder.writing(tmp_path / "model") as work:
            (work / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_not_overwritten_unasked(linear_folder):
    with pytest.raises(ModelError, match="overwrite=true"), folder.writing(linear_folder):
        pass
    with folder.writing(linear_folder, overwrite=True) as work:
        (work / "new").write_text("x")
    assert [path.name for path in linear_folder.iterdir()] == ["new"]


def test_a_folder_that_is_no_model_is_never_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("precious")
    with (
        pytest.raises(ModelError, match="it is not overwritten"),
        folder.writing(tmp_path / "thesis", overwrite=True),
    ):
        pass
    assert (tmp_path / "thesis" / "chapter1.txt").read_text() == "precious"


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "model").write_text("x")
    with (
        pytest.raises(ModelError, match="not a model folder"),
        folder.writing(tmp_path / "model", overwrite=True),
    ):
        pass
