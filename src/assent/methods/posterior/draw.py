"""Masks, probability and uncertainty on the native grid, slice by slice."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from assent.core.progress import Glimpse, report, show, watched
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
    """Everything on offer in a state; slices without an object cost next to nothing.

    The slice that somebody watches comes first, and is shown at once.
    """
    depth = len(state.solved.mean)
    shape = (depth, *grid.native_hw)
    masks = np.zeros((1 + len(offer.choices), *shape), bool)
    probability, uncertainty = np.empty(shape, np.float32), np.empty(shape, np.float32)
    beyond = np.asarray(expit(np.float32(ABSENT)))
    for done, index in enumerate(sorted(range(depth), key=lambda k: k != watched())):
        report(done / depth, "drawing masks")
        part = grid.around(state.solved.extent(index))
        rows, columns = part[1]
        probability[index], uncertainty[index] = beyond, entropy_bits(beyond)
        if rows.stop > rows.start:
            shown = shown_probability(state, index)
            planes = np.concatenate([shown[None], working_logits(state, offer, index)])
            restored = grid.restore(torch.from_numpy(planes)[None], part)[0].numpy()
            probability[index, rows, columns] = restored[0]
            np.greater(restored[1:], 0, out=masks[:, index, rows, columns])
            uncertainty[index, rows, columns] = entropy_bits(restored[0])
        if state.accepted is None:
            show(Glimpse(index, masks[:, index], is_final=True))
    return Drawn(masks, probability, uncertainty)
