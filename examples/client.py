"""Asks a running `hatelens serve` about the lines of a file, and waits when it is told to.

    hatelens serve &
    pip install httpx
    python examples/client.py examples/texts.txt

Prints one JSON record per line. HATELENS_KEY holds the key where the server asks for one.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

TEXTS = 100  # in a request; the server takes HATELENS_MAX_TEXTS of them at most
TRIES = 8
BUSY = {429, 503}


def ask(server: httpx.Client, texts: list[str]) -> list[dict[str, Any]]:
    """Return the record of each text.

    Args:
        server: with the address and the key.
        texts: at most HATELENS_MAX_TEXTS.

    Raises:
        SystemExit: the server refuses, or stays busy; its own line says why.
    """
    for _ in range(TRIES):
        answer = server.post("/infer", json={"texts": texts})
        if answer.status_code not in BUSY:
            break
        time.sleep(float(answer.headers.get("Retry-After", "1")))
    if answer.status_code != 200:
        sys.exit(f"{answer.status_code}: {answer.json()['error']}")
    return answer.json()["results"]


def main() -> None:
    """Print the records of a file's lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="one text per line")
    parser.add_argument("--server", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    key = os.environ.get("HATELENS_KEY", "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    lines = options.file.read_text(encoding="utf-8").splitlines()
    texts = [line for line in lines if line.strip()]
    with httpx.Client(base_url=options.server, headers=headers, timeout=60) as server:
        for begin in range(0, len(texts), TEXTS):
            for record in ask(server, texts[begin : begin + TEXTS]):
                print(json.dumps(record))


if __name__ == "__main__":
    main()
