"""The templates of our pages."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from hatelens.serving import markup


def test_what_a_page_shows_is_escaped() -> None:
    html = markup.template("login.html").render(csrf='"><script>', line="<b>", version="1")
    assert "<script>" not in html.replace("<script src=", "")
    assert "&lt;b&gt;" in html


def test_a_value_that_is_missing_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        markup.template("login.html").render()
