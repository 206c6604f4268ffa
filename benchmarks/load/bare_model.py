"""Times the model alone: no server, no record, the texts all at once for it to batch as it likes.

    echo '["a text", "another"]' | python benchmarks/load/bare_model.py default

A process of its own, so that nothing of it is left in memory or in threads when a server is
measured. Prints JSON: ``seconds``, ``processor`` (the same of all its threads), ``model_version``.
"""

from __future__ import annotations

import json
import sys
import time

from hatelens import detect
from hatelens.text.cleaning import forget

WARM = 64


def main() -> None:
    """Read texts from standard input, label them and print how long that took."""
    texts = json.load(sys.stdin)
    pipeline = detect.load(sys.argv[1])
    pipeline.predict(texts[:WARM])  # what is loaded at first use
    forget()
    begun, spent = time.perf_counter(), time.process_time()
    predictions = pipeline.predict(texts)
    found = {
        "seconds": time.perf_counter() - begun,
        "processor": time.process_time() - spent,
        "model_version": pipeline.model_version,
    }
    assert len(predictions) == len(texts)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
