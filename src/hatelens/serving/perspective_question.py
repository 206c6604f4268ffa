"""From the JSON of Perspective's requests to what they ask, or one line that says what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hatelens.config.settings import ServerSettings
from hatelens.errors import unknown
from hatelens.serving import community
from hatelens.serving.answer import RefusalError, shown
from hatelens.serving.google_rpc import OTHER, GoogleError
from hatelens.serving.json_body import check_names, typed

WANTED = 'Send {"comment": {"text": "..."}, "requestedAttributes": {"TOXICITY": {}}}.'
BOTH = ("comment", "context", "languages", "communityId", "clientToken", "sessionId")
ANALYZE = (*BOTH, "requestedAttributes", "doNotStore", "spanAnnotations")
SUGGEST = (*BOTH, "attributeScores")
TEXT_TYPES = ("TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML")
SCORE_TYPES = ("SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW")
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}(@[A-Za-z0-9._-]{1,64})?")
CONTEXT = "articleAndParentComment"
MOST_NAMES = 64
MOST_TOKEN = 1024


@dataclass(frozen=True)
class Wanted:
    """An attribute that is asked for.

    Attributes:
        name: as requested, which the answer mirrors.
        threshold: below it the score is left out; None for always.
    """

    name: str
    threshold: float | None = None


@dataclass(frozen=True)
class Common:
    """What both requests hold.

    Attributes:
        text: the comment, not empty.
        languages: that the caller says it is in; empty to find out.
        community: whose thresholds and adapter answer; empty for none.
        token: that the answer echoes; None without one.
    """

    text: str
    languages: tuple[str, ...] = ()
    community: str = ""
    token: str | None = None


@dataclass(frozen=True)
class Analysis:
    """What ``comments:analyze`` asks.

    Attributes:
        common: the comment and what both requests say of it.
        attributes: at least one.
        keep: whether the text may be stored.
        spans: whether each sentence is to be scored.
    """

    common: Common
    attributes: tuple[Wanted, ...]
    keep: bool = True
    spans: bool = False


@dataclass(frozen=True)
class Suggested:
    """What ``comments:suggestscore`` says.

    Attributes:
        common: the comment and what both requests say of it.
        scores: per attribute the score that the comment should have had, 0-1.
    """

    common: Common
    scores: Mapping[str, float]


def analysis(values: Mapping[str, Any], settings: ServerSettings) -> Analysis:
    """Read the body of ``comments:analyze``.

    Raises:
        RefusalError: 400, a field is missing, unknown or wrong.
    """
    given = _given("the JSON", values, ANALYZE)
    common = _common(given, settings)
    wanted = _object("requestedAttributes", given)
    if not wanted:
        raise GoogleError("NO_REQUESTED_ATTRIBUTES", f"Missing requested_attributes. {WANTED}")
    _check_count("requestedAttributes", wanted)
    return Analysis(
        common,
        tuple(_wanted(name, parameters) for name, parameters in wanted.items()),
        keep=not typed("doNotStore", given.get("doNotStore", False), bool),
        spans=typed("spanAnnotations", given.get("spanAnnotations", False), bool),
    )


def suggestion(values: Mapping[str, Any], settings: ServerSettings) -> Suggested:
    """Read the body of ``comments:suggestscore``.

    Raises:
        RefusalError: 400, a field is missing, unknown or wrong.
    """
    given = _given("the JSON", values, SUGGEST)
    common = _common(given, settings)
    scores = _object("attributeScores", given)
    if not scores:
        raise GoogleError(OTHER, "attributeScores is missing or empty; say at least one score.")
    _check_count("attributeScores", scores)
    return Suggested(common, {name: _suggested(name, one) for name, one in scores.items()})


def _common(given: Mapping[str, Any], settings: ServerSettings) -> Common:
    _check_context(_given("context", _object("context", given), ("entries", CONTEXT)))
    for name in ("clientToken", "sessionId"):
        _check_length(name, typed(name, given.get(name, ""), str), MOST_TOKEN)
    languages = typed("languages", given.get("languages", []), list)
    _check_count("languages", languages)
    return Common(
        _comment(given, settings),
        tuple(typed(f"languages[{n}]", code, str) for n, code in enumerate(languages)),
        community.checked(typed("communityId", given.get("communityId", ""), str), 400),
        given.get("clientToken"),
    )


def _comment(given: Mapping[str, Any], settings: ServerSettings) -> str:
    comment = _given("comment", _object("comment", given), ("text", "type"))
    kind = _one_of("comment.type", comment.get("type", "PLAIN_TEXT"), TEXT_TYPES)
    if kind == "HTML":
        raise GoogleError(OTHER, "Currently, only 'PLAIN_TEXT' comments are supported.")
    text: str = typed("comment.text", comment.get("text", ""), str)
    if not text:
        raise GoogleError("COMMENT_EMPTY", "Comment must be non-empty.")
    if len(text) > settings.max_text_chars:
        raise GoogleError(
            "COMMENT_TOO_LONG",
            f"Comment text too long: it has {len(text)} characters; at most "
            f"{settings.max_text_chars} are allowed. Send it in parts.",
        )
    return text


def _check_context(context: Mapping[str, Any]) -> None:
    """Check the shape of a context, which no model here looks at."""
    _object(CONTEXT, context)
    typed("context.entries", context.get("entries", []), list)
    if len(context) == 2:
        raise GoogleError(
            OTHER,
            "Context can have either entries or article_and_parent_comment, but both fields were "
            "populated; send one of them.",
        )


def _wanted(name: str, parameters: Any) -> Wanted:
    place = f"requestedAttributes[{shown(name)}]"
    given = _given(place, _known(place, parameters), ("scoreType", "scoreThreshold"))
    _check_score_type(name, given.get("scoreType", "PROBABILITY"))
    if "scoreThreshold" not in given:
        return Wanted(name)
    return Wanted(name, _number(f"{place}.scoreThreshold", given["scoreThreshold"]))


def _suggested(name: str, scores: Any) -> float:
    place = f"attributeScores[{shown(name)}]"
    if not NAME.fullmatch(name):
        raise GoogleError(OTHER, f"{place} is no name of an attribute; send one as TOXICITY.")
    given = _given(place, _known(place, scores), ("summaryScore", "spanScores"))
    typed(f"{place}.spanScores", given.get("spanScores", []), list)
    if "summaryScore" not in given:
        raise GoogleError(
            OTHER, f"{place} has no summaryScore; only scores of whole comments are kept. Send one."
        )
    summary = _given(f"{place}.summaryScore", _object("summaryScore", given), ("value", "type"))
    _check_score_type(name, summary.get("type", "PROBABILITY"))
    value = _number(f"{place}.summaryScore.value", summary.get("value", 0))
    if not 0 <= value <= 1:
        raise GoogleError(OTHER, f"{place}.summaryScore.value is {value:.6g}; it must be 0 to 1.")
    return value


def _check_score_type(name: str, value: Any) -> None:
    kind = _one_of("scoreType", value, SCORE_TYPES)
    if kind not in SCORE_TYPES[:2]:
        raise GoogleError(
            OTHER,
            f"Requested score type {kind} is not supported by attribute {shown(name)}; ask for "
            "PROBABILITY.",
        )


def _given(name: str, values: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields that are set: in Google's JSON a null is a field that is not."""
    try:
        check_names(values, allowed)
    except RefusalError as error:
        raise GoogleError(OTHER, f"{name}: {error}") from None
    return {key: value for key, value in values.items() if value is not None}


def _object(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return _known(name, given.get(name))


def _known(name: str, value: Any) -> dict[str, Any]:
    return typed(name, {} if value is None else value, dict)


def _number(name: str, value: Any) -> float:
    if type(value) not in {int, float}:
        typed(name, value, float)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise GoogleError(OTHER, f"{name} is too large a number; send one of 0 to 1.")
    return number


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if typed(name, value, str) not in allowed:
        raise GoogleError(OTHER, unknown(name, shown(value)[1:-1], allowed))
    return value


def _check_count(name: str, values: Iterable[Any]) -> None:
    _check_length(name, list(values), MOST_NAMES, "entries")


def _check_length(name: str, value: Any, most: int, what: str = "characters") -> None:
    if len(value) > most:
        raise GoogleError(
            OTHER, f"{name} has {len(value)} {what}; at most {most} are allowed. Send fewer."
        )
