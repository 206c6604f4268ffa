"""The policy file: per community the thresholds that decide, and the adapter that answers."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hatelens.errors import ConfigError, unknown

KEY = "communities"
FIELDS = ("flag", "clear", "attributes", "adapter")
LONGEST = 128
"""Characters of a community's name."""


@dataclass(frozen=True)
class Community:
    """How one community decides.

    Attributes:
        name: of the community, as requests name it.
        flag: flag from this score of ``hateful`` on, 0-1.
        clear: clear below this score, at most ``flag``; between the two a person should look.
        attributes: thresholds by attribute, 0-1, for who compares scores himself; they decide
            nothing here.
        adapter: of a mixture, the one that answers alone; empty for the whole model.
    """

    name: str
    flag: float
    clear: float
    attributes: Mapping[str, float] = field(default_factory=dict)
    adapter: str = ""

    def version(self, policy: str) -> str:
        """Return the policy version of this community's decisions.

        Args:
            policy: version of the model's own policy.
        """
        values = {name: getattr(self, name) for name in FIELDS}
        text = json.dumps([policy, values], sort_keys=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[: max(len(policy), 16)]


@dataclass(frozen=True)
class Policy:
    """All communities that decide in their own way; others have the model's thresholds.

    Attributes:
        communities: by name.
    """

    communities: Mapping[str, Community] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """YAML in which no key stands twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        values = super().construct_mapping(node, deep=deep)
        if len(values) < len(node.value):
            line = node.start_mark.line + 1
            raise yaml.constructor.ConstructorError(
                problem=f"a key of the mapping in line {line} stands there twice"
            )
        return values


def read(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        ConfigError: it is missing, no YAML, or a value is wrong; the message names file and key.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 -- safe
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The policy file {path} cannot be read ({reason}).") from None
    except yaml.YAMLError as error:
        words = ascii(" ".join(str(error).split()))[1:-1]
        raise ConfigError(f"The policy file {path} is no YAML: {words[:200]}.") from None
    try:
        return _policy(content)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def write(policy: Policy, path: Path) -> None:
    """Write a policy file; one that is there is replaced whole or not at all.

    Raises:
        ConfigError: a value is one that could not be read again.
    """
    content = {
        KEY: {
            name: {
                key: value for key, value in asdict(one).items() if key in FIELDS and value != ""
            }
            for name, one in policy.communities.items()
        }
    }
    for one in content[KEY].values():
        if not one["attributes"]:
            del one["attributes"]
    _policy(content)
    work = path.with_name(f".{path.name}.{os.getpid()}")
    work.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    work.replace(path)


def _policy(content: Any) -> Policy:
    values = _mapping("The file", content, (KEY,))
    communities = _mapping(KEY, values.get(KEY))
    return Policy({name: _community(name, value) for name, value in communities.items()})


def _community(name: str, content: Any) -> Community:
    place = f"{KEY}.{_shown(name)}"
    if not 0 < len(name) <= LONGEST:
        raise ConfigError(
            f"The name of {place} has {len(name)} characters; it must have 1 to {LONGEST}."
        )
    values = _mapping(place, content, FIELDS)
    if "flag" not in values:
        raise ConfigError(f"{place} has no flag; add one, as in flag: 0.7.")
    flag = _score(f"{place}.flag", values["flag"])
    clear = _score(f"{place}.clear", values.get("clear", flag))
    if clear > flag:
        raise ConfigError(f"{place}.clear is {clear}; it must be at most flag, which is {flag}.")
    adapter = values.get("adapter", "")
    if not isinstance(adapter, str):
        raise ConfigError(f"{place}.adapter is {_shown(adapter)}; it must be a name in quotes.")
    attributes = _mapping(f"{place}.attributes", values.get("attributes", {}))
    scores = {
        each: _score(f"{place}.attributes.{_shown(each)}", value)
        for each, value in attributes.items()
    }
    return Community(name, flag, clear, scores, adapter)


def _mapping(place: str, content: Any, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """Check that something is a mapping with text for keys; where keys are given, only those."""
    if not isinstance(content, dict):
        raise ConfigError(f"{place} is {_shown(content)}; it must be a mapping, as in {{a: b}}.")
    for key in content:
        if not isinstance(key, str):
            raise ConfigError(f"{place} has the key {_shown(key)}; write it in quotes.")
        if keys and key not in keys:
            raise ConfigError(f"{place}: {unknown('key', ascii(key)[1:-1][:60], keys)}")
    return content


def _score(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigError(f"{place} is {_shown(value)}; it must be a number from 0 to 1.")
    return float(value)


def _shown(value: Any) -> str:
    text = ascii(value)
    return (text[1:-1] if isinstance(value, str) else text)[:60]
