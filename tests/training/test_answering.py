"""The losses of a language model that is tuned on turns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from hatelens.config.decoder import DecoderTraining
from hatelens.training.answering import AnswerTuner
from hatelens.training.finetune import arguments
from hatelens.training.turns import Collator, Turns, compared, taught
from tests import language_model
from tests.training.test_turns import PAD, PROMPTS, WORDS, logarithms

CLASSES = np.eye(3)[[0, 1, 2, 1]]
ALIKE = np.ones(3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture
def tuner(folder, tmp_path):
    """Return the function that makes a tuner of turns, with the settings that are given."""

    def make(turns, weights=None, **settings):
        training = DecoderTraining(learning_rate=0.01, num_train_epochs=1.0, **settings)
        return AnswerTuner(
            model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
            args=arguments(training, tmp_path / "out", 0, measures=False),
            turns=Turns(turns),
            collator=Collator(PAD, packing=training.packing),
            training=training,
            measure=dict,
            weights=weights,
        )

    return make


def test_the_loss_of_answers_is_the_mean_over_their_tokens(tuner):
    made = tuner(taught(PROMPTS, WORDS, CLASSES, ALIKE))
    loss = made.compute_loss(made.model, made.data_collator(list(made.train_dataset)))
    true = [WORDS[i] for i in CLASSES.argmax(axis=1)]
    alone = [logarithms(made.model, p, word) for p, word in zip(PROMPTS, true, strict=True)]
    assert loss.item() == pytest.approx(-torch.cat(alone).mean().item(), abs=1e-4)


def test_a_loss_over_labels_compares_the_mean_log_probability_of_their_words(tuner):
    made = tuner(compared(PROMPTS, WORDS, CLASSES))
    batch = made.data_collator(list(made.train_dataset))
    loss, logits = made.compute_loss(made.model, batch, return_outputs=True)
    rows = [[logarithms(made.model, p, word).mean() for word in WORDS] for p in PROMPTS]
    alone = torch.tensor(rows)
    torch.testing.assert_close(logits.detach(), alone, atol=1e-4, rtol=1e-4)
    expected = torch.nn.functional.cross_entropy(alone, torch.tensor(CLASSES.argmax(axis=1)))
    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)


def test_labels_known_in_part_ask_for_the_sum_of_their_probabilities(tuner):
    made = tuner(compared(PROMPTS[:1], WORDS, np.array([[0.0, 1.0, 1.0]])))
    batch = made.data_collator(list(made.train_dataset))
    loss, logits = made.compute_loss(made.model, batch, return_outputs=True)
    right = torch.softmax(logits, dim=1)[0, 1:].sum()
    assert loss.item() == pytest.approx(-right.log().item(), abs=1e-5)


@pytest.mark.parametrize("turns", ["taught", "compared"])
def test_a_step_is_the_same_from_one_batch_or_from_several(tuner, turns):
    made = {
        "taught": taught(PROMPTS, WORDS, CLASSES, ALIKE),
        "compared": compared(PROMPTS, WORDS, CLASSES),
    }[turns]
    ends = []
    for size, steps in ((4, 1), (1, 4)):
        tuned = tuner(made, per_device_train_batch_size=size, gradient_accumulation_steps=steps)
        tuned.train()
        assert tuned.state.global_step == 1
        ends.append(tuned.model.state_dict())
    for name, values in ends[0].items():
        torch.testing.assert_close(values, ends[1][name], atol=1e-5, rtol=1e-4)


def test_packed_and_padded_training_end_with_the_same_weights(tuner):
    turns = compared(PROMPTS * 2, WORDS, np.tile(CLASSES, (2, 1)))
    ends = []
    for packing in (True, False):
        tuned = tuner(turns, per_device_train_batch_size=4, packing=packing, optim="sgd")
        tuned.train()
        ends.append(tuned.model.state_dict())
    for name, values in ends[0].items():
        torch.testing.assert_close(values, ends[1][name], atol=1e-5, rtol=1e-4)


def test_rare_labels_weigh_more_and_targets_are_smoothed(tuner):
    turns = compared(PROMPTS, WORDS, CLASSES)

    def loss(weights=None, **settings):
        made = tuner(turns, weights=weights, **settings)
        return made.compute_loss(made.model, made.data_collator(turns)).item()

    assert loss(torch.tensor([2.0, 2.0, 2.0])) == pytest.approx(2 * loss(), rel=1e-5)
    assert loss(label_smoothing_factor=0.5) != pytest.approx(loss(), abs=1e-3)
