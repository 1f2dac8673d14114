"""The per-image classifier: prompts are evidence about the pixels of *this* image.

Three classical margins in [-1, 1] are computed for every pixel, positive inside the object: the
nearest-seed margin compares the distance in colour (and a little in place) to the closest
positive and the closest negative seed; the geodesic margin compares the cheapest paths; the walk
asks which of the two a random walker reaches first. The image border counts as a negative seed
where no positive seed lies near it. The network sets for every pixel how far each margin is
believed. A pure function of image and prompts: no weights are needed, and alone, with a sharper
colour margin, it is the fallback method.
"""

from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from assent.core.geodesic import geodesic_distance
from assent.core.nearest_seed import colour_and_place, nearest_distance
from assent.core.random_walk import random_walk
from assent.core.share import share_of_distance

Plane = NDArray[np.float32]

SEEDS = 96
"""Seed pixels kept of the positive prompts, of the negative ones and of the border, each."""

PLACE = 0.4
"""One image side counts as much as this share of the way from black to white in Lab colour."""

CONTRAST = 600.0
"""Cost of an intensity change of 1 in pixels of a 128 px image, for geodesic paths."""

SEEDS_ALONE = 256
"""As ``SEEDS``, for the fallback."""

BLUR_PX = 0.7
"""Standard deviation of the blur before the fallback compares colours."""

WALK_SIDE = 128
"""Longest side of the grid on which the random walk is solved."""

MEDIAN_PX = 3
"""Side of the median filter that takes specks out of the fallback's colour margin."""


@dataclass(frozen=True, eq=False)
class Margins:
    """The classical margins of a batch.

    Attributes:
        colour: ``(B, H, W)`` float32 in [-1, 1], nearest seed in colour and place.
        path: ``(B, H, W)`` float32 in [-1, 1], geodesic.
        walk: ``(B, H, W)`` float32 in [-1, 1], random walk.
        to_positive: ``(B, H, W)`` geodesic distance to positive seeds, in image sides.
        to_negative: ``(B, H, W)`` the same to negative seeds and the border.
    """

    colour: Tensor
    path: Tensor
    walk: Tensor
    to_positive: Tensor
    to_negative: Tensor


