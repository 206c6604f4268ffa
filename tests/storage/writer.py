"""A process that writes answers and says which were acknowledged: python writer.py URL NAME COUNT.

Run by tests that need several writers at once, or one that is killed.
"""

from __future__ import annotations

import sys
from collections import deque

from hatelens.storage import clock, database, identity
from hatelens.storage.answers import Answer
from hatelens.storage.ledger import Ledger

AT_ONCE = 8


def entry(name: str) -> Answer:
    now = clock.now()
    return Answer(
        id=identity.new(), request=identity.new(), place=0, time=now, route="/infer", key="",
        community=name, model="model-1", policy="policy-1", label="kind", hateful=0.25,
        decision="clear", scores={"scores": {"kind": 0.75}}, language="en", latency=1.5,
        text_hash="ab" * 32, length=7,
    )  # fmt: skip


def main(url: str, name: str, count: int) -> None:
    opened = database.opened(url)
    ledger = Ledger(opened)
    waiting = deque()
    for _ in range(count):
        answer = entry(name)
        waiting.append((answer.id, ledger.write([answer])))
        if len(waiting) == AT_ONCE:
            acknowledge(*waiting.popleft())
    for one in waiting:
        acknowledge(*one)
    ledger.close()
    opened.close()


def acknowledge(answer_id, done) -> None:
    done.result(60)
    sys.stdout.write(f"{answer_id}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
