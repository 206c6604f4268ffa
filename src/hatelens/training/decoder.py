"""Trains the kind ``decoder``: a language model, whole or by (Q)LoRA, on the labels' words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import TrainerState, set_seed

from hatelens.config.decoder import DecoderModel, DecoderTraining, spoken
from hatelens.errors import ConfigError
from hatelens.evaluation.glance import glance
from hatelens.labels import Floats, LabelSet
from hatelens.models import causal, label_words
from hatelens.models import decoder as kind
from hatelens.models.base import BaseModel, resolve
from hatelens.models.decoder import DecoderScorer
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.training import explainer
from hatelens.training.answering import AnswerTuner
from hatelens.training.finetune import LOG, Metrics, arguments, checkpoint, write_log
from hatelens.training.trained import Material, Trained, class_weights
from hatelens.training.turns import Collator, Turn, Turns, compared, taught


def train(model: DecoderModel, training: DecoderTraining, material: Material, seed: int) -> Trained:
    """Tune a language model and write it, or its adapter, to the work folder.

    A killed run goes on from its last checkpoint when the same recipe is trained again on the same
    data, and ends with the same weights as one that was not killed.

    Raises:
        ConfigError: the answers do not go with the labels, or the objective not with the texts.
        ModelError: the base model is not at hand, or prompt or adapter do not fit it.
    """
    words = spoken(model.answers, material.labels.names)
    base = resolve(model.base, model.revision)
    settings = model.model_dump(mode="json", exclude={"revision"}) | {"answers": words}
    tokens = kind.prompted(base.folder, settings)
    turns = lessons(model, training, material, tokens, words)
    set_seed(seed)
    tuned = opened(base, model, material.labels, tokens.pad, training.gradient_checkpointing)
    state = _tune(DecoderScorer(tuned, tokens, settings), turns, training, material, seed)
    files = kind.save(tuned, tokens, material.work)
    write_log([state], material.work / LOG)
    facts = {
        "steps": state.global_step,
        "epochs": round(state.epoch or 0.0, 3),
        "trained_weights": sum(p.numel() for p in tuned.parameters() if p.requires_grad),
        "tokens_per_pass": sum(turn.length for turn in turns),
    }
    scorer = DecoderScorer(tuned, tokens, settings)
    return Trained(scorer, "torch", settings, files, base.record, facts=facts)


def lessons(
    model: DecoderModel,
    training: DecoderTraining,
    material: Material,
    tokens: PromptTokenizer,
    words: Mapping[str, str],
) -> list[Turn]:
    """Turn texts into what a language model learns from.

    Args:
        model: names the head, and whether it explains.
        training: names the objective and the weights of the labels.
        material: the texts and their classes.
        tokens: the tokenizer with its prompt.
        words: that each label is answered with.

    Raises:
        ConfigError: a text whose label is known in part cannot be answered with one.
    """
    lesson = material.train
    if model.explains:
        return explainer.turns(lesson, material.labels, tokens, words)
    prompts = [tokens.encode(text) for text in lesson.texts]
    if model.head == "linear":
        return compared(prompts, (), lesson.classes)
    if training.objective == "labels":
        return compared(prompts, label_words.answers(tokens, words), lesson.classes)
    if (lesson.classes.sum(axis=1) > 1.5).any():
        raise ConfigError(
            "Some labels are known in part (as in normal|offensive): training.objective=answer "
            "cannot learn from them; take training.objective=labels, or leave them out."
        )
    answers = [tokens.answer(each, end=True) for each in words.values()]
    weights = class_weights(lesson.classes, training.class_weight)
    return taught(prompts, answers, lesson.classes, weights)


def opened(
    base: BaseModel, model: DecoderModel, labels: LabelSet, pad: int, checkpointing: bool = False
) -> Any:
    """Open a base model to be trained: in its precision, with its head and a new adapter.

    Args:
        base: a Transformers folder.
        model: names precision, head and adapter.
        labels: the classes of a linear head.
        pad: the token that fills rows up.
        checkpointing: compute activations twice in order to hold fewer of them.

    Raises:
        ModelError: the base cannot be opened, or the adapter does not fit it.
    """
    if model.head == "linear":
        made, task = causal.open_classifier(base, labels, pad, model.precision), "SEQ_CLS"
    else:
        made, task = causal.open_base(base, model.precision), "CAUSAL_LM"
    made = causal.trainable(made, model.precision, checkpointing=checkpointing)
    if model.adapter is None:
        return made
    return causal.adapted(made, model.adapter.model_dump(), task)


def _tune(
    scorer: DecoderScorer,
    turns: Sequence[Turn],
    training: DecoderTraining,
    material: Material,
    seed: int,
) -> TrainerState:
    weights = class_weights(_exact(material.train.classes), training.class_weight)
    tuner = AnswerTuner(
        model=scorer.model,
        args=arguments(training, material.resume, seed, measures=bool(material.held_out.cleaned)),
        turns=Turns(turns),
        collator=Collator(scorer.tokens.pad, packing=training.packing),
        training=training,
        measure=lambda: _measured(scorer, material),
        weights=torch.tensor(weights, dtype=torch.float32),
    )
    tuner.train(resume_from_checkpoint=checkpoint(material.resume))
    return tuner.state


def _measured(scorer: DecoderScorer, material: Material) -> Metrics:
    """Measure the classes on the validation texts while training, by probability."""
    mode = scorer.model.training
    settings = {**scorer.settings, "decode": "probability"}
    # A scorer of its own each time: it remembers how the prompt was read by earlier weights.
    logits = DecoderScorer(scorer.model, scorer.tokens, settings).logits(material.held_out.texts)
    scorer.model.train(mode)
    return glance(logits, material.held_out_truth, material.labels)


def _exact(classes: Floats) -> Floats:
    return classes[np.isclose(classes.sum(axis=1), 1.0)]
