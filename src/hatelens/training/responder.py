"""Trains a responder: an adapter that stops or speaks against hate and else stays a chat model."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from jinja2 import Environment, StrictUndefined
from transformers import set_seed

from hatelens import __version__
from hatelens.config import compose, paths
from hatelens.config.responder import ResponderModel, ResponderTraining
from hatelens.config.schema import Recipe
from hatelens.data import corpus as corpora
from hatelens.data import replies
from hatelens.data.corpus import Corpus
from hatelens.evaluation.cost import Cost
from hatelens.evaluation.page import cell
from hatelens.models import causal, folder
from hatelens.models.base import BaseModel, resolve
from hatelens.models.chat_tokens import ChatTokens
from hatelens.models.manifest import Manifest
from hatelens.models.published import ADAPTER, ADAPTER_WEIGHTS
from hatelens.models.responder import Responder, Sampling, instruction
from hatelens.training import conversations, opening
from hatelens.training.answering import AnswerTuner, token_logits
from hatelens.training.conversations import Learned
from hatelens.training.cost import metered
from hatelens.training.finetune import LOG, Metrics, arguments, checkpoint, write_log
from hatelens.training.opening import Told
from hatelens.training.own_replies import OwnReplies
from hatelens.training.trained import resumed_in, sources
from hatelens.training.turns import Collator, Turn, Turns

KIND = "responder"


@dataclass(frozen=True)
class _Lessons:
    """Conversations to learn from and to measure on, and how many of each kind are learned."""

    train: Told
    held_out: Told
    counts: Mapping[str, int]


def write(recipe: Recipe, work: Path, target: Path) -> None:
    """Train a responder into a work folder.

    A killed run goes on from its last checkpoint when the same recipe is trained again on the same
    data.

    Args:
        recipe: with a model and a training of the kind ``responder``; its calibration and
            thresholds are not used, for a reply has none.
        work: folder to write.
        target: what the folder will be called.

    Raises:
        DataError: the data is missing or not fit to learn from.
        ModelError: the base model is not at hand, is no chat model, or the adapter does not fit.
    """
    del target
    model, training = recipe.model, recipe.training
    assert isinstance(model, ResponderModel)
    assert isinstance(training, ResponderTraining)
    base = resolve(model.base, model.revision)
    tokens = ChatTokens(base.folder)
    corpus = corpora.assemble(recipe.data, recipe.seed)
    begun = time.perf_counter()
    resume = resumed_in(recipe, corpus)
    with metered(resume) as meter:
        chat = Responder(causal.open_base(base, model.precision), tokens, "")
        lessons = _lessons(recipe, corpus, chat, base)
        tuned, facts = _tuned(chat, lessons, recipe, resume, work)
        openings, found = _openings(tuned, lessons, recipe, tokens.pad)
    facts |= {"seconds": round(time.perf_counter() - begun, 1), "cost": meter.to_dict(), **found}
    files = folder.hashes(work, _save(tuned, tokens, base, work))
    manifest = _manifest(
        recipe, corpus, base, files, facts | dict(lessons.counts), openings=openings
    )
    (work / folder.CONFIG).write_text(compose.render(recipe), encoding="utf-8")
    folder.write_manifest(work, manifest)
    (work / folder.CARD).write_text(_card(manifest), encoding="utf-8")
    shutil.rmtree(resume, ignore_errors=True)  # not before all is written


def _lessons(recipe: Recipe, corpus: Corpus, chat: Responder, base: BaseModel) -> _Lessons:
    """Draw posts, let the base model answer the harmless ones, and turn all into tokens."""
    model, training = recipe.model, recipe.training
    assert isinstance(model, ResponderModel)
    assert isinstance(training, ResponderTraining)
    asked = _voice(chat, base, model.precision, training)
    questions = asked(replies.questions())
    found: list[Learned] = []
    part = training.measured / (training.hateful + training.harmless)
    for examples, share in ((corpus.train, 1.0), (corpus.validation, part)):
        posts = conversations.drawn(
            replies.sort(examples, corpus.labels), training, recipe.seed, share
        )
        own = {**questions, **asked([post.text for post in posts.harmless])}
        found.append(conversations.learned(posts, own, model, training, recipe.seed))
    learned, held_out = found
    if left_out := learned.counts.get("own replies left out"):
        sys.stderr.write(
            f"hatelens: {left_out} harmless messages are left out: the base model refuses or "
            "reproaches, or does not end a sentence.\n"
        )
    # The questions are learned from, so that nothing can be measured on them.
    kept = [one for one in held_out.conversations if one.kind != "question"]
    room, own_tokens = model.max_length, training.learned_tokens
    train, measured = (
        Told(some, conversations.turns(some, chat.tokens, room, own_tokens))
        for some in (learned.conversations, kept if training.measured else ())
    )
    return _Lessons(train, measured, learned.counts)


def _voice(
    chat: Responder, base: BaseModel, precision: str, training: ResponderTraining
) -> Callable[[Sequence[str]], dict[str, str]]:
    """Return what gives the base model's own reply to harmless messages.

    Where its likeliest reply cannot be learned from, others are drawn.
    """
    temperature, tokens = training.reply_temperature, training.reply_tokens
    name = f"{base.record.sha256} {precision}"
    drawn = [Sampling(temperature, 0.95, tokens, seed) for seed in range(1, training.reply_tries)]
    ways = [Sampling(max_new_tokens=tokens), *drawn]
    is_fit = partial(conversations.is_fit, whole=not training.learned_tokens)

    def answer(messages: Sequence[str]) -> dict[str, str]:
        said: dict[str, str] = {}
        for way in ways:
            missing = [one for one in messages if not is_fit(one, said.get(one, ""))]
            speaker = Responder(chat.model, chat.tokens, "", way)
            kept = OwnReplies(speaker, name, paths.cache() / "replies")
            said |= kept.replies(missing, training.reply_batch)
        return said

    return answer


def _tuned(
    chat: Responder, lessons: _Lessons, recipe: Recipe, resume: Path, work: Path
) -> tuple[Any, dict[str, Any]]:
    """Give the base model an adapter and train it."""
    model, training = recipe.model, recipe.training
    assert isinstance(model, ResponderModel)
    assert isinstance(training, ResponderTraining)
    set_seed(recipe.seed)
    checkpointing = training.gradient_checkpointing
    opened = causal.trainable(chat.model, model.precision, checkpointing=checkpointing)
    tuned = causal.adapted(opened, model.adapter.model_dump())
    collator = Collator(chat.tokens.pad, packing=training.packing)
    tuner = AnswerTuner(
        model=tuned,
        args=arguments(
            training.plain(), resume, recipe.seed, measures=bool(lessons.held_out.turns)
        ),
        turns=Turns(lessons.train.turns),
        collator=collator,
        training=training,
        measure=lambda: _measured(tuned, lessons.held_out.turns, collator),
    )
    tuner.train(resume_from_checkpoint=checkpoint(resume))
    write_log([tuner.state], work / LOG)
    state = tuner.state
    measured = _measured(tuned, lessons.held_out.turns, collator)
    steps, epochs = state.global_step, round(state.epoch or 0.0, 3)
    return tuned, {"steps": steps, "epochs": epochs, **measured}


def _openings(
    tuned: Any, lessons: _Lessons, recipe: Recipe, pad: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the opening of each mode for the manifest, and what was measured of it."""
    model, training = recipe.model, recipe.training
    assert isinstance(model, ResponderModel)
    assert isinstance(training, ResponderTraining)
    if not training.over_refusal:
        return {}, {}
    found, facts = opening.fitted(
        tuned,
        lessons.train,
        lessons.held_out,
        model.modes,
        over_refusal=training.over_refusal,
        pad=pad,
    )
    return {mode: one.to_dict() for mode, one in found.items()}, {"openings": facts}