def margins(image: Tensor, positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> Margins:
    """The margins of a batch of images.

    Args:
        image: ``(B, 3, H, W)`` float32 in [0, 1].
        positive: ``(B, H, W)`` bool, seed pixels inside.
        negative: ``(B, H, W)`` bool, seed pixels outside.
    """
    border = _border(positive) & ~negative
    smooth = _smoothed(image)
    near = _nearest(smooth, positive, (negative, border), float(max(image.shape[-2:])))
    path, to_positive, to_negative = _path(smooth, positive, negative | border)
    walk = torch.from_numpy(_walk(smooth, positive, negative | border))
    return Margins(near, path, walk, to_positive, to_negative)


def margins_alone(
    image: Tensor, positive: NDArray[np.bool_], negative: NDArray[np.bool_]
) -> tuple[Plane, Plane, Plane]:
    """The margins of one image as the fallback uses them: colour, path, walk, ``(H, W)`` each.

    No network mends them, so colours are compared pixel by pixel, not at half the resolution,
    and specks are taken out: the rule of the baseline ``nearest-seed``.

    Args:
        image: ``(1, 3, H, W)`` float32 in [0, 1].
        positive: ``(1, H, W)`` bool, seed pixels inside.
        negative: ``(1, H, W)`` bool, seed pixels outside.
    """
    border = _border(positive) & ~negative
    features = colour_and_place(image[0].numpy(), smoothing_px=BLUR_PX, place_weight=PLACE)
    inside = nearest_distance(features, _thinned(positive[0]))
    outside = nearest_distance(features, _thinned(negative[0]) | _thinned(border[0]))
    share = ndimage.median_filter(share_of_distance(inside, outside), size=MEDIAN_PX)
    smooth, outer = _smoothed(image), negative | border
    path, _, _ = _path(smooth, positive, outer)
    return 2.0 * share - 1.0, path[0].numpy(), _walk(smooth, positive, outer)[0]


def _thinned(seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """At most ``SEEDS_ALONE`` of the seeds ``(H, W)``, evenly spread."""
    kept = np.zeros_like(seeds)
    kept.flat[_sample(np.flatnonzero(seeds), SEEDS_ALONE)] = True
    return kept


def _smoothed(image: Tensor) -> Tensor:
    wide = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(wide, kernel_size=3, stride=1)


def _path(
    smooth: Tensor, positive: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> tuple[Tensor, Tensor, Tensor]:
    """The geodesic margin and both distances, ``(B, H, W)`` each."""
    side = float(max(smooth.shape[-2:]))
    pixels = np.repeat(smooth.numpy()[:, None], 2, axis=1)
    seeds = np.stack([positive, outside], axis=1)
    distance = torch.from_numpy(
        geodesic_distance(pixels, seeds, contrast=CONTRAST * side / 128.0) / np.float32(side)
    )
    inside, beyond = distance[:, 0], distance[:, 1]
    return (beyond - inside) / (beyond + inside + 1e-3), inside, beyond


def _walk(smooth: Tensor, positive: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Plane:
    """The walk margin ``(B, H, W)``, found on a grid of at most ``WALK_SIDE``."""
    height, width = smooth.shape[-2:]
    factor = 1
    while max(height, width) > factor * WALK_SIDE and not (height | width) % (2 * factor):
        factor *= 2
    small = functional.avg_pool2d(smooth, factor).numpy()
    found = random_walk(small, _pooled(positive, factor), _pooled(outside, factor))
    wide = torch.from_numpy(2.0 * found - 1.0)[:, None]
    if factor > 1:
        size = (height, width)
        wide = functional.interpolate(wide, size=size, mode="bilinear", align_corners=False)
    return np.asarray(wide[:, 0].numpy())


def _pooled(seeds: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Seeds ``(B, H, W)`` on a coarser grid: set where any of its pixels is."""
    batch, height, width = seeds.shape
    cells = seeds.reshape(batch, height // factor, factor, width // factor, factor)
    return np.asarray(cells.any((2, 4)))


def _border(positive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Border pixels that count as outside: all but those near a positive seed."""
    ring = np.zeros_like(positive)
    ring[:, [0, -1], :] = True
    ring[:, :, [0, -1]] = True
    reach = max(2, max(positive.shape[1:]) // 8)
    wide = torch.from_numpy(positive[:, None].astype(np.float32))
    # Along one axis and then the other: the same square for a fraction of its cost.
    wide = functional.max_pool2d(wide, (2 * reach + 1, 1), stride=1, padding=(reach, 0))
    wide = functional.max_pool2d(wide, (1, 2 * reach + 1), stride=1, padding=(0, reach))
    return np.asarray(ring & (wide[:, 0].numpy() == 0))


def _nearest(
    smooth: Tensor,
    positive: NDArray[np.bool_],
    outside: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    side: float,
) -> Tensor:
    batch, _, height, width = smooth.shape
    rows = torch.linspace(0, height / side, height)[:, None].expand(height, width)
    columns = torch.linspace(0, width / side, width)[None].expand(height, width)
    place = PLACE * torch.stack([rows, columns])[None].expand(batch, 2, height, width)
    features = torch.cat([_lab(smooth), place], 1)
    # Colours are smooth by now: half the resolution says the same at a quarter of the cost.
    small = functional.avg_pool2d(features, 2)
    asked = rearrange(small, "B C h w -> B (h w) C")
    known = rearrange(features, "B C H W -> B (H W) C")
    to_inside = _distance(asked, known, (positive,))
    # Sampled apart: a short stroke must not drown in the border.
    to_outside = _distance(asked, known, outside)
    margin = (to_outside - to_inside) / (to_outside + to_inside + 1e-3)
    margin = rearrange(margin, "B (h w) -> B 1 h w", h=small.shape[-2])
    size = (height, width)
    return functional.interpolate(margin, size=size, mode="bilinear", align_corners=False)[:, 0]


def _lab(image: Tensor) -> Tensor:
    """CIE Lab in hundredths, in which equal distances look about equally different."""
    from skimage.color import rgb2lab  # noqa: PLC0415 - a slow import

    lab = rgb2lab(image.numpy(), channel_axis=1) / 100.0
    return torch.from_numpy(np.asarray(lab, np.float32))


def _distance(asked: Tensor, known: Tensor, kinds: tuple[NDArray[np.bool_], ...]) -> Tensor:
    """Distance of features ``(B, Q, C)`` to the nearest seed's, ``(B, Q)``; 2 without seeds.

    ``known``: ``(B, P, C)`` features of the pixels that each of ``kinds`` ``(B, H, W)`` points at.
    """
    picked = [
        np.concatenate([_sample(np.flatnonzero(kind[item]), SEEDS) for kind in kinds])
        for item in range(len(asked))
    ]
    longest = max(1, *(len(p) for p in picked))
    far = torch.full((len(picked), longest, known.shape[-1]), 1e3)
    for row, index in enumerate(picked):
        far[row, : len(index)] = known[row, torch.from_numpy(index)]
    squared = (
        asked.square().sum(-1, keepdim=True)
        - 2.0 * asked @ far.transpose(1, 2)
        + far.square().sum(-1)[:, None]
    )
    return squared.amin(-1).clamp(0.0, 4.0).sqrt()


def _sample(index: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return index[np.linspace(0, len(index) - 1, most).astype(int)] if len(index) > most else index
