from __future__ import annotations

import pytest

from hatelens.errors import ConfigError
from hatelens.evaluation.target import Target


def test_a_target_is_read_whatever_its_case_and_blanks():
    assert Target.parse(" FPR <= .05 ") == Target("fpr", 0.05)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("precison>=0.9", "did you mean 'precision'"),
        ("precision=0.9", "precision takes >="),
        ("precision>=90", "share above 0 and at most 1"),
        ("review_budget=0", "share above 0"),
        ("fpr<=1.2.3", "'1.2.3' in 'fpr<=1.2.3' is no number"),
        ("high precision", "is no target"),
        ("", "is no target"),
    ],
)
def test_a_misspelt_target_is_an_error_with_the_grammar(text, words):
    with pytest.raises(ConfigError, match=words) as error:
        Target.parse(text)

    assert "Write precision>=0.9" in str(error.value)
