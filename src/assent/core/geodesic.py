"""Geodesic distance: how far a seed is when crossing edges costs.

The distance of Criminisi et al. (GeoS, ECCV 2008, eq. 1): the cheapest 8-connected path, where a
step costs its Euclidean length joined with ``contrast`` times the change in intensity. It is
found by raster sweeps in four directions, each vectorised over a whole line and over any number
of leading axes, so that a training batch costs little more than one image.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

FAR = np.float32(1e6)
"""Distance where no seed exists."""


def geodesic_distance(
    image: NDArray[np.float32],
    seeds: NDArray[np.bool_],
    *,
    contrast: float = 100.0,
    sweeps: int = 2,
) -> NDArray[np.float32]:
    """Distance of every pixel to the nearest seed, in pixels.

    Args:
        image: ``(..., C, H, W)`` float32 in [0, 1].
        seeds: ``(..., H, W)`` bool with the same leading axes.
        contrast: Weight of an intensity change of 1 against a step of one pixel.
        sweeps: Rounds of the four sweeps; two are close to exact in natural images.

    Returns:
        ``(..., H, W)`` float32; ``FAR`` everywhere in an item without seeds.
    """
    planes = np.broadcast_to(image, (*seeds.shape[:-2], *image.shape[-3:]))
    planes = planes.reshape(-1, *image.shape[-3:])
    down = _both_ways(_edge_costs(planes, contrast))
    right = _both_ways(_edge_costs(np.swapaxes(planes, -1, -2), contrast))
    start = np.where(seeds, np.float32(0), FAR).astype(np.float32)
    # Lines first, so that a sweep walks along the first axis.
    distance = start.reshape(-1, *seeds.shape[-2:]).transpose(1, 0, 2)
    for _ in range(sweeps):
        distance = _sweep(distance, down).transpose(2, 1, 0)
        distance = _sweep(distance, right).transpose(2, 1, 0)
    return np.ascontiguousarray(distance.transpose(1, 0, 2)).reshape(seeds.shape)


def _edge_costs(image: NDArray[np.float32], contrast: float) -> list[NDArray[np.float32]]:
    """Costs between a line and the next: straight, from the left, from the right neighbour.

    Item ``k`` of ``costs[1]`` joins pixel (row, k) to (row + 1, k + 1); of ``costs[2]`` pixel
    (row, k + 1) to (row + 1, k).
    """
    upper, lower = image[..., :-1, :], image[..., 1:, :]
    pairs = [
        (lower - upper, 1.0),
        (lower[..., 1:] - upper[..., :-1], 2.0),
        (lower[..., :-1] - upper[..., 1:], 2.0),
    ]
    scale = np.float32(contrast**2)
    return [
        np.sqrt(np.float32(length) + scale * np.square(change).sum(-3)) for change, length in pairs
    ]


def _both_ways(costs: list[NDArray[np.float32]]) -> tuple[NDArray[np.float32], ...]:
    """Costs from one line to the next and back, ``(H - 1, 3, B, W)`` each.

    The second axis tells where a path comes from: left, straight, right. Nothing comes from beyond.
    """
    straight, from_left, from_right = (cost.swapaxes(0, 1) for cost in costs)
    height, batch, width = straight.shape
    ways = np.full((2, height, 3, batch, width), np.inf, np.float32)
    ways[:, :, 1] = straight
    ways[0, :, 0, :, 1:], ways[0, :, 2, :, :-1] = from_left, from_right
    ways[1, :, 0, :, 1:], ways[1, :, 2, :, :-1] = from_right, from_left
    return ways[0], ways[1][::-1]


def _sweep(
    distance: NDArray[np.float32], ways: tuple[NDArray[np.float32], ...]
) -> NDArray[np.float32]:
    """Relax every line ``(H, B, W)`` from the one before, to the last line and back."""
    height, batch, width = distance.shape
    wide = np.full((height, batch, width + 2), np.inf, np.float32)
    lines = wide[..., 1:-1]
    lines[:] = distance
    # Of each line the same three times: moved to the right, as it is, moved to the left.
    line_step, item_step, step = wide.strides
    steps = (line_step, step, item_step, step)
    around = as_strided(wide, (height, 3, batch, width), steps, writeable=False)
    sums, best = np.empty((3, batch, width), np.float32), np.empty((batch, width), np.float32)
    for way, costs in zip((1, -1), ways, strict=True):
        walk = zip(around[::way][:-1], costs, lines[::way][1:], strict=True)
        for before, cost, line in walk:
            np.add(before, cost, out=sums)
            np.minimum.reduce(sums, axis=0, out=best)
            np.minimum(line, best, out=line)
    return lines
