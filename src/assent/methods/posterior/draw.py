"""Masks, probability and uncertainty on the native grid, slice by slice."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from assent.core.progress import report
from assent.core.uncertainty import entropy_bits
from assent.methods.posterior.field import ABSENT
from assent.methods.posterior.grid import WorkingGrid
from assent.methods.posterior.offer import Offer, shown_probability, working_logits
from assent.methods.posterior.state import PosteriorState


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is on offer, on the native grid.

    Attributes:
        masks: ``(1 + K, D, H, W)`` bool, the recommendation and the alternatives.
        probability: ``(D, H, W)`` float32, posterior mean.
        uncertainty: ``(D, H, W)`` float32, its entropy in bits.
    """

    masks: NDArray[np.bool_] = field(repr=False)
    probability: NDArray[np.float32] = field(repr=False)
    uncertainty: NDArray[np.float32] = field(repr=False)


def draw(state: PosteriorState, offer: Offer, grid: WorkingGrid) -> Drawn:
    """Everything on offer in a state; slices without an object cost next to nothing."""
    depth = len(state.solved.mean)
    shape = (depth, *grid.native_hw)
    masks = np.zeros((1 + len(offer.choices), *shape), bool)
    probability, uncertainty = np.empty(shape, np.float32), np.empty(shape, np.float32)
    beyond = np.asarray(expit(np.float32(ABSENT)))
    for index in range(depth):
        report(index / depth, "drawing masks")
        rows, columns = _native(state.solved.extent(index), grid)
        uncertainty[index] = entropy_bits(beyond)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            probability[index] = beyond
            continue
        shown = shown_probability(state, index)
        planes = np.concatenate([shown[None], working_logits(state, offer, index)])
        restored = grid.restore(torch.from_numpy(planes)[None])[0].numpy()
        probability[index] = restored[0]
        np.greater(restored[1:], 0, out=masks[:, index])
        uncertainty[index, rows, columns] = entropy_bits(restored[0, rows, columns])
    return Drawn(masks, probability, uncertainty)


def _native(extent: tuple[slice, slice], grid: WorkingGrid) -> tuple[slice, slice]:
    """Native pixels that a rectangle of working pixels bears upon; empty where it is empty."""
    spans = []
    for part, scale, length in zip(extent, grid.scale_hw, grid.native_hw, strict=True):
        if part.stop <= part.start:
            spans.append(slice(0, 0))
            continue
        first, beyond = int((part.start - 1) / scale), int(np.ceil((part.stop + 1) / scale))
        spans.append(slice(max(0, first), min(length, beyond)))
    return spans[0], spans[1]
