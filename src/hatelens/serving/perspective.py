"""Perspective's ``comments:analyze`` and ``comments:suggestscore``, answered by the served model.

What the model cannot score is refused as Perspective refuses an attribute that it does not know:
nothing is made up. https://developers.perspectiveapi.com
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.models.detector import Prediction
from hatelens.serving import caller, discovery, google_rpc, json_body, request_id
from hatelens.serving import perspective_attributes as attributes
from hatelens.serving import perspective_question as question
from hatelens.serving.answer import Json, shown
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.google_rpc import OTHER, GoogleError
from hatelens.serving.perspective_attributes import Attributes, UnknownAttributeError
from hatelens.serving.perspective_question import WANTED, Analysis, Wanted
from hatelens.serving.perspective_record import ANALYZE, SUGGEST, analyze_body, suggest_body
from hatelens.text.language import language
from hatelens.text.sentences import sentences

ANALYZE_PATH = "/v1alpha1/comments:analyze"
SUGGEST_PATH = "/v1alpha1/comments:suggestscore"
refusal = google_rpc.refusal

Range = tuple[int, int]
_REGION = re.compile(r"-([A-Za-z]{2}|[0-9]{3})$")
"""The region that the code of a language may name, as in ``en-GB``."""


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes that answer as Perspective's do, and its discovery document."""
    routes = APIRouter(tags=["compatible"])
    # The document describes the model of the start; what is asked goes by the one of that time.
    names = tuple(attributes.of(desk.pipeline).sources)

    @routes.post(
        ANALYZE_PATH,
        summary="Score a comment (the shape of Perspective)",
        response_class=Json,
        responses=ANALYZE,
        openapi_extra=analyze_body(names, desk.pipeline.languages),
    )
    async def analyze(request: Request) -> Response:
        """Score a comment for the attributes that the served model has; others are refused.

        `doNotStore` keeps the text out of the record; `communityId` picks whose adapter answers.
        """
        try:
            values = await json_body.read(request, settings.max_body_bytes, WANTED)
            asked = question.analysis(values, settings)
            return await _analyzed(request, asked, desk, settings.max_texts)
        except GoogleError as error:
            return error.answer()

    @routes.post(
        SUGGEST_PATH,
        summary="Suggest the scores of a comment (the shape of Perspective)",
        response_class=Json,
        responses=SUGGEST,
        openapi_extra=suggest_body(names),
    )
    async def suggestscore(request: Request) -> Response:
        """Put on record which scores a comment should have had."""
        try:
            values = await json_body.read(request, settings.max_body_bytes, WANTED)
            return await _suggested(request, question.suggestion(values, settings), desk)
        except GoogleError as error:
            return error.answer()

    routes.include_router(discovery.router(lambda: attributes.of(desk.pipeline), settings))
    return routes


async def _analyzed(request: Request, asked: Analysis, desk: Desk, most: int) -> Response:
    """Check what is asked, then score the comment and, where they are wanted, its sentences."""
    try:
        attributes.of(desk.pipeline).check([one.name for one in asked.attributes])
    except UnknownAttributeError as error:
        raise GoogleError(OTHER, str(error)) from None
    said, places = await run_in_threadpool(_parts, asked, desk.pipeline.languages, most)
    text, community = asked.common.text, asked.common.community
    answered = await desk.answer(
        Asked(
            (text,),
            ANALYZE_PATH,
            community=community,
            keep=asked.keep,
            key=caller.of(request).key,
            request=request_id.of(request),
            parts=() if said == [text] else tuple(said),
        )
    )
    (whole,), served = answered.predictions, answered.served
    known = attributes.of(served.pipeline)
    content = {
        "attributeScores": {
            one.name: _scores(known.source(one.name), whole, places, answered.parts or [whole])
            for one in asked.attributes
            if _is_wanted(one, known, whole)
        },
        "languages": _languages(asked.common.languages, whole, served.pipeline.languages),
    }
    return Json(content | _told(asked.common.token, whole), headers=served.versions(community))


async def _suggested(request: Request, said: question.Suggested, desk: Desk) -> Response:
    """Put a suggestion on record."""
    common = said.common
    await desk.suggest(
        text=common.text,
        attributes=said.scores,
        community=common.community,
        token=common.token or "",
        key=caller.of(request).key,
        request=request_id.of(request),
    )
    code = await run_in_threadpool(language, common.text)
    content: dict[str, Any] = {} if common.token is None else {"clientToken": common.token}
    content |= {"detectedLanguages": [code]} if code else {}
    content |= {"requestedLanguages": list(common.languages)} if common.languages else {}
    return Json(content)


def _check_languages(asked: Analysis, known: Sequence[str]) -> None:
    """Refuse languages that the model does not know, said or surely found.

    Raises:
        GoogleError: ``LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE``.
    """
    if not known:
        return
    said = list(asked.common.languages)
    found = [code for code in ([] if said else [language(asked.common.text)]) if code]
    if all(_REGION.sub("", code).lower() in known for code in said or found):
        return
    name = asked.attributes[0].name
    codes = ", ".join(shown(code)[1:-1] for code in said or found)
    raise GoogleError(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {name} does not support request languages: {codes}. The served model knows "
        f"{', '.join(known)}.",
        languageNotSupportedByAttributeError={
            ("requestedLanguages" if said else "detectedLanguages"): said or found,
            "attribute": name,
        },
    )


def _parts(asked: Analysis, known: Sequence[str], most: int) -> tuple[list[str], list[Range]]:
    """Return what is scored by itself, the sentences or all of the text, and where it stands.

    Raises:
        GoogleError: the model does not know the language, or there are too many sentences.
    """
    _check_languages(asked, known)
    text = asked.common.text
    ranges = sentences(text) if asked.spans else [(0, len(text))]
    if len(ranges) > most:
        raise GoogleError(
            OTHER,
            f"spanAnnotations is asked for {len(ranges)} sentences; at most {most} are allowed. "
            "Send the comment in parts.",
        )
    return [text[begin:end] for begin, end in ranges], utf16(text, ranges)


def _is_wanted(one: Wanted, known: Attributes, whole: Prediction) -> bool:
    source = known.source(one.name)
    if not source:  # another model has come since the names were checked
        return False
    return one.threshold is None or attributes.score(whole, source) >= one.threshold


def _scores(
    source: str, whole: Prediction, places: Sequence[Range], parts: Sequence[Prediction]
) -> dict[str, Any]:
    """Return the scores of one attribute, of the parts first, as Perspective does."""
    pairs = zip(places, parts, strict=True)
    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": _score(part, source)}
            for (begin, end), part in pairs
        ],
        "summaryScore": _score(whole, source),
    }


def _score(prediction: Prediction, source: str) -> dict[str, Any]:
    return {"value": attributes.score(prediction, source), "type": "PROBABILITY"}


def _languages(said: Sequence[str], whole: Prediction, known: Sequence[str]) -> list[str]:
    """Return the languages that the comment was read as."""
    return list(said or ([whole.language] if whole.language else known))


def _told(token: str | None, whole: Prediction) -> dict[str, Any]:
    """Return the fields that are there only where they say something."""
    found = {"detectedLanguages": [whole.language]} if whole.language else {}
    return found if token is None else found | {"clientToken": token}


def utf16(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Count ranges of characters in UTF-16 units, as Perspective's spans are.

    Args:
        text: that they are of.
        ranges: counted in Unicode code points.
    """
    if text.isascii() or max(text) <= "\uffff":
        return list(ranges)
    wide = list(accumulate((char > "\uffff" for char in text), initial=0))
    return [(begin + wide[begin], end + wide[end]) for begin, end in ranges]
