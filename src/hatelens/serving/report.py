"""``GET /report``: what was answered in a time, as JSON, as CSV, or as a page with charts."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request
from jinja2 import Template
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving import charts, community, markup
from hatelens.serving.answer import Json
from hatelens.serving.desk import Desk
from hatelens.serving.record import ERROR, Shape
from hatelens.storage import canonical, clock, comparison
from hatelens.storage import report as reports
from hatelens.storage.database import Database
from hatelens.storage.report import Report

Form = Literal["json", "csv", "html"]
Decision = Literal["flag", "unsure", "clear"]
PERIODS = (7, 30, 90)
AT_ONCE = 2
LONGEST = 6 * community.MOST
"""Characters of a name as it is on record, where each may have become an escape."""
MEDIA: dict[str, Form] = {"text/html": "html", "text/csv": "csv", "application/json": "json"}
SINCE = "First day, or a moment in ISO 8601; UTC unless it says otherwise."
UNTIL = "Last day, or the moment before which."
COMMUNITY = "Only this one; empty for requests that named none."
FORM = "Else the Accept header decides: browsers get the page, all others JSON."
DATE = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


class Counted(Shape):
    """Texts, by decision."""

    texts: int
    flag: int
    clear: int
    unsure: int


class Portion(Shape):
    """A share of texts, with its 95 % interval."""

    count: int
    value: float
    low: float
    high: float


class Moved(Shape):
    """How far the score moves from the answer to the shadow."""

    mean: float
    low: float = Field(description="Begin of the 95 % interval of the mean.")
    high: float = Field(description="Its end.")
    quantiles: dict[str, float] = Field(description="p05, p25, p50, p75, p95.")


class Crossed(Shape):
    """A text that would change sides; its text is not told."""

    answer: str = Field(description="Id of the answer.")
    request: str = Field(description="Id of the request, as in X-Request-ID.")
    place: int = Field(description="Position of the text in the request, from 0.")
    decision: Decision
    shadow: Decision = Field(description="What the shadow would have decided.")
    hateful: float
    shadow_hateful: float


class Compared(Shape):
    """The model in the shadow beside what was answered meanwhile."""

    model: str = Field(description="Version of the model in the shadow.")
    against: dict[str, int] = Field(description="Texts by the version that answered.")
    texts: int = Field(description="That both have labelled.")
    left_out: int = Field(description="Answered since the first of them, and not compared (yet).")
    agreement: Portion = Field(description="Same decision.")
    kappa: float = Field(description="Cohen's, of the decisions.")
    sides: Portion = Field(description="Flagged by one of the two and not by the other.")
    shift: Moved
    counts: dict[Decision, dict[Decision, int]] = Field(
        description="Texts by the decision that was given, then by that of the shadow."
    )
    crossings: list[Crossed] = Field(description="The newest 100 that would change sides.")


class Reported(Shape):
    """What was answered; names are counted with their texts."""

    since: str | None = Field(description="Begin, in UTC; null for no limit.")
    until: str | None = Field(description="End, not included; null for no limit.")
    community: str | None = Field(description="The only one counted; null for all.")
    requests: int
    total: Counted
    unsure: float = Field(description="Share of texts that are left to a person, 0-1.")
    latency: dict[str, float] = Field(description="Milliseconds of a request: p50, p95, p99.")
    labels: dict[str, Counted]
    communities: dict[str, Counted] = Field(description="The empty name is for none.")
    models: dict[str, Counted]
    policies: dict[str, Counted]
    routes: dict[str, Counted]
    days: dict[str, Counted] = Field(description="In UTC, in their order.")
    shadow: Compared | None = Field(description="null where no model ran in the shadow.")


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, in the form that was asked for.",
        "model": Reported,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "text/html": {"schema": {"type": "string"}},
        },
    },
    422: {"description": "A date or the form is none.", "model": ERROR},
    503: {"description": "The record cannot be read now.", "model": ERROR},
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be reported, as it was asked for.

    Attributes:
        since: first day or moment; None for from the beginning.
        until: last day, or moment; None for up to now.
        community: the only one to count; empty for requests that named none, None for all.
    """

    since: str | None
    until: str | None
    community: str | None

    def made(self, database: Database) -> Report:
        """Count it.

        Raises:
            ConfigError: a date is none.
            StorageError: the database cannot be read.
        """
        since = None if self.since is None else clock.moment(self.since)
        until = None if self.until is None else clock.moment(self.until, end=True)
        named = None if self.community is None else canonical.text(self.community)
        return reports.made(database, since, until, named)

    def link(self, **changed: str | None) -> str:
        """Return the address of this report with something changed."""
        fields = {"since": self.since, "until": self.until, "community": self.community} | changed
        query = urlencode({name: value for name, value in fields.items() if value is not None})
        return f"/report?{query}" if query else "/report"


def router(desk: Desk, _: ServerSettings) -> APIRouter:
    """Return the route of the report."""
    routes = APIRouter(tags=["record"])
    page = markup.template("report.html")
    turn = anyio.CapacityLimiter(AT_ONCE)

    @routes.get("/report", summary="What was answered", response_class=Json, responses=ANSWERS)
    async def report(
        request: Request,
        since: Annotated[str | None, Query(description=SINCE, json_schema_extra=DATE)] = None,
        until: Annotated[str | None, Query(description=UNTIL, json_schema_extra=DATE)] = None,
        named: Annotated[
            str | None, Query(alias="community", max_length=LONGEST, description=COMMUNITY)
        ] = None,
        form: Annotated[Form | None, Query(alias="format", description=FORM)] = None,
    ) -> Response:
        """Count texts by label, decision, community, version, route and day, and the latency."""
        wish = Wish(since, until, named)
        made = await anyio.to_thread.run_sync(wish.made, desk.database, limiter=turn)
        chosen = form or wanted(request.headers.get("accept", ""))
        if chosen == "json":
            return Json(made.to_dict())
        return spreadsheet(made) if chosen == "csv" else shown(page, made, wish)

    return routes


def wanted(accept: str) -> Form:
    """Return the form that a client likes best: a browser the page, ``text/csv`` the table."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for kind in kinds:
        if kind in MEDIA:
            return MEDIA[kind]
    return "json"


def spreadsheet(made: Report) -> Response:
    """Write the report as CSV, to be saved."""
    file = io.StringIO()
    csv.writer(file).writerows(made.rows())
    headers = {"Content-Disposition": 'attachment; filename="hatelens-report.csv"'}
    return Response(file.getvalue().encode("utf-8"), media_type="text/csv", headers=headers)


def shown(page: Template, made: Report, wish: Wish) -> Response:
    """Draw the report as a page."""
    today = datetime.now(UTC).date()
    periods = {
        f"{days} days": wish.link(since=str(today - timedelta(days=days - 1)), until=None)
        for days in PERIODS
    } | {"All time": wish.link(since=None, until=None)}
    html = page.render(
        report=made,
        wish=wish,
        periods=periods,
        tables=tables(made),
        columns=charts.columns(made.days),
        size=(charts.WIDTH, charts.HEIGHT),
        decisions=comparison.DECISIONS,
        version=__version__,
    )
    return HTMLResponse(html.encode("utf-8", "replace"))


def tables(made: Report) -> list[charts.Table]:
    """Lay out one table per question."""
    return [
        charts.table("Labels", "label", made.labels),
        charts.table("Communities", "community", made.communities),
        charts.table("Versions of the model", "model", made.models),
        charts.table("Versions of the policy", "policy", made.policies),
        charts.table("Routes", "route", made.routes),
    ]
