"""``hatelens migrate``: the thresholds of another service, moved to our scores."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.columns import roles
from hatelens.errors import ConfigError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.table import Table

    from hatelens.config.policy import Community
    from hatelens.detect import Pipeline
    from hatelens.evaluation.logged import Log
    from hatelens.evaluation.migration import Match, Migration
    from hatelens.models.detector import Prediction

COLUMNS = {"text": "text", "score": "score", "decision": "", "label": ""}
ROLES = "ROLE=COLUMN of the log, for text, score, decision or label, as in score=TOXICITY."
OUT = "The community policy file to write; a community that is not this one stays in it."
FIGURES = {
    "threshold": "threshold on our scores",
    "share_theirs": "share of the texts, theirs",
    "share_ours": "share of the texts, ours",
    "precision_theirs": "precision, theirs",
    "precision_ours": "precision, ours",
    "recall_theirs": "recall, theirs",
    "recall_ours": "recall, ours",
    "agreement": "same side of both",
    "raised": "texts from ours on only",
    "lowered": "texts from theirs on only",
}
ATTRIBUTE = "Match this attribute, as in TOXICITY, in place of the model's hateful."


def command(
    *,
    logged: Annotated[Path, typer.Option(help="CSV, TSV, JSON, JSONL or Parquet of their scores.")],
    model: Annotated[str, typer.Option(help="Model folder, or 'default'.")] = "default",
    match: Annotated[str, typer.Option(help="What to keep: share, or precision.")] = "share",
    threshold: Annotated[
        float | None, typer.Option(help="They flagged from this score on.")
    ] = None,
    review: Annotated[
        float | None, typer.Option(help="They had a person look from this score on.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help=ROLES)] = None,
    flagged: Annotated[
        list[str] | None, typer.Option(help="Value of the decision that means flagged.")
    ] = None,
    hateful: Annotated[
        list[str] | None, typer.Option(help="Value of the label that means hateful.")
    ] = None,
    attribute: Annotated[str, typer.Option(help=ATTRIBUTE)] = "",
    community: Annotated[str, typer.Option(help="Whose thresholds these are.")] = "default",
    out: Annotated[Path, typer.Option(help=OUT)] = Path("policy.yaml"),
    report: Annotated[
        Path | None, typer.Option(help="Folder of figures, pictures and texts that change sides.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the intervals.")] = 0,
    resamples: Annotated[int, typer.Option(help="Behind the 95 % intervals.", min=1)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Find the thresholds on our scores that flag as many texts, or as rightly, as theirs did."""
    from hatelens.errors import require

    require("matplotlib", "evaluate")
    from hatelens import detect
    from hatelens.evaluation import logged as logs
    from hatelens.evaluation import migration as moving
    from hatelens.evaluation import migration_report
    from hatelens.evaluation.report import make_folder

    kept = _match(match)
    log = _log(logged, column, (threshold, review), (flagged, hateful))
    if attribute and review is not None:
        raise ConfigError("--review is for hateful alone; leave it out, or --attribute.")
    before = _policy(out, community)
    folder = report or out.with_name(f"{out.stem}-migration")
    make_folder(folder)  # a wrong path is said before the work, not after
    pipeline = detect.load(model)
    if community in before and before[community].adapter:
        pipeline = pipeline.adapter(before[community].adapter)
    name, score = _score(attribute, pipeline)
    scored = logs.scored(log, pipeline, score)
    made = moving.migrate(
        scored,
        score=name,
        match=kept,
        thresholds=(threshold, review),
        seed=seed,
        resamples=resamples,
    )
    changed = migration_report.write(log, scored, made, folder)
    _write_policy(before, _community(before, community, attribute, made, pipeline), out)
    if as_json:
        sys.stdout.write(json.dumps(made.to_dict(), indent=2) + "\n")
        return
    _print(made, changed, folder, out)


def _match(given: str) -> Match:
    from hatelens.evaluation.migration import MATCHES

    for match in MATCHES:
        if given == match:
            return match
    raise ConfigError(unknown("way to match", given, MATCHES))


