"""Every route keeps what /openapi.json promises, whether a request fits it or not."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis import Case, SerializationContext
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.serving.whole import whole

UNSAYABLE = {
    "POST /v1alpha1/comments:analyze": "that the text is in a language that the model knows",
    "POST /jobs": "what a table holds, in CSV, and which column has the texts",
    "POST /respond": "that the two sides take turns",
}
"""What a request must keep to beside its schema, which OpenAPI has no words for."""
REJECTED = ("400", "404", "405", "413", "415", "422")

with TemporaryDirectory() as nowhere:
    document = whole(Path(nowhere)).openapi()
schema = schemathesis.openapi.from_dict(
    document,
    config=schemathesis.Config.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": [*REJECTED]}}}
    ),
)
any_time = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@schemathesis.serializer("application/x-ndjson")
def lines(_: SerializationContext, value: Any) -> bytes:
    """Send a body of lines as it is."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """The service, which schemathesis starts and ends."""
    return whole(tmp_path)


def keeps_its_promise(case: Case[Any], app: FastAPI) -> None:
    """Send a request and hold the answer against the document."""
    left_out: list[Any] = [positive_data_acceptance] if case.operation.label in UNSAYABLE else []
    case.call_and_validate(app=app, excluded_checks=left_out)


@schema.parametrize()
@settings(any_time, max_examples=5)
def test_a_few_requests_are_answered_as_promised(case: Case[Any], app: FastAPI) -> None:
    keeps_its_promise(case, app)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@schema.parametrize()
@settings(any_time, max_examples=300)
def test_hundreds_of_requests_are_answered_as_promised(case: Case[Any], app: FastAPI) -> None:
    keeps_its_promise(case, app)
