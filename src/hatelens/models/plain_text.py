"""Makes a text data for a server that turns the whole prompt into tokens itself."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"<(?=[^<>\s]{1,80}>)|\[(?=/?[A-Za-z_]{2,40}\])")
"""What opens a special token of the known families: ``<|im_end|>``, ``</s>``, ``[/INST]``."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str) -> str:
    r"""Return a text in which no special token of a model is written.

    A blank is put behind the bracket that opens one: ``<|im_end|>`` becomes ``< |im_end|>``, which
    no server takes for the end of a turn. Control characters other than tab and line breaks become
    blanks, lone surrogates ``\ufffd``.
    """
    sound = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _COMMAND.sub(lambda found: found[0] + " ", _CONTROL.sub(" ", sound))
