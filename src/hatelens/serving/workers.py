"""Several processes that answer on one socket, each with a model of its own.

uvicorn's supervisor starts them, starts one again that dies, and drains all of them on SIGTERM.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from functools import partial
from typing import Any

from fastapi import FastAPI
from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from hatelens.config.settings import ServerSettings
from hatelens.errors import UserError
from hatelens.models import cores
from hatelens.serving import app, logs, metrics, switch

PATIENCE = 20
"""Seconds after which a worker that does not answer its supervisor is started again."""
TURN = 0.0005
"""Seconds after which a thread lets go of the interpreter."""
THREADS = (cores.VARIABLE, "OMP_NUM_THREADS")
"""Variables that say how many threads a model may use; the second is torch's."""


def run(settings: ServerSettings, listening: socket.socket, options: dict[str, Any]) -> None:
    """Answer with several workers until SIGTERM or Ctrl+C.

    Args:
        settings: of the server.
        listening: the socket that all of them accept from.
        options: of uvicorn.

    Raises:
        SystemExit: a worker could not start; it has said why.
    """
    _share_cores(settings.workers)
    logs.configure(settings.log_level, settings.log_format)
    with tempfile.TemporaryDirectory(prefix="hatelens-metrics-") as folder:
        os.environ[metrics.SHARED] = folder
        config = Config(
            partial(worker, settings),
            factory=True,
            workers=settings.workers,
            timeout_worker_healthcheck=PATIENCE,
            **options,
        )
        supervisor = Multiprocess(config, sockets=[listening])
        supervisor.run()
        del os.environ[metrics.SHARED]
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(1)


def worker(settings: ServerSettings) -> FastAPI:
    """Return the service of one worker, in the worker's own process."""
    logs.configure(settings.log_level, settings.log_format)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if folder := os.environ.get(metrics.SHARED):
        metrics.sweep(folder)
    try:
        begun = switch.started(settings)
        application = app.create(begun.pipeline, settings, begun.named)
        settle()
        return application
    except UserError as error:
        sys.stderr.write(f"hatelens: {error}\n")
        # The supervisor knows this status and does not start the worker again.
        sys.exit(STARTUP_FAILURE)


def settle() -> None:
    """Prepare the process to answer, when all is loaded.

    What was loaded stays to the end, so it is left out of every search for garbage. And threads
    take turns more often: a model's thread that comes back from a computation of 3 ms should not
    wait 5 ms for the event loop to let go of the interpreter.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(TURN)


def _share_cores(workers: int) -> None:
    """Let the models of all workers together use the cores that there are."""
    share = max(1, cores.available() // workers)
    for name in THREADS:
        os.environ.setdefault(name, str(share))


def _end_with_parent() -> None:
    """End as on SIGTERM when the supervisor is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
