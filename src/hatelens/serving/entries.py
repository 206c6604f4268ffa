"""What a request puts on record: its answers, the texts to be stored, and what to review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatelens.config.settings import ServerSettings
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.storage import clock, reviews
from hatelens.storage.answers import Answer
from hatelens.storage.reviews import Waiting
from hatelens.storage.sealing import Sealer
from hatelens.storage.texts import Kept

if TYPE_CHECKING:
    from hatelens.serving.desk import Answered, Asked

PLACES = 6
"""Decimal places of the scores on record, as in the answer."""
HARMFUL = ("threat", "identity_attack")
"""Attributes that make a text pressing, beside the score itself."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What goes on record together.

    Attributes:
        answers: one per text.
        kept: texts to be stored, each once.
        waiting: what somebody should review.
    """

    answers: tuple[Answer, ...]
    kept: tuple[Kept, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which texts are stored, and for how long.

    Attributes:
        settings: of the server.
        sealer: hashes and seals texts.
    """

    settings: ServerSettings
    sealer: Sealer

    def stores(self, decision: str) -> bool:
        """Say whether the text of an answer is stored.

        What is left to a person can only be judged by one who sees it.
        """
        policy = self.settings.store_text
        unsure = decision == "unsure" and self.settings.review_unsure
        return policy == "all" or (policy == "flagged" and (decision == "flag" or unsure))

    def kept(self, text: str, text_hash: str, now: int) -> Kept:
        """Return a text as it is stored."""
        days = self.settings.retention_days
        until = now + days * clock.DAY if days else None
        return Kept(text_hash, self.sealer.seal(text), until)


def made(
    asked: Asked,
    answered: Answered,
    latency: float,
    *,
    keeping: Keeping,
    thresholds: Thresholds,
    languages: tuple[str, ...],
) -> Entries:
    """Return what goes on record about a request.

    Args:
        asked: the request.
        answered: what is to be answered.
        latency: of the request so far, in milliseconds.
        keeping: which texts are stored.
        thresholds: of the community.
        languages: that the model knows, as ISO 639-1 codes; empty if unknown.
    """
    now = clock.now()
    answers: list[Answer] = []
    kept: dict[str, Kept] = {}
    waiting: list[Waiting] = []
    for place, prediction in enumerate(answered.predictions):
        text_hash = keeping.sealer.hash(asked.texts[place])
        answer = _answer(asked, answered, place, text_hash, now=now, latency=latency)
        answers.append(answer)
        if not asked.keep or not keeping.stores(answer.decision):
            continue
        if text_hash not in kept:
            kept[text_hash] = keeping.kept(asked.texts[place], text_hash, now)
        if _doubtful(prediction, languages):
            pressing = reviews.priority(
                prediction.hateful, thresholds.flag, thresholds.clear, _harm(prediction)
            )
            waiting.append(Waiting(answer.id, now, text_hash, answer.community, pressing))
    return Entries(tuple(answers), tuple(kept.values()), tuple(waiting))


def _answer(
    asked: Asked, answered: Answered, place: int, text_hash: str, *, now: int, latency: float
) -> Answer:
    prediction = answered.predictions[place]
    heads = ("scores", "attributes", "targets")
    return Answer(
        id=answered.ids[place],
        request=answered.request,
        place=place,
        time=now,
        route=asked.route,
        key=asked.key,
        community=asked.community,
        model=prediction.model_version,
        policy=prediction.policy_version,
        label=prediction.label,
        hateful=prediction.hateful,
        decision=prediction.decision,
        scores={head: _rounded(getattr(prediction, head)) for head in heads},
        language=prediction.language,
        latency=latency,
        text_hash=text_hash,
        length=len(asked.texts[place]),
    )


def _doubtful(prediction: Prediction, languages: tuple[str, ...]) -> bool:
    """Say whether somebody should look: not where only the language is what the model lacks."""
    foreign = languages and prediction.language and prediction.language not in languages
    return prediction.decision != "clear" and not foreign


def _harm(prediction: Prediction) -> float:
    named = {name.lower(): score for name, score in prediction.attributes.items()}
    return max(prediction.hateful, *(named.get(name, 0.0) for name in HARMFUL))


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, PLACES) for name, score in scores.items()}
