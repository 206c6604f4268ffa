"""``GET /metrics``: what the service does, counted for Prometheus over all of its workers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from hatelens.models.detector import Prediction

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder where several workers count together; unset for one process."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
OTHER = "other"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SCORES = tuple(tenth / 10 for tenth in range(1, 11))
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


class Metrics:
    """The counts of one process; those of all workers go together when they are asked for.

    Args:
        communities: that are counted by their names: those of the policy file. Anybody can make up
            others, which are counted without a name.
    """

    def __init__(self, communities: Collection[str] = ()) -> None:
        self._communities = frozenset(communities)
        self._folder = os.environ.get(SHARED, "")
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "hatelens_requests", "Requests.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "hatelens_request_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._texts = Histogram(
            "hatelens_batch_texts", "Texts of a pass.", buckets=TEXTS, registry=registry
        )
        self._took = Histogram(
            "hatelens_batch_seconds", "Time of a pass.", buckets=SECONDS, registry=registry
        )
        self._waiting = Gauge(
            "hatelens_queue_texts",
            "Texts that wait for the model.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._scores = Histogram(
            "hatelens_scores",
            "Probability that a text is hateful.",
            ("community", "model"),
            buckets=SCORES,
            registry=registry,
        )
        self._decisions = Counter(
            "hatelens_decisions",
            "Texts by decision.",
            ("community", "model", "policy", "decision"),
            registry=registry,
        )
        self._served = Gauge(
            "hatelens_served_model",
            "Processes that have the model loaded, by what it is there for: active or shadow.",
            ("role", "model"),
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._roles: dict[str, str] = {}
        self._compared = Counter(
            "hatelens_shadow_compared",
            "Texts that the model in the shadow labelled, too.",
            ("model",),
            registry=registry,
        )
        self._dropped = Counter(
            "hatelens_shadow_dropped",
            "Texts that the model in the shadow left out.",
            ("model",),
            registry=registry,
        )
        self._observed = Counter(
            "hatelens_drift_observed", "Texts that were measured for drift.", registry=registry
        )
        self._skipped = Counter(
            "hatelens_drift_skipped", "Texts that were not measured for drift.", registry=registry
        )
        self._alarms = Counter(
            "hatelens_drift_alarms", "Alarms.", ("signal", "method"), registry=registry
        )
        self._psi = Gauge(
            "hatelens_drift_psi",
            "How far live texts are from those that the model was made with.",
            ("signal",),
            multiprocess_mode="mostrecent",
            registry=registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; the route is the pattern of a path, never a path that was typed."""
        known = method if method in METHODS else OTHER
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, texts: int, seconds: float) -> None:
        """Count a pass of the model."""
        self._texts.observe(texts)
        self._took.observe(seconds)

    def queue(self, texts: int) -> None:
        """Note how many texts wait."""
        self._waiting.set(texts)

    def answers(self, community: str, predictions: Iterable[Prediction]) -> None:
        """Count what was answered."""
        name = community if community in self._communities else ""
        for one in predictions:
            versions = (one.model_version, one.policy_version)
            self._scores.labels(name, one.model_version).observe(one.hateful)
            self._decisions.labels(name, *versions, one.decision).inc()

    def served(self, role: str, model: str) -> None:
        """Note which model is there for something now; empty for none."""
        if before := self._roles.get(role):
            self._served.labels(role, before).set(0)
        if model:
            self._served.labels(role, model).set(1)
        self._roles[role] = model

    def shadow(self, model: str, *, compared: int = 0, dropped: int = 0) -> None:
        """Count the texts that the model in the shadow labelled, and those that it left out."""
        self._compared.labels(model).inc(compared)
        self._dropped.labels(model).inc(dropped)

    def drift(self, *, observed: int = 0, skipped: int = 0) -> None:
        """Count the texts that were measured for drift, and those that were not."""
        self._observed.inc(observed)
        self._skipped.inc(skipped)

    def alarm(self, signal: str, method: str) -> None:
        """Count an alarm."""
        self._alarms.labels(signal, method).inc()

    def psi(self, values: Mapping[str, float]) -> None:
        """Note how far the traffic is from the reference, by signal."""
        for signal, value in values.items():
            self._psi.labels(signal).set(value)

    def written(self) -> bytes:
        """Return everything in Prometheus' text format."""
        if not self._folder:
            return generate_latest(self._registry) + generate_latest(_of(Processes([os.getpid()])))
        collected = CollectorRegistry()
        MultiProcessCollector(collected, self._folder)
        processes = Processes([pid for pid in counted(self._folder) if lives(pid)])
        return generate_latest(collected) + generate_latest(_of(processes))


class Processes(Collector):
    """Memory, processor time and open files of processes, each named by its id.

    Args:
        pids: of the processes.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterator[Metric]:
        """Read them from the system; nothing where it does not say."""
        families: dict[str, Metric] = {}
        for pid in self._pids:
            found = ProcessCollector(registry=CollectorRegistry(), pid=lambda pid=pid: pid)
            for family in found.collect():
                samples = [one._replace(labels={"pid": str(pid)}) for one in family.samples]
                if family.name in families:
                    samples = families[family.name].samples + samples
                family.samples = samples
                families[family.name] = family
        yield from families.values()


def router(metrics: Metrics) -> APIRouter:
    """Return the route of the counts."""
    routes = APIRouter(tags=["service"])

    @routes.get(
        "/metrics",
        summary="Counts for Prometheus",
        response_class=PlainTextResponse,
        responses=ANSWERS,
    )
    async def counts() -> Response:
        """Give requests, latency, batches, queue, scores and decisions of all workers."""
        content = await run_in_threadpool(metrics.written)
        return Response(content, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def counted(folder: str) -> list[int]:
    """Return the processes that have counted in a folder."""
    names = [path.stem.rpartition("_")[2] for path in Path(folder).glob("*.db")]
    return sorted({int(name) for name in names if name.isdecimal()})


def lives(pid: int) -> bool:
    """Say whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sweep(folder: str) -> None:
    """Forget what workers that are gone had in line; what they have counted stays."""
    for pid in counted(folder):
        if not lives(pid):
            mark_process_dead(pid, folder)


def _of(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
