"""What ``key=value`` on the command line means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from hatelens.config.options import GROUPS, options
from hatelens.errors import ConfigError


@dataclass(frozen=True)
class Override:
    """One ``key=value``.

    Attributes:
        key: the dotted key, or the group.
        value: what it is set to.
    """

    key: str
    value: Any

    @property
    def is_choice(self) -> bool:
        """Whether a group is set to one of its options, as in ``recipe=NAME``."""
        return self.key in GROUPS and isinstance(self.value, str)


def read(text: str) -> Override:
    """Read one ``key=value``.

    Raises:
        ConfigError: it is no ``key=value``, or it holds several values.
    """
    key, equals, value = text.partition("=")
    key = key.lstrip("+")
    if not equals or not re.fullmatch(r"[^~.@]+(\.[^.]+)*", key):
        raise ConfigError(_no_setting(text))
    if key.split(".", maxsplit=1)[0] == "hydra":
        raise ConfigError(f"{key} is a setting of Hydra, which hatelens does not read; remove it.")
    return Override(key, _value(key, value))


def _value(key: str, text: str) -> Any:
    """Read a value by Hydra's grammar; what is not in it is a YAML list or mapping, or text.

    Plain text needs no quotes of its own that way, as in ``thresholds.target=fpr<=0.05``.
    """
    try:
        parsed = OverridesParser.create().parse_override(f"key={text}")
    except HydraException:
        return _yaml(key, text) if text.startswith(("[", "{")) else text
    if parsed.is_sweep_override():
        raise ConfigError(
            f"{key} has several values; one run takes one value, and a list is written {key}=[a,b]."
        )
    return parsed.value()


def _yaml(key: str, text: str) -> Any:
    """Read a list or a mapping as YAML.

    Raises:
        ConfigError: it is none.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(
            f"{key} is {text!r}, which is no list and no mapping; "
            "they are written [a,b] and {a: b}, and special characters need quotes."
        ) from None


def quoted(value: str) -> str:
    """Put a text in quotes so that Hydra reads back exactly that text."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
    kept = escaped.rstrip("\\")
    backslashes = escaped[len(kept) :]
    return f"'{kept}{backslashes}{backslashes}'"


def _no_setting(text: str) -> str:
    """Word the line for something that is no ``key=value``."""
    example = text if text in options("recipe") else "demo_linear"
    return (
        f"{text!r} is no setting; settings are written key=value, "
        f"as in recipe={example} or training.lr=0.003."
    )
