"""What a person did wrong, said plainly: what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class UserError(Exception):
    """A mistake that a person can mend: one line on the terminal and exit 2, 4xx over HTTP."""


class ConfigError(UserError):
    """A recipe, an override or a setting is wrong."""


class DataError(UserError):
    """A file, a row or a data set is wrong."""


class ModelError(UserError):
    """A model folder or a base model is missing, damaged or of the wrong kind."""


class StorageError(UserError):
    """The database of the record is missing, unreachable, damaged or not ours."""


class MissingExtraError(UserError):
    """A part of hatelens is used whose libraries are not installed."""


def unknown(what: str, name: object, allowed: Iterable[str], *, do: str = "") -> str:
    """Word the line for a name that does not exist, with the one that was probably meant.

    Args:
        what: the kind of thing, as in ``recipe``.
        name: what was found.
        allowed: what exists.
        do: what to do about it; empty to leave it at the list of names.

    Returns:
        One line, as in ``No recipe named 'demo_liner'; did you mean 'demo_linear'? There are ...``.
    """
    names = sorted(allowed)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    there = f" There are {', '.join(names)}." if names else " There are none."
    return f"No {what} named {str(name)!r}{meant}{there}{' ' + do if do else ''}"


def require(module: str, extra: str, *, or_else: str = "") -> ModuleType:
    """Import a library that belongs to an extra.

    Args:
        module: the module to import, as in ``matplotlib``.
        extra: the extra that brings it, as in ``evaluate``.
        or_else: another way out, as the end of the sentence.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: it is not installed; the message holds the line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".", maxsplit=1)[0]:
            raise
        line = (
            f"This needs {error.name}, which is not installed. "
            f'Install it with: pip install "hatelens[{extra}]"'
        )
        raise MissingExtraError(f"{line}, {or_else}" if or_else else line) from None
