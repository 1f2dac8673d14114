"""Low-rank logits on the particle grid: many masks for one matrix product."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.shapes import check_shape

_CHUNK = 1 << 21
"""Logits held at once; keeps volumes within memory and slices within cache."""


@dataclass(frozen=True, eq=False)
class Bases:
    """What z does to one image: logits(z) = mean + sum_i z_i directions_i.

    Attributes:
        mean: ``(P,)`` float32, logits at z = 0.
        directions: ``(d, P)`` float32, change of the logits per unit of each latent number.
        shape: (D, h, w) of the particle grid, D h w = P; D = 1 for a slice. The slices of a
            volume need not be neighbours.
        weight: ``(P,)`` float32, how much each point counts in Dice (0 for padding), or None
            when all count alike.
    """

    mean: NDArray[np.float32] = field(repr=False)
    directions: NDArray[np.float32] = field(repr=False)
    shape: tuple[int, int, int]
    weight: NDArray[np.float32] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        sizes = check_shape("mean", self.mean, "P", P=int(np.prod(self.shape)))
        check_shape("directions", self.directions, "d P", **sizes)
        if self.weight is not None:
            check_shape("weight", self.weight, "P", **sizes)
        for name in ("mean", "directions"):
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float32)
            object.__setattr__(self, name, values)

    @property
    def latent(self) -> int:
        """Length of z."""
        return int(self.directions.shape[0])

    def logits(self, z: NDArray[np.float64]) -> NDArray[np.float32]:
        """Logits of particles ``(S, d)``, as ``(S, P)`` float32."""
        values = np.asarray(z, np.float32) @ self.directions
        values += self.mean
        return values

    def logits_at(self, z: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits of particles ``(S, d)`` at grid points ``(N,)`` only, as ``(S, N)``."""
        values = np.asarray(z, np.float32) @ self.directions[:, index]
        return np.asarray(values + self.mean[index])

    def masks(self, z: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Hard masks of particles ``(S, d)``, as ``(S, P)`` bool."""
        return np.asarray(self.logits(z) > 0)

    def in_chunks(self, count: int) -> Iterator[slice]:
        """Slices of a number of particles whose logits fit into the working memory."""
        step = max(1, _CHUNK // self.mean.size)
        return (slice(start, start + step) for start in range(0, count, step))

    def dice(self, z: NDArray[np.float64], shown: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Dice of the hard masks of particles ``(S, d)`` with masks ``(M, P)``, as ``(S, M)``."""
        table = _with_area(shown, self.weight)
        z32 = np.asarray(z, np.float32)
        overlap = np.empty((len(z32), len(table)), np.float32)
        for part in self.in_chunks(len(z32)):
            inside = (z32[part] @ self.directions > -self.mean).astype(np.float32)
            overlap[part] = inside @ table.T
        return _to_dice(overlap, table)


def dice_between(
    masks: NDArray[np.bool_],
    others: NDArray[np.bool_],
    weight: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Dice of every mask ``(S, P)`` with every other ``(M, P)``, as ``(S, M)``.

    Args:
        masks: Bool masks on the grid.
        others: Bool masks on the same grid.
        weight: How much each point counts, ``(P,)``, or None.

    Returns:
        Values in [0, 1]; two empty masks agree fully.
    """
    table = _with_area(others, weight)
    return _to_dice(masks.astype(np.float32) @ table.T, table)


def reduce_points(
    values: NDArray[np.generic], shape: tuple[int, int, int], side: int
) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """Block means over the plane, so that no in-plane side exceeds ``side``.

    Args:
        values: ``(M, P)`` on a grid of this shape; masks become shares (compare with 0.5).
        shape: (D, h, w) with D h w = P.
        side: Largest in-plane side wanted.

    Returns:
        ``(M, P')`` float32 and the new (D, h', w').
    """
    depth, height, width = shape
    step = -(-max(height, width) // side)
    block: NDArray[np.float32] = np.asarray(values, np.float32)
    block = block.reshape(len(values), depth, height, width)
    if step > 1:
        for axis in (2, 3):
            starts = np.arange(0, block.shape[axis], step)
            counts = np.diff(np.append(starts, block.shape[axis])).astype(np.float32)
            counts = counts.reshape([-1 if a == axis else 1 for a in range(4)])
            block = np.asarray(np.add.reduceat(block, starts, axis=axis) / counts, np.float32)
    _, _, new_height, new_width = block.shape
    return block.reshape(len(values), -1), (depth, new_height, new_width)


def _with_area(masks: NDArray[np.bool_], weight: NDArray[np.float32] | None) -> NDArray[np.float32]:
    # The last row measures the area of the other side, so that one product gives both.
    table = np.ones((len(masks) + 1, masks.shape[1]), np.float32)
    table[:-1] = masks
    if weight is not None:
        table *= weight
    return table


def _to_dice(overlap: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.float64]:
    areas = table[:-1].sum(1, dtype=np.float64)
    total = overlap[:, -1:].astype(np.float64) + areas
    both_empty = total <= 0
    dice = 2.0 * overlap[:, :-1] / np.where(both_empty, 1.0, total)
    return np.where(both_empty, 1.0, dice)
