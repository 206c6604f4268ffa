"""The desk that every route asks: what it answers is decided for the community and on record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from hatelens import __version__
from hatelens.config.policy import Policy
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import StorageError
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.serving.communities import Communities
from hatelens.serving.engine import Engine
from hatelens.serving.metrics import Metrics
from hatelens.serving.scribe import Entry, Scribe
from hatelens.storage import clock, identity
from hatelens.storage import database as databases
from hatelens.storage.answers import Answer
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.ledger import Ledger
from hatelens.storage.sealing import Sealer, sealer
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept

AT_ONCE = 16
"""Texts that are put on record in the event loop; more of them go to a thread."""
PLACES = 6
"""Decimal places of the scores on record, as in the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks.

    Attributes:
        texts: the texts.
        route: path of the service that was asked, for the record.
        explain: whether the words that carried the score are wanted.
        community: that the request names; empty for none.
        keep: whether the texts may be stored where the settings say so.
        key: id of the key that asks; empty without keys.
        request: id of the request; empty to have one made.
    """

    texts: tuple[str, ...]
    route: str
    explain: bool = False
    community: str = ""
    keep: bool = True
    key: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered, and is on record.

    Attributes:
        request: id of the request.
        ids: of the answers, one per text.
        predictions: one per text, decided by the thresholds of the community.
    """

    request: str
    ids: tuple[str, ...]
    predictions: tuple[Prediction, ...]


