"""Model folders of tiny encoders with adapters of random weights, for tests of what joins them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hatelens.labels import LabelSet
from hatelens.models import encoder as kind
from hatelens.models import folder, gate, mixture
from hatelens.models import manifest as manifests
from hatelens.models.adapters import opened
from hatelens.models.base import resolve
from hatelens.models.embedding import Embedder
from hatelens.models.encoder import Encoder
from hatelens.models.gate import Gate, Network
from hatelens.models.manifest import Manifest
from hatelens.models.mixture import MixtureScorer
from hatelens.models.routing import Routing

LABELS = LabelSet(("neutral", "offensive", "hate"), ("hate",))
SETTINGS: dict[str, Any] = {"rank": 2, "alpha": 4, "dropout": 0.1, "targets": ["query", "dense"]}
NAMES = ("microblog", "forum", "all")
TEXTS = ["marsh folk sing", "worthless a b c d e f g h i j", "a", "folk", "worthless marsh"]


def write_adapter(
    path: Path, base_folder: Path, seed: int, *, labels: LabelSet = LABELS, **changes: Any
) -> Path:
    """Write the folder of an adapter; ``changes`` are of its settings."""
    base = resolve(str(base_folder))
    torch.manual_seed(seed)
    settings = SETTINGS | changes
    model = kind.adapted(kind.classifier(base, labels), settings)
    for name, values in model.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            torch.nn.init.normal_(values)  # an adapter begins with no effect
    with folder.writing(path, overwrite=True) as work:
        files = kind.save(Encoder(model), base.folder / "tokenizer.json", work)
        folder.write_manifest(
            work,
            Manifest(
                path.name,
                "encoder",
                "torch",
                labels,
                {"max_length": 12, "adapter": settings},
                folder.hashes(work, files),
                base=base.record,
            ),
        )
    return path


def write_adapters(path: Path, base_folder: Path) -> dict[str, Path]:
    """Write three adapters, not all of one rank."""
    return {
        name: write_adapter(path / name, base_folder, seed, rank=2 + seed)
        for seed, name in enumerate(NAMES)
    }


def tiny_gate(base_folder: Path, names: tuple[str, ...] = NAMES[:2]) -> Gate:
    """Return a gate of random weights over the first two adapters."""
    torch.manual_seed(5)
    embedder = Embedder(resolve(str(base_folder)), 12)
    return Gate(embedder, Network(embedder.width, 8, len(names)), names, 0.5)


def write_mixture(path: Path, base_folder: Path, routing: Routing) -> MixtureScorer:
    """Write the folder of a mixture and return its scorer."""
    folders = write_adapters(path.parent / "parts", base_folder)
    scorer = MixtureScorer(opened(folders), tiny_gate(base_folder), routing)
    base = resolve(str(base_folder)).record
    with folder.writing(path) as work:
        files = mixture.save(scorer, folders, work)
        folder.write_manifest(
            work,
            Manifest(
                "tiny",
                "mixture",
                "torch",
                LABELS,
                mixture.settings(scorer, gate.settings(scorer.gate, base, 12)),
                folder.hashes(work, files),
                base=manifests.read(folders[NAMES[0]]).base,
                cleaning="v1",
            ),
        )
    return scorer
