"""Words for what the schema refused: one line that says what was found and what is allowed."""

from __future__ import annotations

import reprlib
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hatelens.errors import unknown

NEEDED = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text (a number or a boolean needs quotes to be text)",
    "tuple_type": "a list, as in [a,b]",
    "dict_type": "a mapping, as in {a: b}",
    "mapping_type": "a mapping, as in {a: b}",
    "model_type": "a mapping, as in {a: b}",
    "model_attributes_type": "a mapping, as in {a: b}",
}
"""What a value must be, by pydantic's type of error."""

GROUPED = ("model", "data", "training")


def word(error: ValidationError, schema: type[BaseModel], values: Mapping[str, Any]) -> str:
    """Word everything that the schema refused as one line.

    Args:
        error: what pydantic found.
        schema: the schema that the values were checked by.
        values: the values.
    """
    return " ".join(_sentence(detail, schema, values) for detail in error.errors())


def keys(schema: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the dotted keys that a schema allows.

    Args:
        schema: the schema.
        values: the values at hand; they choose between the kinds of a section.
    """
    for name, field in schema.model_fields.items():
        yield name
        section = values.get(name)
        inner = _section(field.annotation, section if isinstance(section, Mapping) else {})
        if inner is not None:
            yield from (f"{name}.{key}" for key in keys(*inner))


def _section(
    annotation: Any, values: Mapping[str, Any]
) -> tuple[type[BaseModel], Mapping[str, Any]] | None:
    """Return the schema of a section: the only one, or the one that its kind names."""
    schemas = list(_schemas(annotation))
    fitting = [schema for schema in schemas if _is_kind(schema, values)]
    return (fitting[0], values) if fitting else None


def _schemas(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the schemas that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Union, types.UnionType, Annotated}:
        for part in get_args(annotation):
            yield from _schemas(part)


def _is_kind(schema: type[BaseModel], values: Mapping[str, Any]) -> bool:
    """Say whether the values' ``kind`` or ``type`` is the schema's."""
    tags = [name for name in ("kind", "type") if name in schema.model_fields]
    return all(values.get(tag) == schema.model_fields[tag].default for tag in tags)


def _sentence(detail: ErrorDetails, schema: type[BaseModel], values: Mapping[str, Any]) -> str:
    """Word one mistake."""
    path = _path(detail["loc"], values)
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path, list(keys(schema, values)))
    if kind == "missing":
        do = f"choose it with {path}=NAME" if path in GROUPED else f"set it with {path}=VALUE"
        return f"{path} is missing; {do}."
    if kind == "union_tag_invalid":
        allowed = [name.strip("'") for name in str(context["expected_tags"]).split(", ")]
        return unknown(f"{path}.{_tag(context)}", context["tag"], allowed)
    if kind == "union_tag_not_found":
        return f"{path} needs {path}.{_tag(context)}; set it with {path}.{_tag(context)}=VALUE."
    if kind == "value_error":
        return _refused(path, str(context["error"]))
    needed = NEEDED.get(kind) or _allowed(detail["msg"])
    return f"{path} is {reprlib.repr(found)}; it must be {needed}."


def _tag(context: Mapping[str, Any]) -> str:
    """Return the key that chooses between the kinds of a section."""
    return str(context["discriminator"]).strip("'")


def _refused(path: str, words: str) -> str:
    """Word what a check of our own said, with the key in front."""
    words = words if words.endswith(".") else words + "."
    return f"{path}: {words}" if path else words


def _allowed(message: str) -> str:
    """Return what pydantic says that a value should be."""
    return message.removeprefix("Input should be ").removeprefix("Value should be ")


def _unknown_key(path: str, allowed: Sequence[str]) -> str:
    """Word a key that does not exist, with the one that was meant."""
    parent, _, leaf = path.rpartition(".")
    beside = [key for key in allowed if key.rpartition(".")[0] == parent]
    elsewhere = [key for key in allowed if key.rpartition(".")[2] == leaf]
    hint = f"Was {' or '.join(elsewhere)} meant?" if elsewhere else ""
    return unknown("key", path, beside, do=hint)


def _path(location: Sequence[int | str], values: Any) -> str:
    """Turn pydantic's location into the key that a person wrote.

    pydantic puts the chosen kind of a section between its keys; those are left out.
    """
    path = ""
    for place, step in enumerate(location, start=1):
        if isinstance(values, Mapping):
            if step not in values and place < len(location):
                continue
            values = values.get(step)
        else:
            values = None
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")
