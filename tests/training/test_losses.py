"""The losses of fine-tuning, against values computed by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from hatelens.training.losses import class_losses, output_loss
from hatelens.training.trained import class_weights

PLAIN = torch.ones(3)
LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
P = torch.softmax(LOGITS, dim=1)


def test_a_distribution_gives_the_cross_entropy_of_pytorch():
    targets = torch.tensor([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    expected = torch.nn.functional.cross_entropy(LOGITS, targets, reduction="none")
    torch.testing.assert_close(class_losses(LOGITS, targets, PLAIN), expected)


def test_a_text_without_a_label_has_no_loss():
    targets = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    losses = class_losses(LOGITS, targets, PLAIN)
    assert losses.tolist() == pytest.approx([math.log(3)])
    assert class_losses(LOGITS, torch.zeros(2, 3), PLAIN).shape == (0,)


def test_a_partial_label_asks_for_the_sum_of_what_may_be_true():
    targets = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    expected = -torch.log(torch.stack([P[0, :2].sum(), P[1, 1:].sum()]))
    torch.testing.assert_close(class_losses(LOGITS, targets, PLAIN), expected)


def test_what_may_all_be_true_moves_nothing():
    logits = LOGITS.clone().requires_grad_()
    class_losses(logits, torch.ones(2, 3), PLAIN).sum().backward()
    torch.testing.assert_close(logits.grad, torch.zeros(2, 3), atol=1e-6, rtol=0)


def test_label_smoothing_is_that_of_pytorch():
    targets = torch.eye(3)[:2]
    expected = torch.nn.functional.cross_entropy(
        LOGITS, targets, reduction="none", label_smoothing=0.1
    )
    torch.testing.assert_close(class_losses(LOGITS, targets, PLAIN, smoothing=0.1), expected)


def test_weights_multiply_the_loss_of_their_label():
    targets = torch.eye(3)[:2]
    weights = torch.tensor([0.5, 3.0, 1.0])
    expected = -torch.log(torch.stack([P[0, 0], P[1, 1]])) * torch.tensor([0.5, 3.0])
    torch.testing.assert_close(class_losses(LOGITS, targets, weights), expected)


def test_focal_loss_is_the_formula_of_lin_et_al():
    targets = torch.eye(3)[:2]
    right = torch.stack([P[0, 0], P[1, 1]])
    expected = -((1 - right) ** 2) * torch.log(right)
    torch.testing.assert_close(class_losses(LOGITS, targets, PLAIN, focal_gamma=2.0), expected)


def test_focal_loss_of_a_partial_label_looks_at_the_summed_probability():
    targets = torch.tensor([[1.0, 1.0, 0.0]])
    right = P[0, :2].sum()
    expected = -((1 - right) ** 1.5) * torch.log(right)
    found = class_losses(LOGITS[:1], targets, PLAIN, focal_gamma=1.5)
    torch.testing.assert_close(found, expected.reshape(1))


def test_outputs_that_nobody_was_asked_about_give_no_gradient():
    logits = torch.tensor([[0.3, -2.0], [1.0, 4.0]], requires_grad=True)
    targets = torch.tensor([[1.0, float("nan")], [float("nan"), 0.25]])
    loss = output_loss(logits, targets)
    loss.backward()
    first = -math.log(1 / (1 + math.exp(-0.3)))
    last = -0.25 * math.log(1 / (1 + math.exp(-4))) - 0.75 * math.log(1 / (1 + math.exp(4)))
    by_hand = (first + last) / 2
    assert loss.item() == pytest.approx(by_hand, abs=1e-6)
    assert logits.grad is not None
    assert logits.grad[0, 1] == logits.grad[1, 0] == 0


def test_where_nobody_was_asked_at_all_the_loss_is_zero_and_still_has_a_gradient():
    logits = torch.ones(2, 2, requires_grad=True)
    loss = output_loss(logits, torch.full((2, 2), float("nan")))
    loss.backward()
    assert loss.item() == 0.0
    torch.testing.assert_close(logits.grad, torch.zeros(2, 2))


def test_class_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    rows = [0, 0, 0, 1, 2, 2]
    classes: Any = np.arange(3)
    expected: Any = compute_class_weight("balanced", classes=classes, y=rows)
    np.testing.assert_allclose(class_weights(np.eye(3)[rows], "balanced"), expected)
    np.testing.assert_allclose(class_weights(np.eye(3)[rows], "sqrt"), np.sqrt(expected))