class Desk:
    """Model, policy and record behind all routes.

    Args:
        engine: the model.
        settings: where the record is, and which texts are stored.
        policy: how communities decide.
        metrics: counts what is answered.

    Attributes:
        engine: the model.
        settings: of the server.
        metrics: counts what is answered.
        communities: how each decides.
        database: the record; there while the desk is open, as are the next two.
        ledger: writes the record.
        sealer: hashes and seals texts.
    """

    database: Database
    ledger: Ledger
    sealer: Sealer
    _scribe: Scribe

    def __init__(
        self,
        engine: Engine,
        settings: ServerSettings,
        policy: Policy | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.metrics = metrics or Metrics()
        self.communities = Communities(engine, policy or Policy())

    @property
    def pipeline(self) -> Pipeline:
        """The model."""
        return self.engine.pipeline

    @property
    def policy(self) -> Policy:
        """How communities decide."""
        return self.communities.policy

    def thresholds(self, community: str = "") -> Thresholds:
        """Return where ``hateful`` becomes a decision."""
        return self.communities.thresholds(community)

    def versions(self, community: str = "") -> dict[str, str]:
        """Return the headers that say which model and which policy answer."""
        return self.communities.versions(community)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open the record and start the model; on leaving, finish what was let in.

        Raises:
            ConfigError: the secret is not the one that the database was begun with.
            StorageError: the database cannot be opened.
        """
        secret = self.settings.secret.get_secret_value()
        self.database = await run_in_threadpool(databases.opened, self.settings.database)
        try:
            self.sealer = await run_in_threadpool(sealer, self.database, secret)
            self.ledger = Ledger(self.database)
            self._scribe = Scribe(self.ledger)
            self.engine.start()
            try:
                await self._write([self._loaded()])
                yield
            finally:
                await self.engine.close(self.settings.drain)
                await run_in_threadpool(self.ledger.close)
        finally:
            self.database.close()

    async def answer(self, asked: Asked) -> Answered:
        """Label texts and put the answers on record; then, and only then, return them.

        Raises:
            RefusalError: 429 too many texts wait, 503 past the deadline.
            StorageError: the record cannot be written; nothing is answered.
        """
        begin = time.perf_counter()
        predictions = await self._predictions(asked.texts, asked.community, explain=asked.explain)
        answered = Answered(
            asked.request or identity.new(),
            tuple(identity.new() for _ in predictions),
            tuple(predictions),
        )
        took = 1000 * (time.perf_counter() - begin)
        if len(asked.texts) <= AT_ONCE:
            await self._write(*self._entries(asked, answered, took))
        else:
            await self._write(*await run_in_threadpool(self._entries, asked, answered, took))
        self.metrics.answers(asked.community, predictions)
        return answered

    async def parts(self, texts: Sequence[str], community: str = "") -> list[Prediction]:
        """Label parts of a text that is on record already; they are no answers of their own.

        Raises:
            RefusalError: 429 too many texts wait, 503 past the deadline.
        """
        return await self._predictions(texts, community)

    async def suggest(
        self,
        *,
        text: str,
        attributes: Mapping[str, float],
        community: str = "",
        token: str = "",
        key: str = "",
        request: str = "",
    ) -> str:
        """Put a suggested score on record and return its id.

        Its text is stored where all texts are.

        Args:
            text: that the suggestion is about.
            attributes: scores by name, 0-1.
            community: that it names; empty for none.
            token: the sender's own mark.
            key: id of the key that sends it.
            request: id of the request, which becomes the suggestion's; empty to have one made.

        Raises:
            StorageError: the record cannot be written.
        """
        suggestion = Suggestion(
            id=request or identity.new(),
            time=clock.now(),
            key=key,
            community=community,
            text_hash=self.sealer.hash(text),
            attributes=attributes,
            token=token,
        )
        stored = self.settings.store_text == "all"
        kept = [self._kept(text, suggestion.text_hash, suggestion.time)] if stored else []
        await self._write([suggestion], kept)
        return suggestion.id

    async def _predictions(
        self, texts: Sequence[str], community: str, *, explain: bool = False
    ) -> list[Prediction]:
        adapter = self.communities.adapter(community)
        self.metrics.queue(self.engine.waiting + len(texts))
        found = await self.engine.predict(texts, explain=explain, adapter=adapter)
        return [self.communities.decided(each, community) for each in found]

    async def _write(self, entries: Sequence[Entry], kept: Sequence[Kept] = ()) -> None:
        """Put entries on record, and return when they are on the disk."""
        try:
            async with asyncio.timeout(self.settings.deadline):
                if len(entries) <= AT_ONCE:
                    await self._scribe.write(entries, kept)
                else:
                    done = await run_in_threadpool(self.ledger.write, entries, kept)
                    await asyncio.wrap_future(done)
        except TimeoutError:
            raise StorageError("The record cannot be written now; ask again later.") from None

    def _entries(
        self, asked: Asked, answered: Answered, latency: float
    ) -> tuple[list[Answer], list[Kept]]:
        """Return what goes on record about a request, and the texts that are to be stored."""
        now = clock.now()
        answers: list[Answer] = []
        kept: dict[str, Kept] = {}
        for place, text in enumerate(asked.texts):
            answer = self._recorded(asked, answered, place, now, latency)
            answers.append(answer)
            if asked.keep and self._stores(answer.decision) and answer.text_hash not in kept:
                kept[answer.text_hash] = self._kept(text, answer.text_hash, now)
        return answers, list(kept.values())

    def _recorded(
        self, asked: Asked, answered: Answered, place: int, now: int, latency: float
    ) -> Answer:
        text, prediction = asked.texts[place], answered.predictions[place]
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
            text_hash=self.sealer.hash(text),
            length=len(text),
        )

    def _stores(self, decision: str) -> bool:
        policy = self.settings.store_text
        return policy == "all" or (policy == "flagged" and decision == "flag")

    def _kept(self, text: str, text_hash: str, now: int) -> Kept:
        days = self.settings.retention_days
        until = now + days * clock.DAY if days else None
        return Kept(text_hash, self.sealer.seal(text), until)

    def _loaded(self) -> Event:
        facts = {
            "policy": self.pipeline.policy_version,
            "communities": len(self.policy.communities),
            "package": __version__,
        }
        name = self.pipeline.model_version
        return Event(identity.new(), clock.now(), "model.load", name, facts)


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, PLACES) for name, score in scores.items()}