def _log(
    path: Path,
    column: list[str] | None,
    thresholds: tuple[float | None, float | None],
    meant: tuple[list[str] | None, list[str] | None],
) -> Log:
    """Put together what is known of the log.

    Raises:
        ConfigError: nothing says what they flagged, two things do, or a number is none.
    """
    from hatelens.evaluation.logged import Log

    named = dict(roles(column))
    for role in named:
        if role not in COLUMNS:
            raise ConfigError(unknown("role of a column", role, COLUMNS))
    threshold, review = thresholds
    if (threshold is None) == ("decision" not in named):
        found = "neither" if threshold is None else "both"
        raise ConfigError(
            f"What they flagged is said by --threshold or by --column decision=COLUMN; found "
            f"{found}. Give one."
        )
    _check_numbers(threshold, review)
    if threshold is None and review is None and "score" not in named:
        named["score"] = ""  # decisions alone are enough
    return Log(
        path,
        **(COLUMNS | named),
        threshold=threshold,
        review=review,
        flagged=frozenset(meant[0] or ()),
        hateful=frozenset(meant[1] or ()),
    )


def _check_numbers(threshold: float | None, review: float | None) -> None:
    for option, value in (("--threshold", threshold), ("--review", review)):
        if value is not None and not math.isfinite(value):
            raise ConfigError(f"{option} is {value}; it must be a number, as in 0.8.")
    if threshold is not None and review is not None and review > threshold:
        raise ConfigError(f"--review {review:g} is above --threshold {threshold:g}; swap them.")


def _score(attribute: str, pipeline: Pipeline) -> tuple[str, Callable[[Prediction], float]]:
    """Return which of our scores is matched, and how it is read from a prediction.

    Raises:
        UnknownAttributeError: the model cannot score it.
    """
    from hatelens.serving import perspective_attributes as attributes

    if not attribute:
        return attributes.HATEFUL, partial(attributes.score, source=attributes.HATEFUL)
    known = attributes.of(pipeline)
    known.check([attribute])
    return attribute, partial(attributes.score, source=known.source(attribute))


def _policy(out: Path, community: str) -> Mapping[str, Community]:
    """Return the communities that the policy file holds already.

    Raises:
        ConfigError: it is broken, or could not be written with this community.
    """
    from hatelens.config import policy

    if not 0 < len(community) <= policy.LONGEST:
        raise ConfigError(
            f"--community has {len(community)} characters; it must have 1 to {policy.LONGEST}."
        )
    if not out.parent.is_dir():
        raise ConfigError(f"There is no folder {out.parent}; make it first.")
    return policy.read(out).communities if out.exists() else {}


def _community(
    before: Mapping[str, Community], name: str, attribute: str, made: Migration, pipeline: Pipeline
) -> Community:
    """Return the community with what was found; the rest of it stays as it was."""
    from hatelens.config.policy import Community

    usual = pipeline.thresholds
    known = before.get(name) or Community(name, min(usual.flag, 1.0), min(usual.clear, 1.0))
    flag, clear = (round(value, 7) for value in made.thresholds)
    if attribute:
        return replace(known, attributes={**known.attributes, attribute: flag})
    return replace(known, flag=flag, clear=clear)


def _write_policy(before: Mapping[str, Community], community: Community, out: Path) -> None:
    from hatelens.config import policy

    policy.write(policy.Policy({**before, community.name: community}), out)


def _print(made: Migration, changed: int, folder: Path, out: Path) -> None:
    from rich.console import Console

    Console().print(_table(made))
    for why, count in made.left_out.items():
        sys.stdout.write(f"Left out: {count} ({why})\n")
    sys.stdout.write(f"{changed} of {made.rows} texts change sides: {folder / 'changed.csv'}\n")
    sys.stdout.write(f"Policy: {out}\n")


def _table(made: Migration) -> Table:
    """Return the lines that were found, theirs beside ours."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE, title=f"{made.score}, {made.rows} texts, same {made.match}",
        title_justify="left",
    )  # fmt: skip
    lines = {"flag": made.flag} | ({"clear": made.clear} if made.clear else {})
    for column in ("figure (95 % interval)", *lines):
        table.add_column(column)
    for name, words in FIGURES.items():
        values = [str(getattr(line, name)) for line in lines.values()]
        if any(value != "-" for value in values):
            table.add_row(words, *values)
    return table
