"""Trains the gate of a mixture: from where a text comes, or from what makes the blend right."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hatelens.config.mixture import GateTraining
from hatelens.evaluation.weighted import Ints
from hatelens.labels import Floats
from hatelens.models.gate import Gate, Network
from hatelens.models.routing import log_softmax
from hatelens.training.losses import class_losses


@dataclass(frozen=True)
class GateLesson:
    """What a gate learns from.

    Attributes:
        embeddings: of the texts, shape (texts, width).
        platforms: number of each text's platform, shape (texts,).
        logits: raw scores of each adapter that is weighed, shape (adapters, texts, labels); only
            asked for where the gate learns from the task.
        classes: what is known of the labels (see ``Lesson.classes``), shape (texts, labels).
    """

    embeddings: np.ndarray
    platforms: Ints
    logits: Floats
    classes: Floats


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From logits of the gate, shape (texts, adapters), and which texts they are for, to the loss of
each text, shape (texts,)."""


def fit(
    network: Network,
    train: GateLesson,
    held_out: GateLesson,
    settings: GateTraining,
    *,
    temperature: float,
    seed: int,
) -> float:
    """Train a gate's network in place, with early stopping on the held-out texts.

    From the platform it learns by the cross-entropy with the platform, as system B does; from the
    task by the loss of the blended probabilities: the adapters are frozen, so what they say of a
    text is computed once and only the weights change (as in Jordan and Jacobs 1994, hierarchical
    mixtures of experts, with the experts fixed).

    Args:
        network: its outputs stand for the platforms, or for the adapters that are weighed.
        train: to learn from.
        held_out: to stop by.
        settings: of the training.
        temperature: of the gate.
        seed: of the order of the texts.

    Returns:
        The least loss on the held-out texts.
    """
    counts = _weights(held_out, settings)
    best, left, weights = float("inf"), settings.patience, network.state_dict()
    measured = _loss(held_out, settings, temperature)
    vectors = torch.from_numpy(held_out.embeddings)
    everything = torch.arange(len(vectors))
    for _ in _epochs(network, train, settings, temperature, seed):
        with torch.no_grad():
            found = float((counts * measured(network(vectors), everything)).sum() / counts.sum())
        left -= 1
        if found < best - 1e-6:
            best, left, weights = found, settings.patience, copy.deepcopy(network.state_dict())
        if not left:
            break
    network.load_state_dict(weights)
    return best


def _epochs(
    network: Network, lesson: GateLesson, settings: GateTraining, temperature: float, seed: int
) -> Iterator[int]:
    """Train one pass after the other."""
    vectors, counts = torch.from_numpy(lesson.embeddings), _weights(lesson, settings)
    loss = _loss(lesson, settings, temperature)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
    )
    chance = torch.Generator().manual_seed(seed)
    for epoch in range(settings.epochs):
        for rows in torch.randperm(len(vectors), generator=chance).split(settings.batch_size):
            optimizer.zero_grad()
            losses = counts[rows] * loss(network(vectors[rows]), rows)
            (losses.sum() / counts[rows].sum()).backward()
            optimizer.step()
        yield epoch


def _loss(lesson: GateLesson, settings: GateTraining, temperature: float) -> Loss:
    if settings.learns_from == "platform":
        platforms = torch.from_numpy(lesson.platforms)
        return lambda said, rows: torch.nn.functional.cross_entropy(
            said / temperature, platforms[rows], reduction="none"
        )
    logs = torch.from_numpy(log_softmax(lesson.logits)).float().transpose(0, 1)
    classes = torch.from_numpy(lesson.classes).float()
    alike = torch.ones(classes.shape[1])

    def blended(said: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        shares = torch.log_softmax(said / temperature, dim=1).unsqueeze(2)
        return class_losses(torch.logsumexp(shares + logs[rows], dim=1), classes[rows], alike)

    return blended


def _weights(lesson: GateLesson, settings: GateTraining) -> torch.Tensor:
    """Return how much each text counts, shape (texts,)."""
    if not settings.balanced:
        return torch.ones(len(lesson.platforms))
    sizes = np.bincount(lesson.platforms)
    return torch.from_numpy(1.0 / sizes[lesson.platforms]).float()


def known(lesson: GateLesson) -> GateLesson:
    """Return the texts of which a label is known: the others cannot move a gate by the task."""
    chosen = lesson.classes.sum(axis=1) > 0
    return GateLesson(
        lesson.embeddings[chosen],
        lesson.platforms[chosen],
        lesson.logits[:, chosen],
        lesson.classes[chosen],
    )


def report(
    gate: Gate, lesson: GateLesson, platforms: Sequence[str], settings: GateTraining
) -> Mapping[str, object]:
    """Say what a gate has learned: how often it knows the platform, and whom it asks about what.

    Sources leave fingerprints (links, user names, length, topics), so a high accuracy says that
    data sets can be told apart, not that platforms can.

    Args:
        gate: with the adapters of the platforms among those it weighs.
        lesson: held-out texts.
        platforms: in the order of ``lesson.platforms``.
        settings: of the training.

    Returns:
        ``learns_from``; ``platform_accuracy``, the share of texts for which the largest weight
        among the platforms' adapters is that of their own; ``mean_weights`` of every adapter by
        platform.
    """
    weights = gate.of(lesson.embeddings)
    columns = [gate.names.index(name) for name in platforms]
    right = weights[:, columns].argmax(axis=1) == lesson.platforms
    means = {
        name: dict(zip(gate.names, _rounded(weights[lesson.platforms == number]), strict=True))
        for number, name in enumerate(platforms)
        if (lesson.platforms == number).any()
    }
    return {
        "learns_from": settings.learns_from,
        "platform_accuracy": round(float(right.mean()), 4),
        "mean_weights": means,
    }


def _rounded(weights: Floats) -> list[float]:
    return [round(float(value), 4) for value in weights.mean(axis=0)]
