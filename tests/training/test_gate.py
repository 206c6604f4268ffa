"""Training the gate, from the platform and from the task."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hatelens.config.mixture import GateTraining
from hatelens.models.decision import softmax
from hatelens.models.gate import Gate, Network
from hatelens.models.routing import blended
from hatelens.training.gate import GateLesson, fit, known, report

PLATFORM = GateTraining(lr=0.01, epochs=60, batch_size=32)
TASK = GateTraining(learns_from="task", lr=0.01, epochs=60, batch_size=32)


def made(texts: int = 300, seed: int = 0) -> GateLesson:
    """Make texts of two places that lie apart, and three adapters.

    The first knows the labels of the first place, the second those of the second; both are
    sure and wrong elsewhere. The third says nothing.
    """
    chance = np.random.default_rng(seed)
    places = chance.integers(0, 2, texts)
    vectors = chance.normal(size=(texts, 8)) * 0.3
    vectors[np.arange(texts), places] += 3.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = np.eye(2)[chance.integers(0, 2, texts)]
    right = np.where(places[:, None] == [0, 1], 4.0, -4.0)  # (texts, adapters)
    logits = np.zeros((3, texts, 2))
    logits[:2] = right.T[:, :, None] * (2 * classes - 1)
    return GateLesson(vectors.astype(np.float32), places, logits, classes)


class Embedded:
    """Stands in for the embedder of a gate whose texts are embedded already."""

    width = 8


def fitted(settings: GateTraining, names: tuple[str, ...], seed: int = 0) -> Gate:
    torch.manual_seed(0)
    network = Network(8, 8, len(names))
    fit(network, made(), made(seed=1), settings, temperature=1.0, seed=seed)
    return Gate(Embedded(), network, names)  # pyrefly: ignore[bad-argument-type]


def test_from_the_platform_it_learns_where_texts_come_from():
    gate = fitted(PLATFORM, ("birds", "forum"))
    told = report(gate, made(seed=2), ("birds", "forum"), PLATFORM)
    assert told["learns_from"] == "platform"
    assert float(str(told["platform_accuracy"])) > 0.98
    assert gate.of(made(seed=2).embeddings).shape == (300, 2)


def test_from_the_task_it_learns_whom_to_trust():
    lesson = made(seed=2)
    gate = fitted(TASK, ("birds", "forum", "all"))
    weights = gate.of(lesson.embeddings)
    assert (weights.argmax(axis=1) == lesson.platforms).mean() > 0.98
    by_gate = softmax(blended(lesson.logits, weights))
    alike = softmax(blended(lesson.logits, np.full_like(weights, 1 / 3)))
    truth = lesson.classes.argmax(axis=1)
    assert (by_gate.argmax(axis=1) == truth).mean() > 0.98
    assert -np.log(by_gate[np.arange(300), truth]).mean() < 0.2
    assert -np.log(alike[np.arange(300), truth]).mean() > 0.5
    told = report(gate, lesson, ("birds", "forum"), TASK)
    means = told["mean_weights"]
    assert isinstance(means, dict)
    assert means["birds"]["birds"] > 0.8
    assert sum(means["birds"].values()) == pytest.approx(1.0, abs=1e-3)


def test_labels_known_in_part_move_a_gate_and_unknown_ones_are_left_out():
    lesson = made()
    classes = lesson.classes.copy()
    classes[::3] = 1.0  # either may be true: nothing to be learned
    classes[1::3] = 0.0  # nothing is known
    partial = GateLesson(lesson.embeddings, lesson.platforms, lesson.logits, classes)
    rest = known(partial)
    assert len(rest.classes) == 200
    assert rest.logits.shape == (3, 200, 2)
    torch.manual_seed(0)
    network = Network(8, 8, 3)
    loss = fit(network, rest, rest, TASK, temperature=1.0, seed=0)
    assert 0 < loss < 0.2


def test_the_same_seed_gives_the_same_gate_and_another_one_another():
    first, second, third = (
        fitted(TASK, ("a", "b", "c"), seed=seed).of(made().embeddings) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()


def test_it_stops_when_the_held_out_texts_get_no_better_and_keeps_the_best():
    torch.manual_seed(0)
    network = Network(8, 8, 2)
    start = {name: values.clone() for name, values in network.state_dict().items()}
    wrong = made(seed=1)
    turned = GateLesson(wrong.embeddings, 1 - wrong.platforms, wrong.logits, wrong.classes)
    patient = GateTraining(lr=0.05, epochs=100, patience=2, batch_size=32)
    best = fit(network, made(), turned, patient, temperature=1.0, seed=0)
    after = network.state_dict()
    moved = max(float((after[name] - start[name]).abs().max()) for name in start)
    assert moved < 2.0  # a hundred passes would have gone much further
    assert best > 0.3


def test_small_platforms_count_as_much_as_large_ones_where_asked():
    lesson = made(2000)
    rare = np.flatnonzero(lesson.platforms == 1)[20:]
    keep = np.setdiff1d(np.arange(2000), rare)
    few = GateLesson(
        np.zeros_like(lesson.embeddings[keep]),  # texts cannot be told apart
        lesson.platforms[keep],
        lesson.logits[:, keep],
        lesson.classes[keep],
    )
    shares = []
    for balanced in (True, False):
        torch.manual_seed(0)
        network = Network(8, 8, 2)
        settings = GateTraining(lr=0.02, epochs=60, batch_size=2000, balanced=balanced)
        fit(network, few, few, settings, temperature=1.0, seed=0)
        gate = Gate(Embedded(), network, ("a", "b"))  # pyrefly: ignore[bad-argument-type]
        shares.append(gate.of(few.embeddings)[0, 1])
    assert shares[0] == pytest.approx(0.5, abs=0.05)
    assert shares[1] < 0.2
