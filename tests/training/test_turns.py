"""Rows of tokens: packed behind one copy of the prompt, or padded, they compute the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from hatelens.training.answering import head_logits, token_logits
from hatelens.training.turns import Collator, Turn, Turns, compared, taught
from tests import language_model

BEGIN = (5, 6, 7, 8, 9)
PROMPTS = [
    (*BEGIN, 20, 21, 22, 3, 4),
    (*BEGIN, 30, 3, 4),
    (*BEGIN, 20, 40, 41, 42, 43, 44, 45, 3, 4),
    (*BEGIN, 3, 4),
]
WORDS = [(50,), (51, 52, 53), (51, 54)]
PAD = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture
def model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def logarithms(model, prompt, answer):
    """Read a prompt with its answer alone and return the log-probability of each token of it."""
    logits = model(torch.tensor([(*prompt, *answer)])).logits[0]
    logs = functional.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)
    return logs.gather(1, torch.tensor(answer)[:, None])[:, 0]


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: each.grad.clone() for name, each in model.named_parameters()}


def same(first, second):
    assert first.keys() == second.keys()
    for name, values in first.items():
        torch.testing.assert_close(values, second[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("packing", [True, False])
def test_losses_and_gradients_equal_those_of_the_turns_one_by_one(model, packing):
    turns = [Turn(prompt, tuple(WORDS)) for prompt in PROMPTS]
    batch = Collator(PAD, packing=packing)(turns)
    logits = token_logits(model, batch)
    together = -functional.cross_entropy(logits, batch["targets"], reduction="none")
    alone = torch.cat([logarithms(model, prompt, word) for prompt in PROMPTS for word in WORDS])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    chance = torch.rand(len(alone), generator=torch.Generator().manual_seed(0))
    same(gradients(model, (together * chance).sum()), gradients(model, (alone * chance).sum()))


@pytest.mark.parametrize("packing", [True, False])
def test_a_classification_layer_reads_the_end_of_each_prompt(folder, packing):
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=3, pad_token_id=PAD, dtype=torch.float32
    )
    batch = Collator(PAD, packing=packing)(compared(PROMPTS, (), np.eye(3)[[0, 1, 2, 0]]))
    together = head_logits(model, batch)
    alone = torch.cat([model(torch.tensor([prompt])).logits for prompt in PROMPTS])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    same(gradients(model, together.square().sum()), gradients(model, alone.square().sum()))


def test_gradients_are_the_same_with_checkpointing_and_with_eager_attention(folder, model):
    batch = Collator(PAD)([Turn(prompt, tuple(WORDS)) for prompt in PROMPTS])

    def loss(one):
        return functional.cross_entropy(token_logits(one, batch), batch["targets"])

    plain = gradients(model, loss(model))
    model.train()
    model.gradient_checkpointing_enable({"use_reentrant": False})
    same(plain, gradients(model, loss(model)))
    eager = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    same(plain, gradients(eager, loss(eager)))


def test_a_packed_batch_reads_what_all_prompts_begin_with_once():
    batch = Collator(PAD)([Turn(prompt, ((50,),)) for prompt in PROMPTS])
    assert batch["input_ids"].shape == (1, 5 + 5 + 3 + 9 + 2)
    assert batch["position_ids"][0, :10].tolist() == list(range(10))
    assert batch["position_ids"][0, 10] == 5
    assert batch["attention_mask"].dtype == torch.bool
    padded = Collator(PAD, packing=False)([Turn(prompt, ((50,),)) for prompt in PROMPTS])
    assert padded["input_ids"].shape == (4, 14)
    assert "attention_mask" not in padded


@pytest.mark.parametrize(
    "prompts",
    [
        [(5, 6, 7)],
        [(5, 6, 7), (5, 6, 7)],
        [(5, 6, 7), (5, 6, 7, 8, 9)],
        [(5, 6), (8, 9, 10)],
    ],
    ids=["one turn", "equal prompts", "one begins the other", "nothing in common"],
)
def test_odd_prompts_are_packed_rightly(model, prompts):
    turns = [Turn(prompt, (WORDS[1], WORDS[2])) for prompt in prompts]
    batch = Collator(PAD)(turns)
    together = -functional.cross_entropy(
        token_logits(model, batch), batch["targets"], reduction="none"
    )
    alone = [logarithms(model, prompt, word) for prompt in prompts for word in WORDS[1:]]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_padded_rows_hold_each_path_once():
    turn = Turn((5, 6), ((50,), (51, 52, 53), (51, 52), (51, 54)))
    batch = Collator(PAD, packing=False)([turn])
    assert batch["input_ids"].tolist() == [[5, 6, 51, 52]]  # of each answer all but its last token
    assert batch["places"].tolist() == [1, 1, 2, 3, 1, 2, 1, 2]
    other = Collator(PAD, packing=False)([Turn((5,), ((60, 61), (62, 63)))])
    assert other["input_ids"].tolist() == [[5, 60], [5, 62]]


def test_shares_of_labels_weigh_their_words_and_a_text_without_a_label_is_left_out():
    classes = np.array([[1.0, 0.0, 0.0], [0.0, 0.25, 0.75], [0.0, 0.0, 0.0]])
    turns = taught(PROMPTS[:3], WORDS, classes, np.array([2.0, 1.0, 1.0]))
    assert [turn.answers for turn in turns] == [((50,),), ((51, 52, 53), (51, 54))]
    assert turns[0].weights == (2.0,)
    assert turns[1].weights == (0.25, 0.75)
    assert turns[1].mass == pytest.approx(0.25 * 3 + 0.75 * 2)
    batch = Collator(PAD)(turns)
    assert batch["mass"] == pytest.approx(2.0 + 2.25)
    assert batch["classes"].shape == (2, 0)


def test_turns_over_labels_count_once_where_something_is_known():
    turns = compared(PROMPTS[:2], WORDS, np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]))
    assert [turn.mass for turn in turns] == [1.0, 0.0]
    assert Collator(PAD)(turns)["classes"].tolist() == [[0, 1, 1], [0, 0, 0]]


def test_lengths_are_those_of_prompt_and_longest_answer():
    turns = Turns([Turn((1, 2, 3), ((4,), (5, 6))), Turn((1,), ())])
    assert turns.lengths == [5, 1]
    assert turns[0].answers[0] == (4,)
    assert len(turns) == 2
