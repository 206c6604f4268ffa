"""What fields of settings share: strict numbers, and checks that name the cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from hatelens.errors import UserError
from hatelens.labels import check_names

TARGET = re.compile(r"(?:precision>=|recall>=|fpr<=|review_budget=)(\d*\.?\d+)")
"""What flagging can be asked to reach."""

# Strict: a text such as "5" is no number and 1 is no true, in a file as on a command line.
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Switch = Annotated[bool, Strict()]
Count = Annotated[Whole, Field(ge=1)]
Share = Annotated[Number, Field(ge=0.0, lt=1.0)]
Precision = Literal["fp32", "bf16", "int8", "nf4"]


class Settings(BaseModel):
    """What all settings share: they cannot change and know no other keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def alone(value: object) -> object:
    """Take a single text for a list of one."""
    return (value,) if isinstance(value, str) else value


def check_labels(values: object) -> object:
    """Refuse labels that YAML did not read as text.

    Raises:
        ValueError: one of them is no text; the message names the cure.
    """
    if values is None:
        return None
    try:
        return check_names(values, "label")
    except UserError as error:
        raise ValueError(str(error)) from None


def check_label_map(values: object) -> object:
    """Refuse labels in the keys and values of a label map that YAML did not read as text.

    Raises:
        ValueError: one of them is no text; the message names the cure.
    """
    if isinstance(values, Mapping):
        check_labels(list(values))
        for mapped in values.values():
            if isinstance(mapped, Mapping):
                check_labels([*mapped, *(label for label in mapped.values() if label != "")])
    return values


def check_range(values: tuple[int, int]) -> tuple[int, int]:
    """Refuse lengths of n-grams that are below 1 or in the wrong order.

    Raises:
        ValueError: they are.
    """
    low, high = values
    if not 1 <= low <= high:
        raise ValueError(
            f"it must be the shortest and the longest length, from 1 on; found [{low}, {high}]"
        )
    return values


def check_target(value: str) -> str:
    """Refuse a target for the thresholds that cannot be understood.

    Raises:
        ValueError: it cannot.
    """
    match = TARGET.fullmatch(value)
    if not match or not 0.0 < float(match[1]) <= 1.0:
        raise ValueError(
            "it must be precision>=P, recall>=P, fpr<=P or review_budget=P with P above 0 "
            f"and at most 1, as in fpr<=0.05; found {value!r}"
        )
    return value


def check_name(value: str) -> str:
    """Refuse a name that cannot be part of a folder's name.

    Raises:
        ValueError: it cannot.
    """
    if not value.strip() or value.startswith(".") or re.search(r"[/\\\x00-\x1f]", value):
        raise ValueError(f"it must be fit for a folder's name; found {value!r}")
    return value


Labels = Annotated[tuple[str, ...], Field(min_length=1)]
OwnLabels = Annotated[Labels | None, BeforeValidator(check_labels)]
LabelMap = Annotated[Mapping[str, Mapping[str, str]], BeforeValidator(check_label_map)]
Lengths = Annotated[tuple[Whole, Whole], AfterValidator(check_range)]
Cleaning = Literal["v1", "none"]
ClassWeight = Literal["balanced", "sqrt", "none"]
