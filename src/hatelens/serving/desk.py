"""The desk that every route asks: what it answers is decided for the community and on record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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
from hatelens.serving import entries
from hatelens.serving.communities import Communities
from hatelens.serving.engine import Engine
from hatelens.serving.entries import Entries, Keeping
from hatelens.serving.metrics import Metrics
from hatelens.serving.scribe import Entry, Scribe
from hatelens.storage import clock, identity
from hatelens.storage import database as databases
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.ledger import Ledger
from hatelens.storage.reviews import Waiting
from hatelens.storage.sealing import Sealer, sealer
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept

AT_ONCE = 16
"""Texts that are put on record in the event loop; more of them go to a thread."""

logger = logging.getLogger(__name__)


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
        parts: of a text that is asked about, labelled with it by the same model; they are no
            answers of their own and not put on record.
    """

    texts: tuple[str, ...]
    route: str
    explain: bool = False
    community: str = ""
    keep: bool = True
    key: str = ""
    request: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered, and is on record.

    Attributes:
        request: id of the request.
        ids: of the answers, one per text.
        predictions: one per text, decided by the thresholds of the community.
        served: the model that answered; another one may be served by now.
        parts: one prediction per part that was asked about.
    """

    request: str
    ids: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    served: Communities
    parts: tuple[Prediction, ...] = ()


class Desk:
    """Model, policy and record behind all routes.

    Args:
        engine: the model.
        settings: where the record is, and which texts are stored.
        policy: how communities decide.
        metrics: counts what is answered.

    Attributes:
        settings: of the server.
        metrics: counts what is answered.
        communities: the model that is served now, and how each community decides with it.
        heard: what hears of every answer that is on record; it must be quick.
        database: the record; there while the desk is open, as are the next two.
        ledger: writes the record.
        sealer: hashes and seals texts.
    """

    database: Database
    ledger: Ledger
    sealer: Sealer
    _keeping: Keeping
    _scribe: Scribe

    def __init__(
        self,
        engine: Engine,
        settings: ServerSettings,
        policy: Policy | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = metrics or Metrics()
        self.communities = Communities(engine, policy or Policy())
        self.heard: list[Callable[[Asked, Answered], None]] = []

    @property
    def engine(self) -> Engine:
        """The line before the model that is served now."""
        return self.communities.engine

    @property
    def pipeline(self) -> Pipeline:
        """The model that is served now."""
        return self.communities.pipeline

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
            self._keeping = Keeping(self.settings, self.sealer)
            self.ledger = Ledger(self.database)
            self._scribe = Scribe(self.ledger)
            self.engine.start()
            self.metrics.served("active", self.pipeline.model_version)
            try:
                await self._write([self._loaded()])
                yield
            finally:
                await self.engine.close(self.settings.drain)
                await run_in_threadpool(self.ledger.close)
        finally:
            self.database.close()

    async def switch(self, engine: Engine) -> None:
        """Answer with another model from now on, without a pause.

        Whoever asked before is answered by the model of that time; this returns when all are.

        Args:
            engine: with the other model, not started.

        Raises:
            StorageError: the change is not on record; it is made all the same.
        """
        old, self.communities = self.engine, Communities(engine, self.policy)
        engine.start()
        self.metrics.served("active", self.pipeline.model_version)
        try:
            await self._write([self._loaded()])
        finally:
            await old.close(self.settings.drain)

    async def answer(self, asked: Asked) -> Answered:
        """Label texts and put the answers on record; then, and only then, return them.

        Raises:
            RefusalError: 429 too many texts wait, 503 past the deadline.
            StorageError: the record cannot be written; nothing is answered.
        """
        begin = time.perf_counter()
        answered = await self._answered(asked)
        took = 1000 * (time.perf_counter() - begin)
        if len(asked.texts) <= AT_ONCE:
            made = self._entries(asked, answered, took)
        else:
            made = await run_in_threadpool(self._entries, asked, answered, took)
        await self._write(made.answers, made.kept, made.waiting)
        self.metrics.answers(asked.community, answered.predictions)
        self._tell(asked, answered)
        return answered

    async def note(self, event: Event) -> None:
        """Put something on record that was done to the service.

        Raises:
            StorageError: the record cannot be written.
        """
        await self._write([event])

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
        kept = [self._keeping.kept(text, suggestion.text_hash, suggestion.time)] if stored else []
        await self._write([suggestion], kept)
        return suggestion.id

    async def _answered(self, asked: Asked) -> Answered:
        """Label texts and parts in one go: one model answers all of them, or none is answered."""
        served, texts = self.communities, (*asked.texts, *asked.parts)
        self.metrics.queue(served.engine.waiting + len(texts))
        # Between this and the line nothing is awaited: no engine is closed in between.
        found = await served.engine.predict(
            texts, explain=asked.explain, adapter=served.adapter(asked.community)
        )
        decided = tuple(served.decided(each, asked.community) for each in found)
        count = len(asked.texts)
        return Answered(
            asked.request or identity.new(),
            tuple(identity.new() for _ in asked.texts),
            decided[:count],
            served,
            decided[count:],
        )

    async def _write(
        self,
        rows: Sequence[Entry],
        kept: Sequence[Kept] = (),
        waiting: Sequence[Waiting] = (),
    ) -> None:
        """Put entries on record, and return when they are on the disk."""
        try:
            async with asyncio.timeout(self.settings.deadline):
                if len(rows) <= AT_ONCE:
                    await self._scribe.write(rows, kept, waiting)
                else:
                    done = await run_in_threadpool(self.ledger.write, rows, kept, waiting)
                    await asyncio.wrap_future(done)
        except TimeoutError:
            raise StorageError("The record cannot be written now; ask again later.") from None

    def _entries(self, asked: Asked, answered: Answered, latency: float) -> Entries:
        return entries.made(
            asked,
            answered,
            latency,
            keeping=self._keeping,
            thresholds=answered.served.thresholds(asked.community),
            languages=answered.served.pipeline.languages,
        )

    def _tell(self, asked: Asked, answered: Answered) -> None:
        """Tell those who listen; what fails there is no business of who has asked."""
        for listener in self.heard:
            try:
                listener(asked, answered)
            except Exception:  # an outer edge: whatever it is, the answer is on record
                logger.exception("Something that listens to answers failed.")

    def _loaded(self) -> Event:
        facts = {
            "policy": self.pipeline.policy_version,
            "communities": len(self.policy.communities),
            "package": __version__,
        }
        name = self.pipeline.model_version
        return Event(identity.new(), clock.now(), "model.load", name, facts)
