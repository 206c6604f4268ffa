from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from hatelens.evaluation import page


def test_markup_in_a_markdown_cell_stays_text():
    assert page.cell("a|b\n<i>_x_</i> [l](u) $y$") == (
        "a\\|b &lt;i>\\_x\\_&lt;/i> \\[l\\](u) \\$y\\$"
    )


def test_shares_and_figures_that_are_undefined_are_a_dash():
    assert (page.percent(None), page.number(None)) == ("-", "-")
    assert (page.percent(0.687), page.number(0.6874)) == ("68.7", "0.687")


def test_a_value_that_a_template_misses_is_an_error():
    with pytest.raises(UndefinedError):
        page.render("report.md.j2")
