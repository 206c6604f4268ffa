"""Measures the simple kinds of model on real data, next to scikit-learn in the same run.

    python -m benchmarks.kinds --data davidson2017 stormfront --out benchmarks/results

Each recipe is trained on the training split and measured on the test split; so is a peer, a tuned
TF-IDF with logistic regression. Speeds are of the same texts in the same run. Writes a table
(Markdown, JSON) without any text. Needs the data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.machine import machine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from hatelens import detect
from hatelens.config.compose import compose
from hatelens.data import catalog, corpus
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.evaluation.metrics import Metrics, measure
from hatelens.evaluation.run import evaluate
from hatelens.labels import POOLED
from hatelens.training.run import run

RECIPES = {
    "davidson2017": ("linear_davidson", "two_stage_davidson_linear", "two_stage_davidson"),
    "stormfront": ("linear_stormfront", "two_stage_stormfront_linear", "two_stage_stormfront"),
}
PEER = "scikit-learn TF-IDF + LR"


@dataclass(frozen=True)
class Row:
    """One model on one data set; figures with their 95 % interval, speed in texts per second."""

    data: str
    model: str
    rows: int
    accuracy: str
    macro_f1: str
    hateful_f1: str
    auroc: str
    ece: str
    train_seconds: float
    texts_per_second: float
    ratio: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmark"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    rows = [row for name in options.data for row in measured(name, options.runs)]
    options.out.mkdir(parents=True, exist_ok=True)
    table = markdown(rows)
    (options.out / "kinds.md").write_text(table, encoding="utf-8")
    values = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    (options.out / "kinds.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(table)


def measured(name: str, runs: Path) -> list[Row]:
    """Measure the peer and every recipe on one data set."""
    test = catalog.load(name, split="test")
    material = corpus.assemble(compose([f"recipe={RECIPES[name][0]}"]).data, 0)
    peer = peer_row(name, material, [one for one in test.examples if one.label is not None])
    rows = [peer]
    for recipe in RECIPES[name]:
        begun = time.perf_counter()
        settings = [f"recipe={recipe}", f"out={runs / recipe}", "overwrite=true"]
        folder = run(compose(settings))
        seconds = time.perf_counter() - begun
        report = evaluate(detect.load(str(folder)), test, split="test", name=recipe)
        metrics = report.classes or report.pooled
        speed = report.texts_per_second
        times = {"trained": seconds, "speed": speed, "ratio": speed / peer.texts_per_second}
        rows.append(row(name, recipe, metrics, report.pooled, **times))
    return rows


def peer_row(name: str, material: Corpus, test: Sequence[Example]) -> Row:
    """Train and measure scikit-learn on the same texts."""
    parts: list[Any] = [
        ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
        ("chars", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
    ]
    classifier = LogisticRegression(C=4, class_weight="balanced", max_iter=200)
    peer: Pipeline = make_pipeline(FeatureUnion(parts), OneVsRestClassifier(classifier))
    begun = time.perf_counter()
    everything = [*material.train, *material.validation]
    peer.fit([one.text for one in everything], [str(one.label) for one in everything])
    trained = time.perf_counter()
    found = peer.predict_proba([one.text for one in test])
    seconds = time.perf_counter() - trained
    labels = material.labels
    order = [list(peer.classes_).index(label) for label in labels.names]
    scores = found[:, order] / found.sum(axis=1, keepdims=True)
    truth = [str(one.label) for one in test]
    hateful = labels.hateful_probability(scores)
    pooled = measure(
        [POOLED.names[labels.is_hateful(label)] for label in truth],
        np.stack([1 - hateful, hateful], axis=1),
        POOLED,
    )
    metrics = measure(truth, scores, labels)
    speed = len(test) / seconds
    return row(name, PEER, metrics, pooled, trained=trained - begun, speed=speed)


def row(
    data: str,
    model: str,
    metrics: Metrics,
    pooled: Metrics,
    *,
    trained: float,
    speed: float,
    ratio: float = 1.0,
) -> Row:
    """Word the figures of one model."""
    shown = {key: figure(metrics, key) for key in ("accuracy", "macro_f1", "auroc", "ece")}
    hateful = next(one for one in pooled.classes if one.label == "hateful").f1
    return Row(
        data=data,
        model=model,
        rows=metrics.rows,
        hateful_f1=f"{hateful.value:.3f}",
        train_seconds=round(trained, 1),
        texts_per_second=round(speed, 1),
        ratio=round(ratio, 2),
        **shown,
    )


def figure(metrics: Metrics, name: str) -> str:
    """Word a figure with its interval."""
    found = metrics[name]
    return f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})"


def markdown(rows: Sequence[Row]) -> str:
    """Write the table."""
    head = [
        "data", "model", "test rows", "accuracy", "macro-F1", "hateful F1 (pooled)", "AUROC", "ECE",
        "training s", "texts/s", "ratio to peer",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "--|" * len(head)]
    cells = [[str(value) for value in asdict(one).values()] for one in rows]
    lines += ["| " + " | ".join(row) + " |" for row in cells]
    note = (
        f"\n{machine()}. Intervals: 95 % bootstrap. Training time of recipes includes reading the "
        "data, the near-duplicate guard, embedding (cached between runs) and the report; the "
        "peer's is fitting alone, and it trains on the validation texts too. Texts/s: labelling "
        "the test split.\n"
    )
    return "\n".join(lines) + "\n" + note


if __name__ == "__main__":
    main()
