"""What fine-tuning asks of the Transformers Trainer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hatelens.config.encoder import EncoderTraining
from hatelens.errors import ConfigError
from hatelens.models.base import resolve
from hatelens.models.encoder import Encoder, classifier
from hatelens.models.heads import Head
from hatelens.models.tokens import Tokenizer
from hatelens.training.finetune import Finetuner, arguments
from hatelens.training.lessons import Collator, Lessons
from tests.training.conftest import LABELS, lesson


def test_settings_become_the_arguments_of_the_trainer(tmp_path):
    settings = EncoderTraining(
        learning_rate=1e-4,
        warmup_steps=500,
        gradient_accumulation_steps=2,
        max_grad_norm=0.5,
        save_steps=7,
    )
    made = arguments(settings, tmp_path, 3, measures=True)
    assert (made.learning_rate, made.warmup_steps, made.save_steps) == (1e-4, 500, 7)
    assert (made.gradient_accumulation_steps, made.max_grad_norm) == (2, 0.5)
    assert (made.seed, made.data_seed, made.output_dir) == (3, 3, str(tmp_path))
    assert (made.eval_strategy, made.save_strategy) == ("epoch", "steps")
    assert not made.load_best_model_at_end


def test_every_argument_can_be_overridden_also_those_that_have_a_usual_value(tmp_path):
    settings = EncoderTraining(save_total_limit=5, logging_steps=3, eval_strategy="no")
    made = arguments(settings, tmp_path, 0, measures=True)
    assert (made.save_total_limit, made.logging_steps, made.eval_strategy) == (5, 3, "no")


def test_without_validation_texts_nothing_is_measured(tmp_path):
    assert arguments(EncoderTraining(), tmp_path, 0, measures=False).eval_strategy == "no"


def test_early_stopping_saves_whenever_it_measures(tmp_path):
    stops = {"early_stopping_patience": 1}
    by_epoch = arguments(EncoderTraining(**stops), tmp_path, 0, measures=True)
    assert (by_epoch.eval_strategy, by_epoch.save_strategy) == ("epoch", "epoch")
    by_steps = arguments(EncoderTraining(**stops, eval_steps=20), tmp_path, 0, measures=True)
    assert (by_steps.eval_strategy, by_steps.save_strategy) == ("steps", "steps")
    assert by_steps.eval_steps == by_steps.save_steps == 20
    assert by_steps.load_best_model_at_end
    assert by_steps.metric_for_best_model == "eval_macro_f1"


def test_settings_that_do_not_go_together_are_one_plain_line(tmp_path):
    settings = EncoderTraining(early_stopping_patience=1, eval_strategy="no")
    with pytest.raises(ConfigError, match="training: ") as caught:
        arguments(settings, tmp_path, 0, measures=True)
    assert "\n" not in str(caught.value)


def test_a_loss_is_better_when_it_is_smaller(tmp_path):
    settings = EncoderTraining(early_stopping_patience=1, metric_for_best_model="loss")
    assert not arguments(settings, tmp_path, 0, measures=True).greater_is_better


@pytest.fixture
def finetuner(base_folder, tmp_path):
    """Return the function that makes a Finetuner with two heads, and its batch of two texts."""

    def make(heads, **settings):
        torch.manual_seed(0)
        made = (Head("one", "attributes", ("x",)), Head("two", "attributes", ("y", "z")))
        encoder = Encoder(classifier(resolve(str(base_folder)), LABELS), made)
        encoder.eval()
        tokenizer = Tokenizer(base_folder / "tokenizer.json", 8)
        rows = Lessons(lesson(["marsh folk", "worthless"], np.eye(2), heads), tokenizer)
        training = EncoderTraining(**settings)
        trainer = Finetuner(
            model=encoder,
            args=arguments(training, tmp_path, 0, measures=False),
            lessons=rows,
            collator=Collator(tokenizer),
            training=training,
            weights=torch.ones(2),
            shares={"one": 1.0, "two": 0.5},
            measure=dict,
        )
        return trainer, Collator(tokenizer)([rows[0], rows[1]])

    return make


NOBODY = {"one": np.full((2, 1), np.nan), "two": np.full((2, 2), np.nan)}


def test_a_batch_moves_only_the_heads_that_it_has_labels_for(finetuner):
    trainer, batch = finetuner(NOBODY | {"one": np.array([[1.0], [np.nan]])})
    trainer.compute_loss(trainer.model, batch).backward()
    heads = trainer.model.heads
    assert heads["one"].weight.grad.abs().sum() > 0
    assert not heads["two"].weight.grad.any()
    assert trainer.model.classifier.classifier.weight.grad.abs().sum() > 0


def test_the_loss_of_a_head_counts_by_its_share(finetuner):
    asked = np.array([[1.0, 0.0], [0.0, 1.0]])
    trainer, batch = finetuner(NOBODY)
    plain, made = trainer.compute_loss(trainer.model, batch, return_outputs=True)
    trainer, batch = finetuner(NOBODY | {"two": asked})
    both = trainer.compute_loss(trainer.model, batch)
    head = torch.nn.functional.binary_cross_entropy_with_logits(
        made["two"], torch.tensor(asked).float()
    )
    assert both.item() == pytest.approx(plain.item() + 0.5 * head.item(), abs=1e-6)


def test_the_inputs_are_left_as_they_were(finetuner):
    trainer, batch = finetuner(NOBODY)
    before = set(batch)
    trainer.compute_loss(trainer.model, batch)
    assert set(batch) == before


def test_a_focal_loss_is_smaller_than_the_cross_entropy(finetuner):
    losses = []
    for loss in ("focal", "cross_entropy"):
        trainer, batch = finetuner(NOBODY, loss=loss)
        losses.append(trainer.compute_loss(trainer.model, batch).item())
    assert losses[0] < losses[1]
