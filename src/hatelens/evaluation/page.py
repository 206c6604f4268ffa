"""Pages from templates: everything escaped, whatever a data set calls its labels and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hatelens.evaluation.caption import LONGEST, caption

MARKS = str.maketrans({mark: "\\" + mark for mark in "\\`*_[]#|~$"} | {"<": "&lt;", "&": "&amp;"})
"""What Markdown would take for more than a character."""


@dataclass(frozen=True)
class Figure:
    """A picture on a page.

    Attributes:
        title: what it shows.
        source: its file, or an address that holds it.
    """

    title: str
    source: str


def cell(value: object, longest: int = LONGEST) -> str:
    """Return a name for a Markdown table: short, on one line, without markup."""
    return caption(value, longest).translate(MARKS)


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as a percentage; ``-`` where it is undefined."""
    return "-" if value is None else f"{100 * value:.{digits}f}"


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure; ``-`` where it is undefined."""
    return "-" if value is None else f"{value:.{digits}f}"


def figures(value: float) -> str:
    """Return a figure of any size by its first four digits that count."""
    return f"{value:.4g}"


def render(template: str, **values: Any) -> str:
    """Fill a template of this package.

    Args:
        template: its file; in one for HTML every value is escaped.
        values: what the template names.
    """
    environment = Environment(
        loader=PackageLoader("hatelens.evaluation"),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": cell,
        "caption": caption,
        "percent": percent,
        "number": number,
        "figures": figures,
    }
    return environment.get_template(template).render(values)
