"""``POST /contentsafety/text:analyze``: the shape of Azure AI Content Safety, without blocklists.

Azure's severity says how bad a text is, and no model here does. What stands there is how sure the
model is, cut where the thresholds are: from 2 on a person should look, from 4 on it is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.serving import caller, json_body, request_id
from hatelens.serving import community as communities
from hatelens.serving.answer import Json, RefusalError, shown
from hatelens.serving.azure_record import (
    ANSWERS,
    BODY,
    CATEGORIES,
    FOUR,
    OUTPUTS,
    VERSION,
    VERSIONS,
)
from hatelens.serving.community import Community
from hatelens.serving.desk import Asked, Desk

PATH = "/contentsafety/text:analyze"
FIELDS = ("text", "categories", "blocklistNames", "haltOnBlocklistHit", "outputType")
WANTED = 'Send {"text": "..."}.'
LONGEST = 10_000
HATE = "Hate"
ATTRIBUTES = {"Sexual": "sexual_explicit"}
"""The attribute of the model, if it has it, that a category means."""
SAID = 0.5
BANDS = {"clear": (0, 2), "unsure": (2, 2), "flag": (4, 4)}
"""Per decision the first of eight severities, and how many there are."""
CODES = {
    401: "401",
    403: "PermissionDenied",
    404: "NotFound",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServerBusy",
}


@dataclass(frozen=True)
class Analysis:
    """What a request asks.

    Attributes:
        text: the text.
        categories: that are wanted, in their order.
        step: between two severities: 2 for four of them, 1 for eight.
    """

    text: str
    categories: tuple[str, ...] = CATEGORIES
    step: int = 2


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the route that answers as Azure's does."""
    routes = APIRouter(tags=["compatible"])

    @routes.post(
        PATH,
        summary="Analyse a text (the shape of Azure AI Content Safety)",
        response_class=Json,
        responses=ANSWERS,
        openapi_extra={"requestBody": BODY, "parameters": [VERSION]},
    )
    async def analyze(request: Request, community: Community = "") -> Response:
        """Give a text's severities: 0-1 clear, 2-3 unsure, 4-7 flagged, by the thresholds.

        A category that the model does not score is there without a severity.
        """
        _check_version(request.query_params.get("api-version", ""))
        values = await json_body.read(request, settings.max_body_bytes, WANTED)
        analysis = read(values, settings)
        asked = Asked(
            (analysis.text,),
            PATH,
            community=communities.checked(community, 400),
            key=caller.of(request).key,
            request=request_id.of(request),
        )
        answered = await desk.answer(asked)
        (prediction,), served = answered.predictions, answered.served
        limits = served.thresholds(asked.community)
        found = severities(prediction, limits, served.pipeline.named)
        analysed = [_analysed(name, found, analysis) for name in analysis.categories]
        content: dict[str, Any] = {"blocklistsMatch": (), "categoriesAnalysis": analysed}
        return Json(content, headers=served.versions(asked.community))

    return routes


def _check_version(version: str) -> None:
    if version not in VERSIONS:
        found = f"is {shown(version)}" if version else "is missing"
        raise RefusalError(400, f"api-version {found}; send {' or '.join(VERSIONS)}.")


def read(values: Mapping[str, Any], settings: ServerSettings) -> Analysis:
    """Read what a body asks.

    Raises:
        RefusalError: 400 a field is missing, unknown or wrong, or a blocklist is named; 413 the
            text is too long.
    """
    json_body.check_names(values, FIELDS)
    given = {name: value for name, value in values.items() if value is not None}
    if "text" not in given:
        raise RefusalError(400, f"The JSON has no text. {WANTED}")
    if json_body.typed("blocklistNames", given.get("blocklistNames", []), list):
        raise RefusalError(400, "There are no blocklists here; leave blocklistNames out.")
    json_body.typed("haltOnBlocklistHit", given.get("haltOnBlocklistHit", False), bool)
    output = json_body.typed("outputType", given.get("outputType", FOUR), str)
    if output not in OUTPUTS:
        raise RefusalError(400, f"outputType is {shown(output)}; send one of {', '.join(OUTPUTS)}.")
    return Analysis(
        json_body.text("text", given["text"], min(LONGEST, settings.max_text_chars)),
        _categories(json_body.typed("categories", given.get("categories", []), list)),
        2 if output == FOUR else 1,
    )


def _categories(names: list[Any]) -> tuple[str, ...]:
    """Return the categories that are asked for, each once; all where none is."""
    for name in names:
        if name not in CATEGORIES:
            raise RefusalError(
                400, f"categories holds {shown(name)}; there are {', '.join(CATEGORIES)}."
            )
    return tuple(dict.fromkeys(names)) or CATEGORIES


def severities(
    prediction: Prediction, thresholds: Thresholds, named: Mapping[str, float]
) -> dict[str, int]:
    """Return the severities, 0-7, of the categories that the model scores.

    Args:
        prediction: of the model.
        thresholds: that ``hateful`` was decided by.
        named: per attribute, the probability from which on it is said.
    """
    found = {HATE: severity(prediction.hateful, thresholds, prediction.decision)}
    for name, attribute in ATTRIBUTES.items():
        if attribute in prediction.attributes:
            said = named.get(attribute, SAID)
            limits = Thresholds(flag=said, clear=said)
            score = prediction.attributes[attribute]
            found[name] = severity(score, limits, limits.decide(score))
    return found


def severity(score: float, thresholds: Thresholds, decision: str) -> int:
    """Return one of eight severities.

    The decision gives the band, as ``unsure`` is also a text in a language that the model does not
    know; inside of it the severity rises evenly with the score.

    Args:
        score: 0-1.
        thresholds: from where to where the bands go.
        decision: ``flag``, ``clear`` or ``unsure``.
    """
    ranges = {
        "clear": (0.0, thresholds.clear),
        "unsure": (thresholds.clear, thresholds.flag),
        "flag": (thresholds.flag, 1.0),
    }
    low, high = ranges[decision]
    first, steps = BANDS[decision]
    share = (score - low) / (high - low) if high > low else 0.0
    return first + min(steps - 1, max(0, int(share * steps)))


def _analysed(name: str, found: Mapping[str, int], analysis: Analysis) -> dict[str, Any]:
    if name not in found:
        return {"category": name}
    return {"category": name, "severity": found[name] // analysis.step * analysis.step}


def refusal(status: int, line: str) -> Response:
    """Return a refusal in Azure's shape, which its clients read."""
    code = CODES.get(status, "InvalidRequestBody")
    return Json({"error": {"code": code, "message": line}}, status_code=status)
