"""The one way from a request to the model: in a worker thread, one request after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
import anyio.to_thread

from hatelens.detect import Pipeline
from hatelens.models.detector import Prediction


class Engine:
    """Holds the model and lets one request in at a time.

    A model already uses every core it is given, so two at once would only wait for each other;
    and inside the event loop one long text would stop every other answer.

    Args:
        pipeline: the loaded model.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._turn = anyio.CapacityLimiter(1)

    async def predict(self, texts: Sequence[str], *, explain: bool = False) -> list[Prediction]:
        """Label texts in order, one prediction each; who waits in line costs no thread."""
        call = partial(self.pipeline.predict, texts, explain=explain)
        return await anyio.to_thread.run_sync(call, limiter=self._turn)

    def versions(self) -> dict[str, str]:
        """Return the headers that say which model and which policy answered."""
        return {
            "X-Model-Version": self.pipeline.model_version,
            "X-Policy-Version": self.pipeline.policy_version,
        }
