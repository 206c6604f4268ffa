"""Names that stand for objects, imported only when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from hatelens.errors import UserError, unknown


class Registry(Mapping[str, str]):
    """A table from names to ``module:object`` strings.

    Args:
        what: the kind of thing that it holds, as in ``kind of model``; used in messages.
        entries: name to ``module:object``.
        error: the error that an unknown name raises.
    """

    def __init__(
        self, what: str, entries: Mapping[str, str], error: type[UserError] = UserError
    ) -> None:
        self._what = what
        self._entries = dict(entries)
        self._error = error

    def __getitem__(self, name: str) -> str:
        if name not in self._entries:
            raise self._error(unknown(self._what, name, self._entries))
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def load(self, name: str) -> Any:
        """Import the object behind a name.

        Raises:
            UserError: there is no such name (the error class that the registry was made with).
        """
        module, _, attribute = self[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
