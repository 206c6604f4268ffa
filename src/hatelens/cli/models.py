"""``hatelens models``: kinds, base models at hand, and what a folder holds."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List and show models.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(
    runs: Annotated[Path, typer.Option(help="Folder whose model folders are listed.")] = Path(
        "runs"
    ),
    as_json: AsJson = False,
) -> None:
    """List kinds of model, base models and model folders."""
    from hatelens.models import manifest
    from hatelens.models.folder import SCORERS

    folders = sorted(path.parent for path in runs.glob(f"*/{manifest.FILE}"))
    listing = {
        "kinds": sorted({name.split("/")[0] for name in SCORERS}),
        "bases": _bases(),
        "folders": [str(path) for path in folders],
    }
    if as_json:
        sys.stdout.write(json.dumps(listing) + "\n")
        return
    for what, names in listing.items():
        sys.stdout.write(f"{what}:\n")
        sys.stdout.writelines(f"  {name}\n" for name in names or ["(none)"])


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="Model folder, or 'default'.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Show what a model folder is and was made from."""
    from hatelens.models import folder

    found = folder.read(folder.find(model))
    if as_json:
        sys.stdout.write(found.to_json())
        return
    facts = {
        "name": found.name,
        "kind": f"{found.kind} ({found.runtime})",
        "base": f"{found.base.name}, {found.base.source}" if found.base else "none",
        "labels": ", ".join(found.labels.names),
        "hateful": ", ".join(found.labels.hateful),
        "cleaning": found.cleaning,
        "calibration": found.calibration.method,
        "thresholds": f"flag from {found.thresholds.flag:.3f}, clear below "
        f"{found.thresholds.clear:.3f} ({found.thresholds.target or 'set by hand'})",
        "data": ", ".join(f"{source.card} ({source.rows_train} rows)" for source in found.data),
        "model_version": found.model_version,
        "policy_version": found.policy_version,
    }
    width = max(map(len, facts))
    sys.stdout.writelines(f"{name:<{width}}  {value}\n" for name, value in facts.items())


@app.command("adopt")
def adopt(
    model: Annotated[
        str, typer.Argument(help="Published model: a folder, or a hub id as owner/name@REVISION.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; must not exist.")],
    hateful: Annotated[
        list[str] | None,
        typer.Option(help="Label that counts as hateful; several times for several."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(help="Name of a label where the model has none; once each, in order."),
    ] = None,
    base: Annotated[str, typer.Option(help="Base model of an adapter: a folder or a name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a published classifier or adapter a model folder."""
    from hatelens.models.adopt import adopt as make
    from hatelens.models.published import Wishes

    make(model, out, Wishes(tuple(hateful or ()), tuple(labels or ()), base))
    sys.stdout.write(json.dumps({"folder": str(out)}) + "\n" if as_json else f"{out}\n")


def _bases() -> list[str]:
    from hatelens.models.base import PACKAGES

    installed = {name.lower() for name in map(_name, importlib.metadata.distributions())}
    return [
        f"{name} ({'installed' if set(package.distributions) <= installed else 'not installed'})"
        for name, package in PACKAGES.items()
    ]


def _name(distribution: importlib.metadata.Distribution) -> str:
    return distribution.name.replace("_", "-")
