"""Measures the installable detectors next to a hatelens model, on the same texts in one run.

    python -m benchmarks.peers --model default --out benchmarks/results

Makes every peer's own environment (kept in the cache folder of hatelens), asks all of them about
the same test texts, times each in processes of its own, and writes peers.md and peers.json without
any text. Needs the data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers import material, peer, report, run

from hatelens.errors import UserError


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write the tables."""
    options = _parser().parse_args(arguments)
    try:
        chosen = peer.choose(options.peers, options.model)
        texts = material.load(options.data, options.limit)
        outcomes = run.measure(chosen, texts, _say)
    except UserError as error:
        sys.exit(str(error))
    written = report.write(report.Report.of(outcomes, texts), options.out)
    print(written.read_text(encoding="utf-8"))
    if material.HATECHECK in texts.selections and any(one.own for one in chosen):
        _say("hatelens ran on HateCheck: write that down in docs/evaluation/hatecheck-log.md")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", nargs="+", default=["default"], help="model folders of hatelens, or default"
    )
    parser.add_argument(
        "--peers", nargs="+", default=[*peer.PEERS], choices=[*peer.PEERS], help="who is measured"
    )
    parser.add_argument(
        "--data", nargs="+", default=[*material.DATA], choices=[*material.DATA], help="test sets"
    )
    parser.add_argument("--limit", type=int, help="texts at most of every set, a seeded sample")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
