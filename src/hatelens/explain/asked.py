"""Explanations that a model behind a server writes when it is asked for them.

Nothing holds such a model to the words of the text: what it quotes is looked up, and what does not
stand there is left out.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from hatelens import text as cleaning
from hatelens.data.explanations import (
    GROUPS,
    LONGEST_GROUP,
    LONGEST_REASON,
    MOST_GROUPS,
    MOST_QUOTES,
    REASON,
    WORDS,
    tidy,
)
from hatelens.explain.explanation import Explanation
from hatelens.explain.looked_up import looked_up
from hatelens.models import openai_api
from hatelens.models import prompt as prompts
from hatelens.models.classifier import Classifier
from hatelens.models.openai_api import Api
from hatelens.models.plain_text import plain
from hatelens.text import Cleaned
from hatelens.text.alignment import untouched
from hatelens.text.quotable import LONGEST

PROMPT = "explain_class"
UNSAID = "The model gave no explanation that could be read."
_LONGEST_ANSWER = 800
"""Tokens; more than the longest answer that the schema allows in a language of letters."""
_BATCH = 32


def _list(most: int, longest: int) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": most,
        "items": {"type": "string", "minLength": 1, "maxLength": longest},
    }


_FORM = {
    "type": "object",
    "properties": {
        GROUPS: _list(MOST_GROUPS, LONGEST_GROUP),
        REASON: {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
        WORDS: _list(MOST_QUOTES, LONGEST),
    },
    "required": [GROUPS, REASON, WORDS],
    "additionalProperties": False,
}


class AskingWriter:
    """Asks a model server to explain the classes of texts.

    Args:
        api: the model.
        cleaning: version of the cleaning that texts pass through, or ``none``.

    Attributes:
        unreadable: answers that were no explanation.
    """

    def __init__(self, api: Api, cleaning: str = "none") -> None:
        self._api = api
        self._cleaning = cleaning
        self._asked = prompts.load(PROMPT, chat=True)
        self._counting = threading.Lock()
        self.unreadable = 0

    @property
    def batch(self) -> int:
        """Texts that are explained at once."""
        return _BATCH

    @property
    def prompt(self) -> str:
        """What stands around a text."""
        return self._asked.template

    def write(self, texts: Sequence[str], labels: Sequence[str]) -> list[Explanation]:
        """Explain texts that each fit one window, in order, several at once.

        Raises:
            UnavailableError: the server does not answer.
            ModelError: it does not take the question.
        """
        return self._api.client.each(self._one, list(zip(texts, labels, strict=True)))

    def _one(self, pair: tuple[str, str]) -> Explanation:
        text, label = pair
        cleaned = self._clean(text)
        parts = bounded(self._answer(cleaned.text, label))
        if not parts[REASON]:
            with self._counting:
                self.unreadable += 1
            parts[REASON] = UNSAID
        return looked_up(label, parts, text, cleaned)

    def _answer(self, text: str, label: str) -> str:
        asked = openai_api.chat(self._asked.filled(plain(text), label=label))
        named = {"name": "explanation", "strict": True, "schema": _FORM}
        wanted = {
            "model": self._api.model,
            "stream": False,
            "temperature": 0,
            "max_tokens": _LONGEST_ANSWER,
            "response_format": {"type": "json_schema", "json_schema": named},
        }
        return _content(self._api.client.post(asked.path, {**asked.body, **wanted}))

    def _clean(self, text: str) -> Cleaned:
        return untouched(text) if self._cleaning == "none" else cleaning.clean(text)


def _content(answer: Any) -> str:
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return ""
    return content if isinstance(content, str) else ""


def bounded(answer: str) -> dict[str, Any]:
    """Read an answer and keep of it what an explanation can hold.

    Returns:
        Groups, reason and harmful words; an empty reason where the answer is none.
    """
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        said = None
    parts: Mapping[str, Any] = said if isinstance(said, dict) else {}
    groups = [tidy(each)[:LONGEST_GROUP].strip() for each in _texts(parts.get(GROUPS))]
    reason = parts.get(REASON)
    return {
        GROUPS: [each for each in groups if each][:MOST_GROUPS],
        REASON: tidy(reason) if isinstance(reason, str) else "",
        WORDS: _texts(parts.get(WORDS))[:MOST_QUOTES],
    }


def _texts(values: object) -> list[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def writer(model: Classifier) -> AskingWriter:
    """Return what asks the server of a ``remote`` model for explanations."""
    scorer: Any = model.scorer
    return AskingWriter(scorer.api, model.manifest.cleaning)
