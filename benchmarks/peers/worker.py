"""Runs inside a peer's own environment: answers requests about texts, JSON lines in and out.

    python -P worker.py ADAPTER [ARGUMENT ...]

An adapter is a Python file with a function ``load(*arguments)`` that returns ``answer(texts)``, a
function that gives one ``{"score": 0-1, "hateful": bool, "spans": [[begin, end], ...]}`` per text.
Needs nothing but Python, so that it runs in every environment.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

Answers = list[dict[str, Any]]
Answer = Callable[[list[str]], Answers]


def main() -> None:
    """Answer one request per line until the input ends."""
    replies = _private_stdout()
    answer = _load(Path(sys.argv[1]))(*sys.argv[2:])
    for line in sys.stdin:
        request = json.loads(line)
        reply = OPERATIONS[request["do"]](answer, request)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _private_stdout() -> TextIO:
    """Keep the output for replies; what a library prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _load(path: Path) -> Callable[..., Answer]:
    spec = importlib.util.spec_from_file_location("adapter", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no adapter.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load


def _answers(answer: Answer, request: dict[str, Any]) -> dict[str, Any]:
    return {"answers": answer(request["texts"])}


def _batches(answer: Answer, request: dict[str, Any]) -> dict[str, Any]:
    """Time passes over all texts in batches, until ``seconds`` are over and at least one."""
    texts, size = request["texts"], request["size"]
    passes: list[float] = []
    while sum(passes) < request["seconds"]:
        begun = time.perf_counter()
        for start in range(0, len(texts), size):
            answer(texts[start : start + size])
        passes.append(time.perf_counter() - begun)
    return {"seconds": passes, "peak_mb": _peak()}


def _single(answer: Answer, request: dict[str, Any]) -> dict[str, Any]:
    """Time every text alone."""
    seconds = []
    for text in request["texts"]:
        begun = time.perf_counter()
        answer([text])
        seconds.append(time.perf_counter() - begun)
    return {"seconds": seconds}


def _peak() -> float:
    """Return the most memory (RSS) that this process ever held, in MB.

    Linux keeps the maximum of ``getrusage`` over exec, so that it tells of the process that started
    this one; its own peak is in /proc.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


OPERATIONS: dict[str, Callable[[Answer, dict[str, Any]], dict[str, Any]]] = {
    "answer": _answers,
    "batches": _batches,
    "single": _single,
}

if __name__ == "__main__":
    main()
