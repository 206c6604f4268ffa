"""Serves one GGUF file with llama.cpp until its standard input ends: run as a process of its own.

It prints the address once the model is loaded. The parent's end closes the input, so no server is
left behind.
"""

from __future__ import annotations

import os
import sys

from hatelens.errors import require


def main(weights: str, context: int, parallel: int, threads: int) -> None:
    """Serve a file.

    Args:
        weights: the GGUF file.
        context: tokens that one question with its answer may have.
        parallel: questions at once.
        threads: of the computation.
    """
    llama = require("xllamacpp", "remote")
    params = llama.CommonParams()
    params.model.path = weights
    params.n_ctx = context * parallel
    params.n_parallel = parallel
    params.cpuparams.n_threads = threads
    params.warmup = False
    params.ui = False
    server = llama.Server(params)
    sys.stdout.write(server.listening_address + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # llama.cpp's threads need not be waited for


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
