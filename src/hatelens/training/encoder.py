"""Trains the kind ``encoder``: system E's recipe and beyond, with the Transformers Trainer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from transformers import TrainerState, set_seed

from hatelens.config.encoder import EncoderModel, EncoderTraining
from hatelens.evaluation.glance import glance
from hatelens.labels import LabelSet
from hatelens.models import encoder as kind
from hatelens.models.base import TOKENIZER, BaseModel, resolve
from hatelens.models.encoder import Encoder, EncoderScorer
from hatelens.models.heads import Head
from hatelens.models.token_heads import SPANS
from hatelens.models.tokens import Tokenizer
from hatelens.training.finetune import (
    LOG,
    Finetuner,
    Metrics,
    arguments,
    checkpoint,
    write_log,
)
from hatelens.training.lessons import Collator, Lessons
from hatelens.training.trained import Material, Trained, class_weights


def train(model: EncoderModel, training: EncoderTraining, material: Material, seed: int) -> Trained:
    """Fine-tune an encoder and write it to the work folder.

    A killed run goes on from its last checkpoint when the same recipe is trained again on the same
    data, and ends with the same weights as one that was not killed.

    Raises:
        ModelError: the base model is not at hand, or the adapter does not fit it.
    """
    base = resolve(model.base, model.revision)
    tokenizer = Tokenizer(base.folder / TOKENIZER, model.max_length)
    heads = tuple(Head(name, each.type, each.names) for name, each in material.heads.items())
    set_seed(seed)
    tuned = _encoder(base, model, training, heads, material.labels)
    scorer = EncoderScorer(tuned, tokenizer)
    runs = _runs(scorer, training, material, seed)
    files = kind.save(tuned, base.folder / TOKENIZER, material.work)
    write_log(runs, material.work / LOG)
    steps, epochs = sum(run.global_step for run in runs), sum(run.epoch or 0.0 for run in runs)
    facts = {"steps": steps, "epochs": round(epochs, 3)}
    architecture = model.model_dump(mode="json", exclude={"revision"})
    return Trained(scorer, "torch", architecture, files, base.record, heads, facts)


def _runs(
    scorer: EncoderScorer, training: EncoderTraining, material: Material, seed: int
) -> list[TrainerState]:
    """Fine-tune as often as the recipe says, and leave the mean of the weights.

    A model soup (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482): runs from the same
    start, each with an order and a dropout of its own, end where their mean is a model again,
    often a better one than each of them.
    """
    if training.soup == 1:
        return [_run(scorer, training, material, seed)]
    encoder = scorer.encoder
    start = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    weights = [name for name, tensor in start.items() if tensor.is_floating_point()]
    mean = {name: torch.zeros_like(start[name]) for name in weights}
    runs = []
    for number in range(training.soup):
        encoder.load_state_dict(start)
        own = replace(material, resume=material.resume / f"run-{number}")
        runs.append(_run(scorer, training, own, seed + number))
        end = encoder.state_dict()
        for name in weights:
            mean[name] += end[name] / training.soup
    encoder.load_state_dict(start | mean)
    return runs


def _run(
    scorer: EncoderScorer, training: EncoderTraining, material: Material, seed: int
) -> TrainerState:
    trainer = _finetuner(scorer, training, material, seed)
    trainer.train(resume_from_checkpoint=checkpoint(material.resume))
    return trainer.state


def _encoder(
    base: BaseModel,
    model: EncoderModel,
    training: EncoderTraining,
    heads: tuple[Head, ...],
    labels: LabelSet,
) -> Encoder:
    classifier = kind.classifier(base, labels)
    if training.gradient_checkpointing:
        classifier.gradient_checkpointing_enable({"use_reentrant": False})
    if model.adapter is None:
        return Encoder(classifier, heads)
    return Encoder(kind.adapted(classifier, model.adapter.model_dump()), heads)


def _finetuner(
    scorer: EncoderScorer, training: EncoderTraining, material: Material, seed: int
) -> Finetuner:
    weights = class_weights(_exact(material.train.classes), training.class_weight)
    return Finetuner(
        model=scorer.encoder,
        args=arguments(training, material.resume, seed, measures=bool(material.held_out.cleaned)),
        lessons=Lessons(material.train, scorer.tokenizer),
        collator=Collator(scorer.tokenizer),
        training=training,
        weights=torch.tensor(weights, dtype=torch.float32),
        shares={
            SPANS if head.type == "spans" else name: head.weight
            for name, head in material.heads.items()
        },
        measure=lambda: _measured(scorer, material),
    )


def _measured(scorer: EncoderScorer, material: Material) -> Metrics:
    """Measure the classes on the validation texts while training."""
    mode = scorer.encoder.training
    logits = scorer.logits(material.held_out.texts)
    scorer.encoder.train(mode)
    return glance(logits, material.held_out_truth, material.labels)


def _exact(classes: np.ndarray) -> np.ndarray:
    return classes[np.isclose(classes.sum(axis=1), 1.0)]
