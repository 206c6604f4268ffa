"""The templates of our pages: whatever a page shows of others is escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """Return a template of the folder ``templates``."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader(__name__), autoescape=True, undefined=StrictUndefined)
