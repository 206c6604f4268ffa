"""Measures dynamically weighted adapters on every platform, and on one that they do not know.

    python -m benchmarks.mixture --texts 6000 --out benchmarks/results
    python -m benchmarks.mixture --name mixture_decoder --texts 2000 --no-cat \
        --set model.over.kind=decoder training.adapters.kind=decoder

Trains one adapter per platform, one over all and one over all but each (once: they are kept under
``--runs`` and a killed run goes on), gates on top of them, and writes a table (Markdown, JSON)
without any text. Needs the data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.machine import machine
from benchmarks.mixture import material, table
from benchmarks.mixture.cases import Bench, Case, case
from benchmarks.mixture.figures import ALL_TEXTS, Figures, calibrated, measured
from benchmarks.mixture.fingerprints import Fingerprint, fingerprints
from benchmarks.mixture.material import Test

from hatelens.config.compose import compose
from hatelens.config.mixture import MixtureModel, MixtureTraining
from hatelens.config.schema import Recipe
from hatelens.training import platforms

REFERENCE = "all data"


@dataclass(frozen=True)
class Outcome:
    """What was measured with one form of labels.

    Attributes:
        labels: ``soft`` or ``hard``.
        within: method to figures, of adapters that know all platforms.
        beyond: platform that is held out to method to figures.
        gates: what each gate has learned.
        fingerprints: how the gate fares with data sets that it has never seen.
    """

    labels: str
    within: Mapping[str, Sequence[Figures]]
    beyond: Mapping[str, Mapping[str, Sequence[Figures]]]
    gates: Mapping[str, Mapping[str, object]]
    fingerprints: Sequence[Fingerprint]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the tables."""
    options = _parser().parse_args(arguments)
    outcomes = [outcome(options, form) for form in options.labels]
    options.out.mkdir(parents=True, exist_ok=True)
    text = markdown(outcomes, options)
    (options.out / f"{options.name}.md").write_text(text, encoding="utf-8")
    values: dict[str, Any] = {
        "machine": machine(),
        "texts": options.texts,
        "settings": options.set,
        "outcomes": [asdict(one) for one in outcomes],
    }
    written = json.dumps(values, indent=2) + "\n"
    (options.out / f"{options.name}.json").write_text(written, encoding="utf-8")
    print(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixture", description=__doc__)
    parser.add_argument("--recipe", default="mixture_platforms")
    parser.add_argument("--set", nargs="*", default=[], help="settings of the recipe, key=value")
    parser.add_argument("--name", default="mixture", help="of the files that are written")
    parser.add_argument("--texts", type=int, help="training texts of each platform at most")
    parser.add_argument("--test-texts", type=int, help="test texts of each platform at most")
    parser.add_argument("--labels", nargs="+", default=["soft", "hard"], choices=["soft", "hard"])
    parser.add_argument("--no-cat", action="store_true", help="leave out the sum of updates")
    parser.add_argument("--no-held-out", action="store_true", help="hold no platform out")
    parser.add_argument("--runs", type=Path, default=Path("runs/mixture"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser


def outcome(options: argparse.Namespace, form: str) -> Outcome:
    """Train and measure everything with one form of labels."""
    soft = f"data.soft_labels={str(form == 'soft').lower()}"
    recipe = compose([f"recipe={options.recipe}", *options.set, soft])
    assert isinstance(recipe.model, MixtureModel), "a recipe of the kind mixture is needed"
    with tempfile.TemporaryDirectory() as work:
        bench = _bench(recipe, options, Path(work))
        test = material.tested(recipe, bench.model, bench.material.labels, options.test_texts)
        whole = case(bench, None)
        names = [*bench.model.platforms, ALL_TEXTS]
        within = figures(bench, whole, test, names, cat=not options.no_cat)
        held = [] if options.no_held_out else list(bench.model.platforms)
        beyond = {
            name: figures(bench, case(bench, name), test, [name], cat=not options.no_cat)
            for name in held
        }
        return Outcome(form, within, beyond, whole.told, fingerprints(bench, whole, test))


def _bench(recipe: Recipe, options: argparse.Namespace, work: Path) -> Bench:
    model, training = recipe.model, recipe.training
    assert isinstance(model, MixtureModel)
    assert isinstance(training, MixtureTraining)
    learned = material.learned(recipe, model, options.texts, work)
    return Bench(model, training, learned, options.runs, recipe.seed)


def figures(
    bench: Bench, known: Case, test: Test, names: Sequence[str], *, cat: bool
) -> dict[str, list[Figures]]:
    """Measure every method of a case on the test texts of platforms."""
    labels = bench.material.labels
    chosen = np.isin(
        platforms.of(bench.material.held_out.examples, bench.model.platforms),
        list(known.model.platforms),
    )
    truth = bench.material.held_out_truth[chosen]
    groups = np.array(platforms.of(known.held_out.examples, known.model.platforms))
    own = test if known.held is None else test.of(test.platforms == known.held)
    said = {
        method: calibrated(scorer, known.held_out, truth, groups, own)
        for method, scorer in known.methods(cat=cat)
    }
    return {
        method: [measured(each, said[REFERENCE], own, labels, name) for name in names]
        for method, each in said.items()
    }


def markdown(outcomes: Sequence[Outcome], options: argparse.Namespace) -> str:
    """Write all tables."""
    limit = f"at most {options.texts}" if options.texts else "all"
    parts = [
        f"Training texts of each platform: {limit}. {machine()}.",
        table.NOTE,
    ]
    for one in outcomes:
        parts += [f"## {one.labels.capitalize()} labels", table.within(one.within)]
        if one.beyond:
            parts += ["### On a platform that they do not know", table.beyond(one.beyond)]
        parts += ["### What the gates have learned", table.gates(one.gates)]
        parts += ["### Sources leave fingerprints", table.fingerprints(one.fingerprints)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
