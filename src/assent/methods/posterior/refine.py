"""Native resolution: zoom into the uncertain border and ask the network again.

Windows of the network's working side are laid over the border at native resolution; each is
segmented with the coarse probability as its previous mask and the prompts inside it, and their
logits replace the coarse ones near the border, blended by distance to the window's edge. A pure
function of image, proposal and state.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.candidates import Proposal
from assent.core.intensity import to_unit
from assent.core.progress import report
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble
from assent.core.uncertainty import entropy_bits
from assent.methods.posterior.channels import network_inputs
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.grid import WorkingGrid, draw_marks
from assent.methods.posterior.network import PosteriorNetwork
from assent.methods.posterior.state import PosteriorEmbedding, PosteriorState
from assent.models.device import Compute

MOST_WINDOWS = 12
"""Windows per slice; a longer border keeps its coarse mask beyond them."""

REDUCED_AT_LEAST = 1.25
"""Images reduced less than this are left as they are."""

Probability = NDArray[np.float32]


def refine(
    embedding: PosteriorEmbedding,
    state: PosteriorState,
    proposal: Proposal,
    network: PosteriorNetwork,
    compute: Compute,
    config: PosteriorConfig,
) -> Proposal:
    """The proposal with recommendation and probability refined on its slices.

    Args:
        embedding: Of the image.
        state: That the proposal came from.
        proposal: To be refined.
        network: In evaluation mode.
        compute: Device and precision.
        config: Settings.
    """
    grid = embedding.grid
    if max(grid.native_hw) < REDUCED_AT_LEAST * max(grid.inner_hw):
        return proposal
    probability = proposal.probability.copy()
    recommended = proposal.recommended.copy()
    unit = to_unit(embedding.image)
    z = torch.from_numpy(state.particles.mean().astype(np.float32))
    slices = np.flatnonzero(recommended.any((1, 2)))
    for done, index in enumerate(slices):
        report(done / len(slices), "refining the border")
        near = _near_border(probability[index])
        windows = _windows(near, min(config.working_side, *grid.native_hw))
        for window in windows:
            part = unit[:, index][(slice(None), *window)]
            image = np.ascontiguousarray(np.broadcast_to(part, (3, *part.shape[1:])))
            found = _segment(
                image,
                probability[index][window],
                _inside(state.prompts, int(index), window),
                (network, compute, z, state),
            )
            weight = _taper(found.shape) * near[window]
            blended = weight * found + (1 - weight) * probability[index][window]
            probability[index][window] = blended
        cut = _cut(proposal.probability[index], proposal.recommended[index])
        recommended[index] = np.where(
            probability[index] == proposal.probability[index],
            proposal.recommended[index],
            probability[index] > cut,
        )
    return replace(
        proposal,
        recommended=recommended,
        probability=probability,
        uncertainty=entropy_bits(probability),
    )


def _windows(near: Probability, side: int) -> list[tuple[slice, slice]]:
    """Windows that cover the uncertain border (``_near_border``), greedily."""
    height, width = near.shape
    open_border = near > 0.5
    windows: list[tuple[slice, slice]] = []
    while open_border.any() and len(windows) < MOST_WINDOWS:
        row, column = np.argwhere(open_border)[0]
        top = int(np.clip(row - side // 8, 0, height - side))
        across = np.flatnonzero(open_border[top : top + side].any(0))
        left = int(np.clip(across[0] - side // 8, 0, width - side))
        if not left <= column < left + side:
            left = int(np.clip(column - side // 2, 0, width - side))
        window = (slice(top, top + side), slice(left, left + side))
        windows.append(window)
        open_border[window] = False
    return windows


def _near_border(probability: Probability) -> Probability:
    """1 on the uncertain border, falling to 0 within a few pixels."""
    unsure = np.abs(probability - 0.5) < 0.35
    inside = probability > 0.5
    edge = inside ^ ndimage.binary_erosion(inside, border_value=1)
    distance = ndimage.distance_transform_edt(~(unsure | edge))
    return np.asarray(np.clip(1.5 - distance / 6.0, 0.0, 1.0), np.float32)


def _taper(shape: tuple[int, ...]) -> Probability:
    """1 in the middle of a window, falling towards its edge, where context is missing."""
    ramps = [np.minimum(np.arange(n) + 1, np.arange(n)[::-1] + 1) / (n / 8) for n in shape]
    return np.minimum(1.0, np.minimum.outer(*ramps)).astype(np.float32)


def _cut(probability: Probability, mask: NDArray[np.bool_]) -> float:
    """The cut that made a mask of a probability, between the two sides it separates."""
    if not mask.any() or mask.all():
        return 0.5
    return float((probability[mask].min() + probability[~mask].max()) / 2)


def _inside(prompts: tuple[Prompt, ...], index: int, window: tuple[slice, slice]) -> list[Prompt]:
    """Clicks and scribbles of one slice that lie in a window, in its coordinates."""
    top, left = window[0].start, window[1].start
    bottom, right = window[0].stop, window[1].stop

    def kept(point: tuple[int, int, int]) -> bool:
        return point[0] == index and top <= point[1] < bottom and left <= point[2] < right

    found: list[Prompt] = []
    for prompt in prompts:
        if isinstance(prompt, BoundingBox):
            continue
        points = [prompt.at_zyx] if isinstance(prompt, Click) else prompt.points_zyx
        inside = tuple((0, y - top, x - left) for z, y, x in points if kept((z, y, x)))
        if inside and isinstance(prompt, Click):
            found.append(Click(inside[0], prompt.positive))
        elif inside:
            found.append(Scribble(inside, prompt.positive))
    return found


def _segment(
    image: NDArray[np.float32],
    before: Probability,
    prompts: list[Prompt],
    with_: tuple[PosteriorNetwork, Compute, torch.Tensor, PosteriorState],
) -> Probability:
    network, compute, z, state = with_
    height, width = before.shape
    grid = WorkingGrid.of((height, width), max(height, width))
    planes = grid.reduce(torch.from_numpy(image)[None])
    previous = grid.reduce(torch.from_numpy(np.ascontiguousarray(before))[None, None])
    inputs, _ = network_inputs(planes, draw_marks(prompts, 0, grid), previous)
    with torch.inference_mode(), compute.autocast():
        mean, directions = network(inputs.to(compute.device), state.reading.tokens)
    logits = mean[0, 0] + torch.einsum("d,dhw->hw", z.to(compute.device), directions[0])
    found = grid.restore(torch.sigmoid(logits)[None, None].float().cpu())[0, 0]
    return np.asarray(found.numpy(), np.float32)
