"""Losses between logits and masks, all ``(B, 1, H, W)``, averaged over the batch."""

import torch
from torch import Tensor
from torch.nn import functional

from assent.core.errors import ShapeError


def soft_dice_loss(logits: Tensor, masks: Tensor, *, smooth: float = 1.0) -> Tensor:
    """One minus the Dice of probabilities and mask, per item.

    V-Net (Milletari et al., 3DV 2016) without squares in the denominator.

    Args:
        logits: ``(B, 1, H, W)``.
        masks: ``(B, 1, H, W)``, values in [0, 1].
        smooth: Added to numerator and denominator; makes two empty masks agree.

    Returns:
        A scalar in [0, 1).

    Raises:
        ShapeError: If the shapes differ.
    """
    _check(logits, masks)
    probability = torch.sigmoid(logits.float()).flatten(1)
    reference = masks.float().flatten(1)
    overlap = 2.0 * (probability * reference).sum(1) + smooth
    return (1.0 - overlap / (probability.sum(1) + reference.sum(1) + smooth)).mean()


def bce_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Binary cross-entropy per pixel, in nats.

    Args:
        logits: ``(B, 1, H, W)``.
        masks: ``(B, 1, H, W)``, values in [0, 1].

    Raises:
        ShapeError: If the shapes differ.
    """
    _check(logits, masks)
    return functional.binary_cross_entropy_with_logits(logits.float(), masks.float())


def _check(logits: Tensor, masks: Tensor) -> None:
    if logits.shape != masks.shape or logits.ndim != 4 or logits.shape[1] != 1:
        raise ShapeError(
            f"Logits and masks must both be (B, 1, H, W); got {tuple(logits.shape)} and"
            f" {tuple(masks.shape)}."
        )
