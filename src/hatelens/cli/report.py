"""``hatelens report``: what the service has answered, from its record."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import period
from hatelens.cli.database import DatabaseUrl, opened
from hatelens.cli.period import Since, Until
from hatelens.errors import ConfigError, unknown

if TYPE_CHECKING:
    from rich.table import Table

    from hatelens.storage.report import Count, Report

FORMATS = ("table", "csv", "json")
TABLES = ("labels", "communities", "models", "policies", "routes", "days")


def command(
    since: Since = None,
    until: Until = None,
    community: Annotated[
        str | None, typer.Option(help="Count only this one; '' for requests that named none.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    database: DatabaseUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Count what was answered: by label, decision, community, version, route and day."""
    if form not in FORMATS:
        raise ConfigError(unknown("format", form, FORMATS))
    with opened(database) as found:
        from hatelens.storage import report

        begin, end = period.read(since, until)
        made = report.made(found, begin, end, community)
    if as_json or form == "json":
        sys.stdout.write(json.dumps(made.to_dict(), indent=2) + "\n")
    elif form == "csv":
        csv.writer(sys.stdout).writerows(made.rows())
    else:
        _print(made)


def _print(made: Report) -> None:
    from rich.console import Console

    console = Console()
    console.print(_summary(made))
    for name in TABLES if made.requests else ():
        console.print(_table(name, getattr(made, name)))


def _summary(made: Report) -> str:
    total = made.total
    decided = f"{total.flag} flagged, {total.clear} clear, {total.unsure} unsure"
    line = f"{total.texts} texts in {made.requests} requests: {decided} ({made.unsure:.1%})"
    if not made.latency:
        return line
    told = ", ".join(f"{name} {value:.1f} ms" for name, value in made.latency.items())
    return f"{line}\nlatency of a request: {told}{_shadow(made)}"


def _shadow(made: Report) -> str:
    """Return the line about the model in the shadow, if there is one."""
    found = made.shadow
    if found is None:
        return ""
    agreed, sides = found.agreement, found.sides
    return (
        f"\nin the shadow: model {found.model}, {found.texts} texts compared, {found.left_out} "
        f"left out; same decision {agreed.value:.1%} ({agreed.low:.1%} to {agreed.high:.1%}), "
        f"kappa {found.kappa:.2f}; {sides.count} would change sides; score "
        f"{found.shift.mean:+.3f} on average"
    )


def _table(name: str, counts: Mapping[str, Count]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(name)
    for heading in ("texts", "flag", "clear", "unsure"):
        table.add_column(heading, justify="right")
    for value, count in counts.items():
        figures = (count.texts, count.flag, count.clear, count.unsure)
        table.add_row(Text(value or "(none)"), *map(str, figures))
    return table
