"""Gets the files of a data set from a URL or the Hugging Face hub, checked and pinned."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hatelens.data import catalog
from hatelens.data.card import Card, Source, SourceFile
from hatelens.errors import DataError, require

TIMEOUT = 60.0
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Fetched:
    """A file that was got.

    Attributes:
        path: where it is now.
        sha256: of its bytes.
    """

    path: Path
    sha256: str


def fetch(
    card: Card, *, revision: str | None = None, unchecked: bool = False
) -> tuple[Fetched, ...]:
    """Get the files of a card into the cache, from its first source that can be reached.

    Args:
        card: the data set.
        revision: commit of the hub repository, for a card that pins none.
        unchecked: whether files whose sha256 the card does not know are taken as they come.

    Returns:
        The files with their hashes, which a card can then pin.

    Raises:
        DataError: no source can be fetched; the line says why for each of them.
    """
    faults: list[str] = []
    for source in card.sources:
        try:
            if source.kind == "url":
                return _from_url(card, source, unchecked)
            if source.kind == "hub":
                return _from_hub(card, source, revision)
        except DataError as error:
            faults.append(str(error))
    if not faults:
        raise DataError(f"{card.name} must be got by hand. {catalog.cure(card)}")
    raise DataError(" ".join(faults))


def _from_url(card: Card, source: Source, unchecked: bool) -> tuple[Fetched, ...]:
    unknown = [file.path for file in source.files if file.sha256 is None]
    if unknown and not unchecked:
        raise DataError(
            f"The card of {card.name} knows no sha256 of {', '.join(unknown[:3])}; to take what "
            f"comes: hatelens data fetch {card.name} --unchecked"
        )
    folder = catalog.fetched(card) / source.kind
    return tuple(_download(source.where, file, folder) for file in source.files)


def _download(where: str, file: SourceFile, folder: Path) -> Fetched:
    """Download one file; it is put in place only when its hash is right."""
    address = where + file.path
    if not address.startswith(("https://", "http://")):
        raise DataError(f"{address} must begin with https:// or http://.")
    target = folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        with (
            urllib.request.urlopen(address, timeout=TIMEOUT) as answer,  # noqa: S310  (see above)
            partial.open("wb") as out,
        ):
            shutil.copyfileobj(answer, out, CHUNK)
            expected = answer.headers.get("Content-Length")
            if expected is not None and int(expected) != out.tell():
                raise http.client.IncompleteRead(b"", int(expected) - out.tell())
    except (OSError, http.client.HTTPException) as error:
        partial.unlink(missing_ok=True)
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DataError(f"{address} cannot be reached ({why}); try again with a network.") from None
    found = _sha256(partial)
    if file.sha256 is not None and found != file.sha256:
        partial.unlink()
        raise DataError(
            f"{address} has the sha256 {found} where the card expects {file.sha256}; the file has "
            "changed or the transfer failed, and it was not kept."
        )
    partial.replace(target)
    return Fetched(target, found)


def _from_hub(card: Card, source: Source, revision: str | None) -> tuple[Fetched, ...]:
    pinned = revision or source.revision
    if pinned is None:
        raise DataError(
            f"The card of {card.name} has no pinned revision of {source.where}; look one up on its "
            f"page and name it: hatelens data fetch {card.name} --revision COMMIT"
        )
    hub = require("huggingface_hub", "train")
    errors = require("huggingface_hub.errors", "train")
    httpx = require("httpx", "train")
    folder = catalog.fetched(card) / source.kind
    try:
        hub.snapshot_download(
            source.where,
            repo_type="dataset",
            revision=pinned,
            local_dir=folder,
            allow_patterns=[file.path for file in source.files],
        )
    except (OSError, errors.HfHubHTTPError, errors.HFValidationError, httpx.HTTPError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{source.where} cannot be had from the hub: {line}") from None
    return _kept(source, folder)


def _kept(source: Source, folder: Path) -> tuple[Fetched, ...]:
    paths: Sequence[Path] = [
        path for file in source.files for path in sorted(folder.glob(file.path))
    ]
    if not paths:
        names = ", ".join(file.path for file in source.files)
        raise DataError(f"{source.where} holds no file {names}.")
    return tuple(Fetched(path, _sha256(path)) for path in paths)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
