"""The random walk: would a walker who avoids edges reach a positive or a negative seed first?

Grady, IEEE Transactions on Pattern Analysis and Machine Intelligence 2006, eq. 1 (edge weights) and
eq. 9 (the linear system), on the four neighbours of a pixel. The system is solved by conjugate
gradients over the whole grid, each level starting from the solution at half its resolution, so that
it takes milliseconds and any number of images at once. It stops long before the last digit: what
counts is on which side of one half a pixel lies.
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

COARSEST = 32
"""Grids whose shorter side is below twice this are not halved further."""


def random_walk(
    image: Plane,
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    *,
    beta: float = 500.0,
    floor: float = 1e-3,
    iterations: int = 60,
    tolerance: float = 1e-2,
) -> Plane:
    """Probability of reaching a positive seed first, for a batch.

    Args:
        image: ``(B, C, H, W)`` float32 in [0, 1].
        inside: ``(B, H, W)`` bool, positive seeds.
        outside: ``(B, H, W)`` bool, negative seeds; positive ones go first where both are set.
        beta: How much an edge slows the walker down, intensities measured against ten times the
            standard deviation of the image.
        floor: Weight of the sharpest edge; that of none is 1. Larger ones are solved faster.
        iterations: At most so many at each resolution.
        tolerance: Iterating ends when no pixel changes by more.

    Returns:
        ``(B, H, W)`` float32; 0 throughout without positive seeds, else 1 without negative ones.
    """
    outside = np.asarray(outside & ~inside)
    found = _solved(image, inside, outside, (beta, floor), iterations, tolerance)
    found = np.where(outside.any((1, 2), keepdims=True), found, np.float32(1))
    found = np.where(inside.any((1, 2), keepdims=True), found, np.float32(0))
    return np.asarray(np.clip(found, 0.0, 1.0), np.float32)


def _solved(
    image: Plane,
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    edge: tuple[float, float],
    iterations: int,
    tolerance: float,
) -> Plane:
    height, width = inside.shape[-2:]
    if min(height, width) >= 2 * COARSEST and height % 2 == 0 and width % 2 == 0:
        small = _in_fours(image).mean((-3, -1), dtype=np.float32)
        near, far = (np.asarray(_in_fours(s).any((-3, -1))) for s in (inside, outside))
        coarse = _solved(small, near, np.asarray(far & ~near), edge, iterations, tolerance)
        start = coarse.repeat(2, axis=1).repeat(2, axis=2)
    else:
        start = np.full(inside.shape, 0.5, np.float32)
    start = np.where(inside, np.float32(1), np.where(outside, np.float32(0), start))
    down, right = _edge_weights(image, *edge)
    return _conjugate_gradients(down, right, ~(inside | outside), start, iterations, tolerance)


def _in_fours(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Axes ``(..., H, W)`` as ``(..., H / 2, 2, W / 2, 2)``."""
    *leading, height, width = values.shape
    return values.reshape(*leading, height // 2, 2, width // 2, 2)


def _edge_weights(image: Plane, beta: float, floor: float) -> tuple[Plane, Plane]:
    """Weights of the edges to the pixel below and to the right."""
    spread = 10.0 * image.std((1, 2, 3), dtype=np.float64)[:, None, None] + 1e-6
    slowness = (beta / spread).astype(np.float32)
    low = np.float32(floor)
    down, right = (
        np.exp(-slowness * np.square(np.diff(image, axis=axis)).sum(1)) + low for axis in (2, 3)
    )
    return down, right


def _conjugate_gradients(
    down: Plane,
    right: Plane,
    free: NDArray[np.bool_],
    start: Plane,
    iterations: int,
    tolerance: float,
) -> Plane:
    """Solve for the free pixels, all others being given; preconditioned by the diagonal."""
    degree = np.zeros(free.shape, np.float32)
    degree[:, :-1] += down
    degree[:, 1:] += down
    degree[:, :, :-1] += right
    degree[:, :, 1:] += right
    mask = free.astype(np.float32)
    inverse = mask / degree
    solution = start.copy()
    residual = -_laplacian(solution, degree, down, right) * mask
    towards = inverse * residual
    direction, size = towards.copy(), _dot(residual, towards)
    for number in range(1, iterations + 1):
        bent = _laplacian(direction, degree, down, right) * mask
        step = size / np.maximum(_dot(direction, bent), 1e-20)
        moved = step * direction
        solution += moved
        # Looked at now and then only: the look costs as much as a fifth of an iteration.
        if number % 8 == 0 and np.abs(moved).max() < tolerance:
            break
        residual -= step * bent
        np.multiply(inverse, residual, out=towards)
        before, size = size, _dot(residual, towards)
        direction *= size / np.maximum(before, 1e-20)
        direction += towards
    return solution


def _laplacian(values: Plane, degree: Plane, down: Plane, right: Plane) -> Plane:
    found = degree * values
    found[:, :-1] -= down * values[:, 1:]
    found[:, 1:] -= down * values[:, :-1]
    found[:, :, :-1] -= right * values[:, :, 1:]
    found[:, :, 1:] -= right * values[:, :, :-1]
    return found


def _dot(a: Plane, b: Plane) -> Plane:
    return np.asarray(np.einsum("bhw,bhw->b", a, b)[:, None, None], np.float32)
