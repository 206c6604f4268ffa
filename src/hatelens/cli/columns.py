"""The option ``--column ROLE=COLUMN``: which columns of a file of one's own play which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hatelens.errors import ConfigError

ROLES = "For a file: ROLE=COLUMN, as in text=comment or label=class."


def roles(given: Sequence[str] | None) -> Mapping[str, str]:
    """Read ``ROLE=COLUMN`` options.

    Raises:
        ConfigError: one has no ``=``.
    """
    pairs = [one.partition("=") for one in given or ()]
    for role, sign, column in pairs:
        if not (role and sign and column):
            raise ConfigError(f"--column takes ROLE=COLUMN, as in text=comment; found {role!r}.")
    return {role: column for role, _, column in pairs}
