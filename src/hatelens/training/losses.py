"""The losses of fine-tuning: classes known in full or in part, and independent outputs."""

from __future__ import annotations

import torch
from torch.nn import functional


def class_losses(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor,
    *,
    focal_gamma: float = 0.0,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Return the loss of the classes, of each text that has one.

    Cross-entropy with the distribution of a row; where a row is a mask of labels that may be true,
    the negative logarithm of their summed probability (Jin and Ghahramani 2002, learning with
    multiple labels).

    Args:
        logits: shape (texts, labels).
        targets: shape (texts, labels): distributions, masks (rows that sum to more than 1.5), or
            zeros where nothing is known.
        weights: of the labels, shape (labels,).
        focal_gamma: losses are multiplied by ``(1 - p) ** gamma``, with p the probability given to
            what is true (Lin et al. 2017, https://arxiv.org/abs/1708.02002).
        smoothing: share of each distribution that is spread over all labels.

    Returns:
        Shape (texts with a target,).
    """
    mass = targets.sum(dim=1)
    known = mass > 0
    logs, targets, mass = functional.log_softmax(logits[known], dim=1), targets[known], mass[known]
    smooth = (1 - smoothing) * targets + smoothing / logits.shape[1]
    whole = -(weights * smooth * logs).sum(dim=1)
    masked = -torch.logsumexp(logs.masked_fill(targets <= 0, float("-inf")), dim=1)
    losses = torch.where(mass > 1.5, masked, whole)
    if not focal_gamma:
        return losses
    right = torch.where(mass > 1.5, torch.exp(-masked), (targets * logs.exp()).sum(dim=1))
    return losses * (1 - right.clamp(max=1.0)) ** focal_gamma


def output_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy of independent outputs, 0 where nothing is known.

    Args:
        logits: of any shape.
        targets: of the same shape, 0-1, NaN where nobody was asked.
    """
    known = ~targets.isnan()
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(logits[known], targets[known])
