"""The name of a community: any text up to a length."""

from __future__ import annotations

import pytest

from hatelens.serving import community
from hatelens.serving.answer import RefusalError


@pytest.mark.parametrize("name", ["", "my-forum", "<b>\x00'", "x" * community.MOST])
def test_a_name_is_kept_as_it_is(name: str) -> None:
    assert community.checked(name) == name


def test_a_name_that_is_too_long_is_refused_with_the_routes_status() -> None:
    for status in (400, 422):
        with pytest.raises(RefusalError, match="at most 128") as caught:
            community.checked("x" * 129, status)
        assert caught.value.status == status
