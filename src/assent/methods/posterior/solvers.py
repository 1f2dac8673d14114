"""What segments one slice: the network, or the per-image classifier alone."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from assent.core.connected import keep_connected
from assent.core.progress import may_stop
from assent.methods.posterior.channels import Marks, disk_radius, network_inputs
from assent.methods.posterior.classifier import margins_alone
from assent.methods.posterior.field import ABSENT, Plane, Solver
from assent.methods.posterior.network import EXPERT_SCALE, EXPERTS, PosteriorNetwork
from assent.methods.posterior.recall import Reading
from assent.methods.posterior.refit import count_prompts, refit, trust
from assent.models.device import Compute


def network_solver(
    network: PosteriorNetwork,
    planes: Tensor,
    seen: Tensor,
    reading: Reading,
    compute: Compute,
    *,
    refit_weight: float,
) -> Solver:
    """Segments slices with the network.

    Args:
        network: In evaluation mode on ``compute.device``.
        planes: ``(D, 3, h, w)`` on the CPU.
        seen: ``(D, 64, h/8, w/8)`` features for the context memory.
        reading: What the context says about these slices.
        compute: Device and precision.
        refit_weight: How much the classifier that is refitted to the prompts adds; 0 for nothing.
    """

    def solve(index: int, marks: Marks, before: Plane | None) -> tuple[Plane, Plane]:
        previous = None if before is None else torch.from_numpy(before)[None, None]
        may_stop()
        inputs, _ = network_inputs(planes[index : index + 1], marks, previous)
        may_stop()
        with torch.inference_mode(), compute.autocast():
            told = inputs.to(compute.device, memory_format=torch.channels_last)
            said = reading.at(index, network, seen)
            features = network.decode(told, seen[index : index + 1], said)
            may_stop()
            mean, directions = network.answer(told, features)
        logits = mean[0, 0].float().cpu().numpy()
        if refit_weight > 0:
            logits = logits + refit_weight * _refitted(inputs[0], features[0], marks)
        return logits, directions[0].float().cpu().numpy()

    return solve


def _refitted(inputs: Tensor, features: Tensor, marks: Marks) -> Plane:
    """The refitted classifier's logit ``(h, w)``, growing with the number of prompts."""
    positive, negative = marks.positive[0], marks.outside[0]
    colour = functional.avg_pool2d(inputs[None, :3], 3, 1, 1, count_include_pad=False)[0]
    known = torch.cat([features.float().cpu(), colour, inputs[EXPERTS]])
    return trust(positive, negative) * refit(known.numpy(), positive, negative)


WALKS = 0.5
"""How much the random walk counts in the fallback; the rest is colour and paths."""


def classifier_solver(planes: Tensor, latent: int) -> Solver:
    """Segments slices by the classical margins alone: the fallback without weights."""

    def solve(index: int, marks: Marks, before: Plane | None) -> tuple[Plane, Plane]:
        seeded, walk = classical_margins(planes[index : index + 1], marks)
        return decided(WALKS * walk + np.float32(1.0 - WALKS) * seeded, marks, latent)

    return solve


def classical_margins(plane: Tensor, marks: Marks) -> tuple[Plane, Plane]:
    """What colour and paths say of a slice, and what the random walk says, ``(h, w)`` each.

    Of colour and paths, colour counts twice as much after one prompt, since a stain is the same
    everywhere; the more prompts, the more the paths between them tell. All learn from the middles
    of marks alone: a correction near the border is drawn wider than what it corrects, and a few
    pixels of the other side would let everything of their colour in. Nothing lies outside of a box,
    and a box alone is seeded in its middle. Without anything inside there is no object.

    Args:
        plane: ``(1, 3, h, w)``.
        marks: On the same grid, one slice.
    """
    marks = _anchored(marks)
    positive, box = marks.positive[0], marks.box[0]
    if not positive.any():
        absent = np.full(positive.shape, ABSENT, np.float32)
        return absent, absent
    reach = disk_radius(max(positive.shape)) // 2
    seeds = (_middles(mark, reach)[None] for mark in (positive, marks.outside[0]))
    colour, path, walk = margins_alone(plane, *seeds)
    share = np.float32(2.0 / (2.0 + count_prompts(positive, marks.negative[0])))
    seeded = share * colour + (1 - share) * path
    if not box.any():
        return seeded, walk
    return np.where(box, seeded, np.float32(-1.0)), np.where(box, walk, np.float32(-1.0))


def decided(margin: Plane, marks: Marks, latent: int) -> tuple[Plane, Plane]:
    """Mean logits ``(h, w)`` and directions ``(d, h, w)`` of a classical margin.

    Islands without a positive seed and holes without a negative one are dropped. The directions
    move the border in and out as a whole, tilt it, and waver along it.
    """
    joined = keep_connected(margin, _anchored(marks).positive[0], marks.outside[0])
    logits: Plane = np.asarray(2.0 * EXPERT_SCALE * joined, np.float32)
    return logits, _border_directions(logits, latent)


def _anchored(marks: Marks) -> Marks:
    """Marks with something inside: a box alone is seeded in its middle."""
    if marks.positive.any():
        return marks
    return replace(marks, positive=_core(marks.box[0])[None])


def _core(box: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle of a filled box ``(H, W)``; nothing where there is none."""
    depth = ndimage.distance_transform_edt(np.pad(box, 1))[1:-1, 1:-1]
    return np.asarray(box & (depth >= 0.6 * depth.max()))


def _middles(mark: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Marks ``(H, W)`` less ``reach`` pixels all around; what is thinner stays as it is."""
    kept = ndimage.binary_erosion(mark, iterations=reach, border_value=1)
    wide = ndimage.binary_dilation(kept, np.ones((3, 3)), iterations=reach)
    return np.asarray(kept | (mark & ~wide))


REACH = 4.0
"""Logits up to which the fallback moves its border as a whole: chances from 2 % to 98 %."""


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
    strength = np.array([1.0] + [0.5 / (1 + k / 3) for k in range(1, latent)], np.float32)
    near = np.exp(-np.square(logits / 2.0))
    directions = np.stack(waves[:latent]) * strength[:, None, None] * near
    # Moved by a constant, the border runs through the level sets that may be offered.
    directions[0] = np.minimum(1.0, np.exp(REACH - np.abs(logits)))
    return np.asarray(directions, np.float32)
