"""An environment for a peer alone, made once and kept in the cache folder of hatelens."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.peer import Peer

from hatelens.config import paths
from hatelens.errors import UserError

READY = "ready.txt"
"""Written last: an environment without it is made again."""


class PeerError(UserError):
    """A peer cannot be installed or does not answer; the others are measured all the same."""


@dataclass(frozen=True)
class Environment:
    """Where a peer runs.

    Attributes:
        python: its interpreter.
        variables: of its processes, beside those of this one.
        megabytes: what it takes on disk, without the interpreter and compiled bytecode.
    """

    python: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    megabytes: float = 0.0


def make(peer: Peer) -> Environment:
    """Make the environment of a peer, or take the one that was made before.

    Raises:
        PeerError: it cannot be installed.
    """
    if peer.reason:
        raise PeerError(peer.reason)
    folder = paths.cache() / "peers" / f"{peer.adapter.stem}-{digest(peer)}"
    if not (folder / READY).is_file():
        _build(peer, folder)
    if peer.source:  # sources change without their version
        _install(folder, ["--reinstall-package", "hatelens", *_wanted(peer)])
    size = _megabytes(folder) + (_megabytes(peer.model) if _outside(peer) else 0.0)
    return Environment(_python(folder), _variables(peer, folder), size)


def digest(peer: Peer) -> str:
    """Tell environments apart by what is installed and the version of Python."""
    files = [file for file in (peer.requirements, peer.no_deps) if file]
    parts = [sys.version, *(file.read_text(encoding="utf-8") for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _build(peer: Peer, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _run([*_uv(), "venv", "--quiet", "--python", sys.executable, str(folder)])
    _install(folder, _wanted(peer))
    if peer.no_deps:
        _install(folder, ["--no-deps", "-r", str(peer.no_deps)])
    if peer.locale:
        _define(peer.locale, folder / "locale")
    (folder / READY).touch()


def _wanted(peer: Peer) -> list[str]:
    pinned = [str(peer.requirements)] if peer.requirements else []
    if peer.source:
        return [*(part for file in pinned for part in ("-c", file)), str(peer.source)]
    return [part for file in pinned for part in ("-r", file)]


def _install(folder: Path, wanted: Sequence[str]) -> None:
    _run([*_uv(), "pip", "install", "--quiet", "--python", str(_python(folder)), *wanted])


def _uv() -> list[str]:
    """Find uv beside this interpreter or on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if not found:
        raise PeerError('This needs uv. Install it with: pip install "uv>=0.9"')
    return [found]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, env={**settings(), **os.environ}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{command[0]} failed"]
        raise PeerError(f"It cannot be installed: {' '.join(' '.join(lines).split())[:300]}")


def settings() -> dict[str, str]:
    """Return what uv is told unless the caller says otherwise, the same as in the Makefile."""
    links = os.environ.get("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", ""))
    found = {"UV_SYSTEM_CERTS": "1", **({"UV_FIND_LINKS": links} if links else {})}
    if links and any(Path(links).glob("torch-*.whl")):
        return found
    return {**found, "UV_TORCH_BACKEND": "auto"}  # without a GPU the build for the CPU alone


def _define(locale: str, folder: Path) -> None:
    """Compile a locale into a folder of one's own: no system package, no rights needed."""
    folder.mkdir()
    language, _, characters = locale.partition(".")
    if not shutil.which("localedef"):
        raise PeerError(f"It needs the locale {locale}, and there is no localedef to make it.")
    _run(["localedef", "-i", language, "-f", characters, str(folder / locale)])


def _variables(peer: Peer, folder: Path) -> dict[str, str]:
    return {"PYTHONUTF8": "1", **({"LOCPATH": str(folder / "locale")} if peer.locale else {})}


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _outside(peer: Peer) -> bool:
    """Say whether a model lies elsewhere than in the package that was installed."""
    inside = peer.source / "src" if peer.source else None
    return bool(peer.model and inside and not peer.model.is_relative_to(inside))


def _megabytes(folder: Path | None) -> float:
    if folder is None:
        return 0.0
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files if path.suffix != ".pyc") / 1e6
