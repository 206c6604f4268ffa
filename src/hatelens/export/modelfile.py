"""The Modelfile with which Ollama serves a GGUF file, the prompt as its template."""

from __future__ import annotations

import re

FILE = "Modelfile"
_QUOTES = '"""'


def text(weights: str, before: str, after: str, *, stop: str, context: int, words: int) -> str:
    r"""Return the text of a Modelfile.

    Args:
        weights: name of the GGUF file beside it.
        before: of the prompt, what stands before the text.
        after: what stands behind it.
        stop: what ends an answer; empty for nothing.
        context: tokens that a prompt with its answer may have.
        words: tokens of an answer.
    """
    template = f"{literal(before)}{{{{ .Prompt }}}}{literal(after)}"
    lines = [
        f"FROM ./{weights}",
        f"TEMPLATE {_QUOTES}{template}{_QUOTES}",
        "PARAMETER temperature 0",
        f"PARAMETER num_ctx {context}",
        f"PARAMETER num_predict {words}",
    ]
    if stop:
        lines.append(f'PARAMETER stop "{stop}"')
    return "\n".join(lines) + "\n"


def literal(text: str) -> str:
    """Return text that Ollama's template language (Go's) writes out as it is.

    Two braces would begin a command, and three quotes end the template.
    """
    said = re.sub(r"\{\{|\}\}", lambda found: f'{{{{ "{found[0]}" }}}}', text)
    said = said.replace(_QUOTES, '{{ "\\"\\"\\"" }}')
    # a quote at the end would melt into those that close the template
    return said.removesuffix('"') + '{{ "\\"" }}' if said.endswith('"') else said
