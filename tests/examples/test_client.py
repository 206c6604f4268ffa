"""The example of a client, against a socket that is busy first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "client.py"


class Handler(BaseHTTPRequestHandler):
    """Says once that it is busy, then what it was asked; it refuses the text ``long``."""

    asked: list[tuple[str | None, list[str]]]

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        texts = json.loads(self.rfile.read(length))["texts"]
        self.asked.append((self.headers["Authorization"], texts))
        if len(self.asked) == 1:
            self.say(429, {"error": "Too many; wait."})
        elif "long" in texts:
            self.say(413, {"error": "A text is too long."})
        else:
            self.say(200, {"results": [{"text": text, "label": "kind"} for text in texts]})

    def say(self, status, values):
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args, **kwargs):
        pass


@contextmanager
def listening():
    Handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(path: Path, server: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path), "--server", server],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HATELENS_KEY": "hl_example"},
    )


def test_it_waits_when_told_to_and_prints_one_record_per_line(tmp_path):
    texts = [f"text {i}" for i in range(120)]
    (tmp_path / "texts.txt").write_text("\n".join(["", *texts, " "]), encoding="utf-8")
    with listening() as server:
        done = run(tmp_path / "texts.txt", server)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == texts
    assert [asked for _, asked in Handler.asked] == [texts[:100], texts[:100], texts[100:]]
    assert {key for key, _ in Handler.asked} == {"Bearer hl_example"}


def test_what_the_server_refuses_is_said_in_its_words(tmp_path):
    (tmp_path / "texts.txt").write_text("long", encoding="utf-8")
    with listening() as server:
        done = run(tmp_path / "texts.txt", server)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "413: A text is too long."
