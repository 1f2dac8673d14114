"""A mask: run lengths, components, holes, surface and signed distance.

Faces connect, edges and corners do not. An axis of size 1, as the depth of a 2D image, has no
outside: its voxels touch no border there. The image's edge is a border along all other axes.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.shapes import check_shape

Spacing = tuple[float, float, float]

MAX_VOXELS = 2**31
"""Largest mask that run lengths may ask for: a few bytes of text must not claim all memory."""


def to_rle(mask: NDArray[np.bool_]) -> dict[str, list[int]]:
    """Run lengths of a mask, ready for JSON.

    Args:
        mask: ``(D, H, W)`` bool.

    Returns:
        ``shape`` as [D, H, W], and ``runs``: lengths of alternating runs in C order, of which
        the first is background and may be 0.

    Raises:
        ShapeError: If the mask does not have three axes.

    >>> to_rle(np.array([[[True, True, False]]]))
    {'shape': [1, 1, 3], 'runs': [0, 2, 1]}
    """
    check_shape("mask", mask, "D H W")
    flat = np.ascontiguousarray(mask, dtype=np.bool_).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], changes, [flat.size]))
    runs: list[int] = np.diff(edges).tolist()
    if flat.size and flat[0]:
        runs.insert(0, 0)
    return {"shape": [int(size) for size in mask.shape], "runs": runs}


def from_rle(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The mask that ``to_rle`` described.

    Returns:
        ``(D, H, W)`` bool.

    Raises:
        InputError: If shape or runs are missing, are not whole non-negative numbers, do not
            add up, or describe more than ``MAX_VOXELS``.
    """
    shape = _whole_numbers(rle, "shape")
    runs = _whole_numbers(rle, "runs")
    voxels = prod(shape)
    if len(shape) != 3 or voxels > MAX_VOXELS:
        raise InputError(
            f"The shape of a run-length mask must be [D, H, W] with at most {MAX_VOXELS} voxels;"
            f" got {shape}. Send the mask on its image's grid."
        )
    if sum(runs) != voxels:
        raise InputError(
            f"The runs of a mask of shape {shape} must add up to {voxels} voxels; they add up to"
            f" {sum(runs)}. Send the mask again."
        )
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, np.array(runs, dtype=np.int64)).reshape(shape)


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Face-connected components, numbered from 1 by their first voxel in C order.

    Args:
        mask: ``(D, H, W)`` bool.

    Returns:
        Labels ``(D, H, W)`` int32 with 0 as background, and how many there are. An empty mask
        has none.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    check_shape("mask", mask, "D H W")
    if not mask.any():
        return np.zeros(mask.shape, np.int32), 0
    if _has_cc3d():
        import cc3d  # noqa: PLC0415 - optional, and slow to load

        found = cc3d.connected_components(np.ascontiguousarray(mask, np.bool_), connectivity=6)
        return _numbered(np.asarray(found))
    from scipy import ndimage  # noqa: PLC0415 - half a second that `import assent` must not take

    found, _ = ndimage.label(mask)
    return _numbered(np.asarray(found))


def largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The face-connected component with most voxels; of equals the first in C order.

    Args:
        mask: ``(D, H, W)`` bool.

    Returns:
        ``(D, H, W)`` bool; an empty mask stays empty.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    labels, count = components(mask)
    if count <= 1:
        return labels > 0
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    return np.asarray(labels == 1 + int(sizes[1:].argmax()))


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill, in every axial slice, the background that the slice's mask encloses.

    Args:
        mask: ``(D, H, W)`` bool.

    Returns:
        ``(D, H, W)`` bool, a superset of the mask.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    from scipy import ndimage  # noqa: PLC0415 - as above

    check_shape("mask", mask, "D H W")
    filled = np.array(mask, dtype=np.bool_)
    for number in np.flatnonzero(mask.any(axis=(1, 2))):
        filled[number] = ndimage.binary_fill_holes(mask[number])
    return filled


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of the mask with at least one face on the outside.

    Args:
        mask: ``(D, H, W)`` bool.

    Returns:
        ``(D, H, W)`` bool, a subset of the mask.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    check_shape("mask", mask, "D H W")
    inner = np.array(mask, dtype=np.bool_)
    axes = [axis for axis, size in enumerate(mask.shape) if size > 1]
    if not axes:
        return inner
    for axis in axes:
        at = np.moveaxis(inner, axis, 0)
        values = np.moveaxis(mask, axis, 0)
        at[1:] &= values[:-1]
        at[:-1] &= values[1:]
        at[0] = at[-1] = False
    return np.asarray(mask & ~inner)


