"""Prompts: templates with named fields that a text is put into as data, never as instructions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from hatelens.errors import ModelError, unknown

FILE = "prompt.txt"
"""What the template is called in a model folder."""
TEXT = "text"
FENCE = '"""'
_FIELD = re.compile(r"\{\{\s*(\.?[A-Za-z_]\w*)\s*\}\}")
_OLLAMA = {".Prompt": TEXT}
"""Names that Ollama's templates give to fields."""
_TURNS = re.compile(r"\[/?INST\]|<</?SYS>>")
_PLAIN = str.maketrans("[]<>", "()()")
_LARGEST = 100_000


@dataclass(frozen=True)
class Prompt:
    """A template with fields, written ``{{ text }}``, ``{{ labels }}`` or ``{{ any_name }}``.

    ``{{ .Prompt }}`` is the text, as in Ollama's templates.

    Attributes:
        name: of the prompt, as a recipe gives it.
        template: what stands around the text, without line breaks at the end.
        chat: whether the tokenizer's chat template wraps it as the user's message.
    """

    name: str
    template: str
    chat: bool

    def fields(self) -> set[str]:
        """Return the names of the fields, ``text`` among them."""
        return {_name(match) for match in _FIELD.finditer(self.template)}

    def around(self, **fields: str) -> tuple[str, str]:
        """Return what stands before and after the text.

        Args:
            fields: the values of all fields but the text; more than the template has do no harm.

        Raises:
            ModelError: a field has no value, or the text does not stand there exactly once.
        """
        parts = _FIELD.split(self.template)
        filled = [
            part if number % 2 == 0 else self._value(part, fields)
            for number, part in enumerate(parts)
        ]
        places = [n for n in range(1, len(parts), 2) if _OLLAMA.get(parts[n], parts[n]) == TEXT]
        if len(places) != 1:
            raise ModelError(
                f"The prompt {self.name!r} must hold {{{{ text }}}} once; it does {len(places)} "
                "times."
            )
        place = places[0]
        return "".join(filled[:place]), "".join(filled[place + 1 :])

    def quoted(self, text: str) -> str:
        """Return a text of the same length that cannot close the quotes around it.

        Three double quotes become single ones where they are the fence, and what some tokenizers
        know as the marks of a turn (``[/INST]``) becomes plain brackets. Lone surrogates, which no
        tokenizer reads, become question marks.
        """
        sound = text.encode("utf-8", "replace").decode("utf-8")
        sound = _TURNS.sub(lambda mark: mark[0].translate(_PLAIN), sound)
        return sound.replace(FENCE, "'''") if FENCE in self.template else sound

    def filled(self, text: str, **fields: str) -> str:
        """Return the whole prompt with its text, for a model that is spoken to in words.

        Raises:
            ModelError: a field has no value.
        """
        before, after = self.around(**fields)
        return before + self.quoted(text) + after

    def _value(self, field: str, fields: dict[str, str]) -> str:
        name = _OLLAMA.get(field, field)
        if name == TEXT:
            return ""
        if name not in fields:
            given = ", ".join(sorted(fields)) or "none"
            raise ModelError(
                f"The prompt {self.name!r} has a field {name!r} that has no value; given: {given}."
            )
        return fields[name]


def load(name_or_path: str, *, chat: bool) -> Prompt:
    """Read a prompt of the package by its name, or one from a file.

    Args:
        name_or_path: as in ``three_way``, or the path of a text file.
        chat: whether a chat template wraps it.

    Raises:
        ModelError: there is none, or it is no text of reasonable size.
    """
    shipped = names()
    if name_or_path in shipped:
        file = resources.files("hatelens") / "prompts" / f"{name_or_path}.txt"
        return Prompt(name_or_path, _tidy(file.read_bytes(), name_or_path), chat)
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        raise ModelError(
            unknown("prompt", name_or_path, shipped, do="Or give the path of a text file.")
        )
    return Prompt(path.stem, _tidy(path.read_bytes(), str(path)), chat)


def names() -> tuple[str, ...]:
    """Return the names of the prompts that the package ships, sorted."""
    files = (resources.files("hatelens") / "prompts").iterdir()
    return tuple(sorted(each.name[:-4] for each in files if each.name.endswith(".txt")))


def listed(words: Iterable[str]) -> str:
    """Return the words of the labels as the field ``labels`` says them: ``hate / normal``."""
    return " / ".join(words)


def _tidy(content: bytes, name: str) -> str:
    if len(content) > _LARGEST:
        raise ModelError(f"The prompt {name} has {len(content)} bytes; {_LARGEST} are allowed.")
    try:
        return content.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError:
        raise ModelError(f"The prompt {name} is not UTF-8; save it as UTF-8.") from None


def _name(match: re.Match[str]) -> str:
    return _OLLAMA.get(match[1], match[1])
