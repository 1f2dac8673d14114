"""What segments one slice: the network, or the per-image classifier alone."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from assent.methods.posterior.channels import Marks, network_inputs
from assent.methods.posterior.field import ABSENT, Plane, Solver
from assent.methods.posterior.network import EXPERT_SCALE, PosteriorNetwork
from assent.models.device import Compute
from assent.models.memory import Tokens


def network_solver(
    network: PosteriorNetwork,
    planes: Tensor,
    seen: Tensor,
    tokens: Tokens | None,
    compute: Compute,
) -> Solver:
    """Segments slices with the network.

    Args:
        network: In evaluation mode on ``compute.device``.
        planes: ``(D, 3, h, w)`` on the CPU.
        seen: ``(D, 64, h/8, w/8)`` features for the context memory.
        tokens: Context, batch of one, or None.
        compute: Device and precision.
    """

    def solve(index: int, marks: Marks, before: Plane | None) -> tuple[Plane, Plane]:
        previous = None if before is None else torch.from_numpy(before)[None, None]
        inputs, _ = network_inputs(planes[index : index + 1], marks, previous)
        with torch.inference_mode(), compute.autocast():
            mean, directions = network(inputs.to(compute.device), tokens, seen[index : index + 1])
        return mean[0, 0].float().cpu().numpy(), directions[0].float().cpu().numpy()

    return solve


def classifier_solver(planes: Tensor, latent: int) -> Solver:
    """Segments slices by the classical margins alone: the fallback without weights.

    Only components that hold a positive seed stay; a box alone is seeded in its middle. The
    directions move the border in and out as a whole, tilt it, and waver along it.
    """

    def solve(index: int, marks: Marks, before: Plane | None) -> tuple[Plane, Plane]:
        if not marks.positive.any():
            marks = replace(marks, positive=_core(marks.box[0])[None])
        _, found = network_inputs(planes[index : index + 1], marks, None)
        summed = (found.colour + found.path)[0].numpy()
        logits: Plane = np.asarray(EXPERT_SCALE * summed, np.float32)
        if not marks.positive.any():
            logits = np.full_like(logits, ABSENT)
        logits = _anchored(logits, marks.positive[0])
        return logits, _border_directions(logits, latent)

    return solve


def _core(box: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle of a filled box ``(H, W)``; nothing where there is none."""
    depth = ndimage.distance_transform_edt(np.pad(box, 1))[1:-1, 1:-1]
    return np.asarray(box & (depth >= 0.6 * depth.max()))


def _anchored(logits: Plane, positive: NDArray[np.bool_]) -> Plane:
    """Push components without a positive seed just below the border."""
    labels, count = ndimage.label(logits > 0)
    if count < 2 or not positive.any():
        return logits
    kept = np.zeros(count + 1, bool)
    kept[np.unique(labels[positive])] = True
    kept[0] = True
    return np.where(kept[labels], logits, np.minimum(logits, -1.0)).astype(np.float32)


def _border_directions(logits: Plane, latent: int) -> Plane:
    height, width = logits.shape
    rows, columns = np.mgrid[:height, :width]
    side = max(height, width)
    y, x = np.pi * rows / side, np.pi * columns / side
    waves = [np.ones_like(y)]
    order = 1
    while len(waves) < latent:
        waves += [np.cos(order * y), np.cos(order * x), np.cos(order * y) * np.cos(order * x)]
        order += 1
    strength = np.array([1.0 / (1 + k / 3) for k in range(latent)], np.float32)
    near = np.exp(-np.square(logits / 2.0))
    return np.asarray(np.stack(waves[:latent]) * strength[:, None, None] * near, np.float32)
