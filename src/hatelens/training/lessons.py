"""From cleaned texts and what people said of them to the batches that fine-tuning takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from hatelens.models.tokens import Encoded, Tokenizer
from hatelens.text import Cleaned
from hatelens.training.trained import Lesson

UNKNOWN = float("nan")
Row = Mapping[str, np.ndarray]
CLASSES = "classes"
MARKS = "marks"


class Lessons(Dataset[Row]):
    """Tokens and targets of texts, one row each.

    Args:
        lesson: the texts.
        tokenizer: of the model.
    """

    def __init__(self, lesson: Lesson, tokenizer: Tokenizer) -> None:
        self.encoded = tokenizer.encode(lesson.texts)
        self.lengths = [len(one.ids) for one in self.encoded]
        self._lesson = lesson
        marks = lesson.marks or [None] * len(self.encoded)
        self._marks = [
            None if ranges is None else token_marks(tokens, cleaned, ranges)
            for tokens, cleaned, ranges in zip(self.encoded, lesson.cleaned, marks, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: int) -> Row:
        row = {name: values[index] for name, values in self._lesson.heads.items()}
        marks = self._marks[index]
        length = self.lengths[index]
        row[MARKS] = np.full(length, UNKNOWN, np.float32) if marks is None else marks
        row[CLASSES] = self._lesson.classes[index]
        row["input_ids"] = np.asarray(self.encoded[index].ids)
        return row


def token_marks(tokens: Encoded, cleaned: Cleaned, ranges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Say of each token whether at least half of its characters are marked.

    Args:
        tokens: of the cleaned text.
        cleaned: the text, with the way back to the original.
        ranges: marked half-open ranges of the original.

    Returns:
        1 or 0, NaN for special tokens; shape (tokens,).
    """
    origin = np.asarray(cleaned.offsets[:-1])
    marked = np.zeros(len(origin) + 1)
    for begin, end in ranges:
        marked[1:] += (origin >= begin) & (origin < end)
    total = np.cumsum(np.minimum(marked, 1))
    begins, ends = np.asarray(tokens.offsets).T
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (total[ends] - total[begins]) / (ends - begins)
    return np.where(ends > begins, (shares >= 0.5).astype(np.float32), UNKNOWN).astype(np.float32)


@dataclass(frozen=True)
class Collator:
    """Pads rows to a batch of tensors.

    Attributes:
        padding: the model's tokenizer (under the name ``tokenizer`` a Trainer would save it).
    """

    padding: Tokenizer

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and the targets, each by its name."""
        padded = self.padding.pad([row["input_ids"].tolist() for row in rows])
        width = padded.input_ids.shape[1]
        marks = [
            np.pad(row[MARKS], (0, width - len(row[MARKS])), constant_values=UNKNOWN)
            for row in rows
        ]
        batch = {
            "input_ids": torch.from_numpy(padded.input_ids),
            "attention_mask": torch.from_numpy(padded.attention_mask),
            MARKS: torch.tensor(np.stack(marks), dtype=torch.float32),
        }
        for name in rows[0].keys() - {"input_ids", MARKS}:
            batch[name] = torch.tensor(np.stack([row[name] for row in rows]), dtype=torch.float32)
        return batch
