"""``hatelens models``: kinds, base models at hand, what a folder holds, what is served."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import reference, served

if TYPE_CHECKING:
    from hatelens.models.manifest import Manifest

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List, show and serve models.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
app.command("reference")(reference.command)
app.command("shadow")(served.shadow)
app.command("promote")(served.promote)
app.command("rollback")(served.rollback)
app.command("served")(served.list_served)


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


@app.command("remote")
def remote(
    url: Annotated[str, typer.Argument(help="OpenAI-compatible server: http://localhost:11434")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not exist.")],
    model: Annotated[
        str, typer.Option(help="Its name on the server; may be left out where there is one.")
    ] = "",
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A class; once each, in order.")
    ] = None,
    hateful: Annotated[
        list[str] | None, typer.Option(help="Label that counts as hateful; once each.")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option("--answer", help="Words for a label, in the labels' order. [the labels]"),
    ] = None,
    prompt: Annotated[
        str, typer.Option(help="Name of a prompt or a text file; empty: the server has it.")
    ] = "",
    chat: Annotated[bool, typer.Option(help="Ask as the user of a chat.")] = True,
    decode: Annotated[
        str, typer.Option(help="probability, generate, or auto: what the server can.")
    ] = "auto",
    top: Annotated[int, typer.Option(min=1, help="Tokens asked for at each place.")] = 20,
    samples: Annotated[
        int, typer.Option(min=1, help="Answers per text where they are generated.")
    ] = 1,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Folder with the model's tokenizer, to send token ids.")
    ] = None,
    like: Annotated[
        str, typer.Option(help="Decoder folder whose export the server holds; says all the rest.")
    ] = "",
    templated: Annotated[
        bool,
        typer.Option("--templated", help="With --like: the server's Modelfile has the prompt."),
    ] = False,
    key: Annotated[
        str, typer.Option(help="Name of the environment variable that holds the server's key.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a model behind a server (Ollama, vLLM, llama.cpp) a model folder."""
    from hatelens.models import remote_folder

    wishes = remote_folder.Wishes(
        model=model,
        labels=tuple(labels or ()),
        hateful=tuple(hateful or ()),
        answers=tuple(answers or ()),
        prompt=prompt,
        chat=chat,
        decode=remote_folder.decode(decode),
        top=top,
        samples=samples,
        tokenizer=tokenizer,
        key=key,
        like=like,
        templated=templated,
    )
    made = remote_folder.make(url, out, wishes)
    if as_json:
        sys.stdout.write(json.dumps({"folder": str(out), **_asked(made)}) + "\n")
        return
    sys.stderr.write(
        "Asked by {decode}; the server reports the digest {digest}.\n".format(**_asked(made))
    )
    sys.stdout.write(f"{out}\n")


def _asked(manifest: Manifest) -> dict[str, str]:
    settings = manifest.architecture
    return {"decode": settings["decode"], "digest": settings["digest"][:12]}


def _bases() -> list[str]:
    from hatelens.models.base import PACKAGES

    installed = {name.lower() for name in map(_name, importlib.metadata.distributions())}
    return [
        f"{name} ({'installed' if set(package.distributions) <= installed else 'not installed'})"
        for name, package in PACKAGES.items()
    ]


def _name(distribution: importlib.metadata.Distribution) -> str:
    return distribution.name.replace("_", "-")
