"""How well two masks agree: dice, iou, hd95_mm, assd_mm, nsd.

Two empty masks agree fully: overlap 1, distance 0. One empty mask of two does not agree at all:
overlap 0, distance infinite.
"""

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from assent.core.errors import ShapeError
from assent.core.mask import Spacing, surface_points_mm
from assent.core.shapes import check_shape

_CHUNK = 2**24
"""Values converted at a time in a product; float32 counts exactly up to this number."""


def dice(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Dice overlap of a mask with one rater's reference.

    Args:
        mask: Bool array of any shape.
        reference: Bool array of the same shape.

    Returns:
        A value in [0, 1]. Two empty masks agree fully: 1.

    Raises:
        ShapeError: If the shapes differ.

    >>> dice(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    shared, either = _counts(mask, reference)
    total = either + shared
    return 2.0 * shared / total if total else 1.0


def iou(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Intersection over union, or Jaccard index.

    Args:
        mask: Bool array of any shape.
        reference: Bool array of the same shape.

    Returns:
        A value in [0, 1]. Two empty masks agree fully: 1.

    Raises:
        ShapeError: If the shapes differ.

    >>> iou(np.array([True, True, False]), np.array([True, False, False]))
    0.5
    """
    shared, either = _counts(mask, reference)
    return shared / either if either else 1.0


def iou_matrix(masks: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of every mask with every other one, by matrix products.

    Args:
        masks: ``(N, ...)`` bool.
        others: ``(K, ...)`` bool with the same trailing axes.

    Returns:
        ``(N, K)`` float64; item (n, k) equals ``iou(masks[n], others[k])``.

    Raises:
        ShapeError: If the trailing axes differ.
    """
    shared, totals = _pair_counts(masks, others)
    either = totals - shared
    return np.divide(shared, either, out=np.ones_like(shared), where=either > 0)


class SurfaceDistances(NamedTuple):
    """Distances between the surfaces of two masks in mm, from which the measures are taken.

    Attributes:
        there: For every surface voxel of the mask, ``(N,)``; inf towards an empty reference.
        back: For every surface voxel of the reference, ``(M,)``; inf towards an empty mask.
    """

    there: NDArray[np.float64]
    back: NDArray[np.float64]

    @property
    def hd95_mm(self) -> float:
        """As the function of that name."""
        if self.there.size == 0 or self.back.size == 0:
            return 0.0 if self.there.size == self.back.size else float(np.inf)
        return float(max(np.percentile(self.there, 95), np.percentile(self.back, 95)))

    @property
    def assd_mm(self) -> float:
        """As the function of that name."""
        distances = np.concatenate(self)
        return float(distances.mean()) if distances.size else 0.0

    def nsd(self, *, tolerance_mm: float) -> float:
        """As the function of that name."""
        distances = np.concatenate(self)
        return float((distances <= tolerance_mm).mean()) if distances.size else 1.0


def surface_distances_mm(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_], spacing_zyx_mm: Spacing
) -> SurfaceDistances:
    """Distances between the surfaces of two masks, in both directions.

    The surface is made of the voxels that have a face on the outside (``mask.surface``). Where
    several measures are wanted, take them from what this returns: it is what costs time.

    Args:
        mask: ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        For every surface voxel of the mask the distance in mm to the nearest one of the
        reference, and the reverse. Towards an empty mask all are inf; an empty mask has none.

    Raises:
        ShapeError: If the shapes differ.
    """
    sizes = check_shape("mask", mask, "D H W")
    check_shape("reference", reference, "D H W", **sizes)
    ours = surface_points_mm(mask, spacing_zyx_mm)
    theirs = surface_points_mm(reference, spacing_zyx_mm)
    return SurfaceDistances(_nearest(ours, theirs), _nearest(theirs, ours))


def hd95_mm(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_], spacing_zyx_mm: Spacing
) -> float:
    """95th percentile Hausdorff distance, as MONAI defines it.

    The larger of the two directed 95th percentiles of ``surface_distances_mm``, interpolated
    linearly between voxels.

    Args:
        mask: ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        Millimetres; two empty masks give 0, one empty mask inf.

    Raises:
        ShapeError: If the shapes differ.
    """
    return surface_distances_mm(mask, reference, spacing_zyx_mm).hd95_mm


def assd_mm(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_], spacing_zyx_mm: Spacing
) -> float:
    """Average symmetric surface distance: the mean over the surface voxels of both masks.

    Args:
        mask: ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        Millimetres; two empty masks give 0, one empty mask inf.

    Raises:
        ShapeError: If the shapes differ.
    """
    return surface_distances_mm(mask, reference, spacing_zyx_mm).assd_mm


def nsd(
    mask: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    spacing_zyx_mm: Spacing,
    *,
    tolerance_mm: float,
) -> float:
    """Normalised surface Dice: share of both surfaces that lies close to the other one.

    Surface voxels are counted, as MONAI does by default; Nikolov et al. (2018) weigh them by
    the area of a triangulated surface instead, which gives slightly other values.

    Args:
        mask: ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.
        tolerance_mm: Largest distance that counts as close, 0 or more.

    Returns:
        A value in [0, 1]. Two empty masks give 1, one empty mask 0.

    Raises:
        ShapeError: If the shapes differ.
    """
    return surface_distances_mm(mask, reference, spacing_zyx_mm).nsd(tolerance_mm=tolerance_mm)


def _counts(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> tuple[int, int]:
    """Voxels in both, and in either."""
    if mask.shape != reference.shape:
        raise ShapeError(
            f"A mask and its reference must have the same shape; got {mask.shape} and"
            f" {reference.shape}. Bring both onto the image's grid."
        )
    shared = int(np.count_nonzero(mask & reference))
    return shared, int(np.count_nonzero(mask)) + int(np.count_nonzero(reference)) - shared


def _pair_counts(
    masks: NDArray[np.bool_], others: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Voxels in both masks, and the sum of the sizes of the two, ``(N, K)`` each."""
    if masks.shape[1:] != others.shape[1:] or masks.ndim == 0 or others.ndim == 0:
        raise ShapeError(
            "Masks can be compared in pairs if all axes after the first are equal; got"
            f" {masks.shape} and {others.shape}. Bring all onto one grid."
        )
    voxels = prod(masks.shape[1:])
    left = masks.reshape(len(masks), voxels)
    right = others.reshape(len(others), voxels)
    shared = np.zeros((len(left), len(right)))
    step = max(1, _CHUNK // max(1, len(left) + len(right)))
    for start in range(0, voxels, step):
        part = slice(start, start + step)
        shared += left[:, part].astype(np.float32) @ right[:, part].astype(np.float32).T
    sizes = np.count_nonzero(left, axis=1)[:, None] + np.count_nonzero(right, axis=1)
    return shared, sizes.astype(np.float64)


def _nearest(points: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point to the nearest target."""
    if len(points) == 0 or len(targets) == 0:
        return np.full(len(points), np.inf)
    distances, _ = cKDTree(targets).query(points)
    return np.asarray(distances, dtype=np.float64)