@torch.no_grad()
def _measured(model: Any, turns: Sequence[Turn], collator: Collator, batch: int = 8) -> Metrics:
    """Return the mean loss per token of the answers to conversations that are not learned from."""
    mode = model.training
    model.eval()
    total, count = 0.0, 0
    for begin in range(0, len(turns), batch):
        made = collator(turns[begin : begin + batch])
        held = {name: values.to(model.device) for name, values in made.items()}
        logits = token_logits(model, held)
        total += float(torch.nn.functional.cross_entropy(logits, held["targets"], reduction="sum"))
        count += len(held["targets"])
    model.train(mode)
    return {"loss": total / count} if count else {}


def _save(tuned: Any, tokens: ChatTokens, base: BaseModel, work: Path) -> tuple[str, ...]:
    """Write the adapter in PEFT's form and the tokenizer, and return the files."""
    tuned.peft_config["default"].base_model_name_or_path = base.record.name
    # The output layer itself is not trained: its adapter is, and the base is at hand.
    tuned.save_pretrained(work, save_embedding_layers=False)
    return (ADAPTER, ADAPTER_WEIGHTS, *tokens.save(work))


def _manifest(
    recipe: Recipe,
    corpus: Corpus,
    base: BaseModel,
    files: Mapping[str, str],
    facts: Mapping[str, Any],
    *,
    openings: Mapping[str, Any],
) -> Manifest:
    model = recipe.model
    assert isinstance(model, ResponderModel)
    told: dict[str, Any] = {"told": {mode: instruction(mode) for mode in model.modes}}
    if openings:
        told["opening"] = openings
    return Manifest(
        name=recipe.name,
        kind=KIND,
        runtime="torch",
        labels=corpus.labels,
        architecture=model.model_dump(mode="json", exclude={"revision"}) | told,
        files=files,
        base=base.record,
        data=sources(corpus),
        split={"train": corpus.train_digest, "validation": corpus.validation_digest},
        seed=recipe.seed,
        package=__version__,
        languages=corpus.languages,
        training=facts,
    )


def _card(manifest: Manifest) -> str:
    """Return the model card."""
    template = resources.files("hatelens.training").joinpath("responder_card.md.j2")
    # Markdown is not HTML: names are escaped by ``cell``, as in the report.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["cell"] = cell
    held = manifest.training["cost"]
    opened = environment.from_string(template.read_text(encoding="utf-8"))
    return opened.render(m=manifest, cost=Cost.from_dict(held) if held else None)
