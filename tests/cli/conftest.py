"""A tiny linear model folder for the commands: a few weights, no training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.decision import Thresholds
from hatelens.models.linear import Linear, ngrams
from hatelens.models.manifest import Manifest

ARCHITECTURE = {
    "kind": "linear", "buckets": 4096, "char_ngrams": (3, 3), "word_ngrams": (1, 1),
    "cleaning": "none",
}  # fmt: skip

CASES = """\
functionality,case_id,test_case,label_gold,target_ident,direction,ref_case_id,ref_templ_id,templ_id
derog_h,1,Veluvians are vermin.,hateful,Veluvians,general,,,1
calm_nh,2,Veluvians are neighbours.,non-hateful,Veluvians,general,1,1,2
calm_nh,3,Good tea.,non-hateful,,,,,3
"""


def model_folder(target: Path, *words: str, labels: LabelSet) -> Path:
    """Write a model that takes texts with certain words for those of its last label."""
    counter = ngrams(ARCHITECTURE)
    weight = np.zeros((4096, len(labels)), np.float32)
    weight[counter.count(words).buckets, -1] = 4.0
    bias = np.zeros(len(labels), np.float32)
    bias[0] = 1.0
    model = Linear(counter, np.ones(4096, np.float32), weight, bias)
    with folder.writing(target) as work:
        files = folder.hashes(work, model.save(work))
        folder.write_manifest(
            work,
            Manifest(
                "tiny", "linear", "numpy", labels, ARCHITECTURE, files,
                thresholds=Thresholds(0.7, 0.4, "fpr<=0.05"),
            ),
        )  # fmt: skip
    return target


@pytest.fixture
def linear_folder() -> Callable[..., Path]:
    """Return the function that writes a tiny model folder."""
    return model_folder


@pytest.fixture
def hatecheck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a HateCheck of three mild cases where the card looks for it, and name it."""
    folder = tmp_path / "data" / "hatecheck"
    folder.mkdir(parents=True)
    (folder / "test_suite_cases.csv").write_text(CASES, encoding="utf-8")
    verdicts = "case_id,pred_perspective\n1,hateful\n2,hateful\n3,non-hateful\n"
    (folder / "baseline_predictions.csv").write_text(verdicts, encoding="utf-8")
    monkeypatch.setenv("HATELENS_DATA", str(tmp_path / "data"))
    return "hatecheck"
