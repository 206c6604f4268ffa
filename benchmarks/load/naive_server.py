"""What one writes in ten minutes: FastAPI that calls the model once per request, and no record.

    python benchmarks/load/naive_server.py default --way threads

Two ways are usual: a plain function, which FastAPI calls in one of forty threads, and a coroutine,
which stops every other request while the model computes. python -m benchmarks.load measures both.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from hatelens import detect
from hatelens.detect import Pipeline

WAYS = ("threads", "loop")


class Question(BaseModel):
    """A request: one text."""

    text: str


def create(pipeline: Pipeline, way: str) -> FastAPI:
    """Build the service: ``threads`` for a plain function, ``loop`` for a coroutine."""
    service = FastAPI()

    def answered(text: str) -> Mapping[str, Any]:
        return pipeline.predict([text])[0].to_dict(text)

    if way == "threads":

        @service.post("/infer")
        def infer(question: Question) -> Mapping[str, Any]:
            return answered(question.text)

    else:

        @service.post("/infer")
        async def infer_here(question: Question) -> Mapping[str, Any]:
            return answered(question.text)

    return service


def main() -> None:
    """Serve a model on a free port of this machine until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="model folder or name")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    options = parser.parse_args()
    service = create(detect.load(options.model), options.way)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    sys.stderr.write(f"naive: http://127.0.0.1:{listening.getsockname()[1]}/\n")
    sys.stderr.flush()
    config = uvicorn.Config(
        service, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
