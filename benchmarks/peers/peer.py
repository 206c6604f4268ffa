"""Who is measured: the installable detectors and hatelens, with how each is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hatelens.errors import ModelError
from hatelens.evaluation.caption import caption
from hatelens.models import folder

ADAPTERS = Path(__file__).parent / "adapters"
ROOT = Path(__file__).parents[2]

HATELENS = "hatelens"


@dataclass(frozen=True)
class Peer:
    """A detector in an environment of its own.

    Attributes:
        name: as its package is called.
        adapter: the file that the worker loads.
        requirements: a file with everything that its environment holds, pinned.
        no_deps: a file with packages that are installed without what they ask for.
        source: a folder that is installed as a package; ``requirements`` then only constrain.
        arguments: handed to ``load`` of the adapter.
        model: a folder that belongs to it but may lie outside of its environment.
        locale: that it cannot do without.
        quality: whether its answers mean anything.
        own: whether it is hatelens.
        note: what a reader must know beside its figures.
        reason: why it cannot be measured; empty where it can.
    """

    name: str
    adapter: Path
    requirements: Path | None = None
    no_deps: Path | None = None
    source: Path | None = None
    arguments: tuple[str, ...] = ()
    model: Path | None = None
    locale: str | None = None
    quality: bool = True
    own: bool = False
    note: str = ""
    reason: str = ""


def _adapter(name: str) -> Path:
    return ADAPTERS / f"{name.replace('-', '_')}.py"


def _listed(name: str, *, locale: str | None = None, quality: bool = True, note: str = "") -> Peer:
    adapter = _adapter(name)
    no_deps = adapter.with_suffix(".no_deps.txt")
    return Peer(
        name=name,
        adapter=adapter,
        requirements=adapter.with_suffix(".txt"),
        no_deps=no_deps if no_deps.is_file() else None,
        locale=locale,
        quality=quality,
        note=note,
    )


TRAINED_ON_DAVIDSON = "was trained on Davidson's tweets, so that its figure there flatters it"

PEERS: dict[str, Peer | None] = {
    HATELENS: None,
    "hatesonar": _listed("hatesonar", locale="en_US.UTF-8", note=TRAINED_ON_DAVIDSON),
    "alt-profanity-check": _listed("alt-profanity-check", note=TRAINED_ON_DAVIDSON),
    "better-profanity": _listed(
        "better-profanity", note="is a word list; its score is 0 or 1, its marks the words"
    ),
    "profanex": _listed(
        "profanex", note="is a word list; its score is 0 or 1, its marks the words"
    ),
    "bert-base": _listed(
        "bert-base",
        quality=False,
        note=(
            "is a BERT of base size in torch with random weights (what published classifiers of "
            "that size cost), for speed alone; its weights (438 MB) are not in its install size"
        ),
    ),
}
"""By name, in the order of the tables; hatelens is made for every model folder."""


def choose(names: Sequence[str], models: Sequence[str]) -> list[Peer]:
    """Return the peers of the given names, hatelens once for each model folder."""
    chosen = [PEERS[name] for name in PEERS if name in names]
    ours = [hatelens(model) for model in models] if HATELENS in names else []
    return [*ours, *(one for one in chosen if one is not None)]


def hatelens(model: str) -> Peer:
    """Return hatelens with a model folder, in the base install that a person gets."""
    try:
        found, reason = folder.find(model).resolve(), ""
    except ModelError as error:
        found, reason = None, str(error)
    return Peer(
        name=f"hatelens {caption(Path(model).name)}",
        adapter=_adapter(HATELENS),
        requirements=ROOT / "requirements" / "constraints.txt",
        source=ROOT,
        arguments=(str(found),),
        model=found,
        own=True,
        reason=reason,
    )
