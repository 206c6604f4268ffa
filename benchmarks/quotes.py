"""How well explanations point at the words that people marked, on a test split.

    python -m benchmarks.quotes runs/explains default --data hatexplain --texts 300

One row per model, written explanations and occlusion alike, beside marking every word: what an
explanation has to beat. Writes a table (Markdown) and JSON without any text to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import machine

from hatelens import detect
from hatelens.data import catalog
from hatelens.data.example import Example
from hatelens.data.splits import sample
from hatelens.evaluation import quotes
from hatelens.evaluation.quotes import QuoteScores
from hatelens.models.detector import Prediction, Span

COLUMNS = ("token_f1", "token_precision", "token_recall", "iou_f1", "marked", "valid", "in_text")
EVERY = "every word"


def main() -> None:
    """Measure and write."""
    options = _options()
    whole = catalog.load(options.data, split="test")
    marked = [one for one in whole.examples if one.spans]
    examples = sample(marked, options.texts, options.seed)
    found = {EVERY: every_word(examples, options.seed)}
    for model in options.models:
        scores = quotes.measure_quotes(
            detect.load(model), examples, limit=len(examples), seed=options.seed, progress=True
        )
        assert scores is not None, "all of these texts are marked"
        found[Path(model).name] = scores
    table = markdown(found, f"{len(examples)} of {len(marked)} marked test texts of {options.data}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "quotes.md").write_text(table, encoding="utf-8")
    values = {name: asdict(scores) for name, scores in found.items()}
    record = {"data": options.data, "seed": options.seed, "models": values}
    (options.out / "quotes.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(table)


def every_word(examples: Sequence[Example], seed: int) -> QuoteScores:
    """Measure what marks every word of every text."""
    said = [
        Prediction("", 1.0, "flag", {}, "", "", spans=(Span(0, len(one.text), 1.0),))
        for one in examples
    ]
    return quotes.compare(examples, said, seed=seed, resamples=500)


def markdown(found: Mapping[str, QuoteScores], what: str) -> str:
    """Write the table."""
    head = ["", "explained by", *COLUMNS]
    lines = [f"{what}. {machine()}.", "", _line(head), _line(["--"] * len(head))]
    for name, scores in found.items():
        cells = [getattr(scores, column) for column in COLUMNS]
        shown = ["-" if cell is None else str(cell) for cell in cells]
        lines.append(_line([name, scores.method or "-", *shown]))
    return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="model folders, or 'default'")
    parser.add_argument("--data", default="hatexplain", help="data set whose test split is marked")
    parser.add_argument("--texts", type=int, default=300, help="of them at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