def surface_points_mm(mask: NDArray[np.bool_], spacing_zyx_mm: Spacing) -> NDArray[np.float64]:
    """Centres of the surface voxels.

    Args:
        mask: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        ``(N, 3)`` float64, z, y, x in mm from the first voxel's centre.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    check_shape("mask", mask, "D H W")
    if not mask.any():
        return np.zeros((0, 3))
    box = _with_margin(mask)
    low = np.array([axis.start for axis in box])
    points = np.argwhere(surface(mask[box])) + low
    return np.asarray(points * np.array(spacing_zyx_mm, dtype=np.float64))


def signed_distance_mm(mask: NDArray[np.bool_], spacing_zyx_mm: Spacing) -> NDArray[np.float64]:
    """Distance to the nearest voxel of the other kind, negative inside the mask.

    Between voxel centres, so that it is never 0 and the complement has the opposite sign. What
    lies beyond the image is neither inside nor outside.

    Args:
        mask: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        ``(D, H, W)`` float64 in mm; inf everywhere for an empty mask, -inf for a full one.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    from scipy import ndimage  # noqa: PLC0415 - as above

    check_shape("mask", mask, "D H W")
    if not mask.any():
        return np.full(mask.shape, np.inf)
    if mask.all():
        return np.full(mask.shape, -np.inf)
    signed = np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing_zyx_mm))
    # The nearest background of any voxel inside lies in the box, as its margin is background.
    box = _with_margin(mask)
    signed[box] -= ndimage.distance_transform_edt(mask[box], sampling=spacing_zyx_mm)
    return signed


def boundary_offset_mm(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_], spacing_zyx_mm: Spacing
) -> float:
    """How much wider a mask is drawn than a reference.

    The mean over the mask's surface voxels of their distance to the reference's surface,
    counted negative where they lie inside the reference.

    Args:
        mask: ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        Millimetres, positive where the mask is larger. Two empty masks give 0; an empty
        reference inf; an empty mask -inf.

    Raises:
        ShapeError: If the shapes differ.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - as above

    sizes = check_shape("mask", mask, "D H W")
    check_shape("reference", reference, "D H W", **sizes)
    if not mask.any() or not reference.any():
        return 0.0 if mask.any() == reference.any() else float(np.inf if mask.any() else -np.inf)
    border = cKDTree(surface_points_mm(reference, spacing_zyx_mm))
    distances, _ = border.query(surface_points_mm(mask, spacing_zyx_mm))
    inside = reference[surface(mask)]
    return float(np.where(inside, -distances, distances).mean())


@cache
def _has_cc3d() -> bool:
    return find_spec("cc3d") is not None


def _numbered(labels: NDArray[Any]) -> tuple[NDArray[np.int32], int]:
    """Labels 1 to n in the order of their first voxel, whoever found the components."""
    flat = labels.ravel()
    count = int(flat.max())
    where = np.flatnonzero(flat)
    first = np.zeros(count + 1, np.int64)
    # Of repeated indices the last assignment stays, which is the first voxel.
    first[flat[where[::-1]]] = where[::-1]
    order = np.argsort(first[1:])
    renumber = np.zeros(count + 1, np.int32)
    renumber[1 + order] = np.arange(1, count + 1)
    return renumber[labels], count


def _with_margin(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """A box around a non-empty mask, one voxel wider where the image allows.

    The margin keeps an axis from shrinking to size 1, where it would lose its borders.
    """
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(int(used[0]) - 1, 0), int(used[-1]) + 2))
    return tuple(box)


def _whole_numbers(rle: Mapping[str, Any], key: str) -> list[int]:
    """The list of whole non-negative numbers under a key."""
    numbers = rle.get(key) if isinstance(rle, Mapping) else None
    if (
        not isinstance(numbers, Sequence)
        or isinstance(numbers, str)
        or not all(type(number) is int and number >= 0 for number in numbers)
    ):
        raise InputError(
            f"A run-length mask needs {key!r} as a list of whole non-negative numbers, as in"
            ' {"shape": [1, 1, 3], "runs": [0, 2, 1]}. Send the mask again.'
        )
    return list(numbers)
