"""The community that a request names: its thresholds answer, and the record keeps the name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from hatelens.serving.answer import RefusalError

MOST = 128
WHOSE = "Whose thresholds decide, where the policy file has it; else the default ones."

# The length stands in the OpenAPI document only: `checked` refuses in the form of each route.
Community = Annotated[
    str,
    Query(
        description=WHOSE,
        json_schema_extra={"maxLength": MOST},
    ),
]


def checked(name: str, status: int = 422) -> str:
    """Return the name of a community as it was asked for.

    Args:
        name: empty for none.
        status: of the refusal, in the form of the route.

    Raises:
        RefusalError: it is too long.
    """
    if len(name) > MOST:
        raise RefusalError(
            status, f"community has {len(name)} characters; at most {MOST} are allowed. Shorten it."
        )
    return name
