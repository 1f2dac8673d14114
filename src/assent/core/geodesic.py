"""Geodesic distance: how far a seed is when crossing edges costs.

The distance of Criminisi et al. (GeoS, ECCV 2008, eq. 1): the cheapest 8-connected path, where a
step costs its Euclidean length joined with ``contrast`` times the change in intensity. It is
found by raster sweeps in four directions, each vectorised over a whole line and over any number
of leading axes, so that a training batch costs little more than one image.
"""

import numpy as np
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
    distance = np.where(seeds, np.float32(0), FAR).astype(np.float32)
    down = _edge_costs(image, contrast)
    up = [cost[..., ::-1, :] for cost in (down[0], down[2], down[1])]
    turned = np.swapaxes(image, -1, -2)
    right = _edge_costs(turned, contrast)
    left = [cost[..., ::-1, :] for cost in (right[0], right[2], right[1])]
    for _ in range(sweeps):
        _sweep(distance, down)
        _sweep(distance[..., ::-1, :], up)
        across = np.swapaxes(distance, -1, -2)
        _sweep(across, right)
        _sweep(across[..., ::-1, :], left)
    return distance


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


def _sweep(distance: NDArray[np.float32], costs: list[NDArray[np.float32]]) -> None:
    """Relax every line from the one before it, in place."""
    straight, from_left, from_right = costs
    for row in range(distance.shape[-2] - 1):
        above, line = distance[..., row, :], distance[..., row + 1, :]
        np.minimum(line, above + straight[..., row, :], out=line)
        inner = line[..., 1:]
        np.minimum(inner, above[..., :-1] + from_left[..., row, :], out=inner)
        inner = line[..., :-1]
        np.minimum(inner, above[..., 1:] + from_right[..., row, :], out=inner)
