"""Slices in space to one volume: their order along the normal, and the affine of the stack."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.io.guard import placed_grid

SPACING_TOLERANCE = 0.05
"""Deviation from the regular position that is put down to rounding, in slice distances."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Where one slice lies.

    Attributes:
        origin_mm: ``(3,)`` LPS position of the centre of the first pixel.
        along_x: ``(3,)`` unit vector from column to column.
        along_y: ``(3,)`` unit vector from row to row.
        spacing_yx_mm: Distance of rows, and of columns.
        shape_hw: Number of rows, and of columns.
        file: Name to show when this slice is at fault.
        thickness_mm: Distance to a next slice as the header states it; used when there is none.
    """

    origin_mm: NDArray[np.float64]
    along_x: NDArray[np.float64]
    along_y: NDArray[np.float64]
    spacing_yx_mm: tuple[float, float]
    shape_hw: tuple[int, int]
    file: str
    thickness_mm: float = 1.0

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector such that x, y and normal are right-handed."""
        normal = np.cross(self.along_x, self.along_y)
        return np.asarray(normal / np.linalg.norm(normal))


def stack(planes: Sequence[Plane], name: str) -> tuple[list[int], Geometry]:
    """Order slices along their normal and place them as one grid.

    A constant sideways step from slice to slice (gantry tilt) stays in the affine as shear.

    Args:
        planes: At least one slice, in any order.
        name: Of the series, for messages.

    Returns:
        For each z of the volume the index into ``planes``, and the geometry.

    Raises:
        InputError: If sizes, spacings or directions differ, positions repeat, or distances are
            irregular (a slice is missing).
    """
    _check_alike(planes, name)
    first = planes[0]
    if len(planes) == 1:
        order, step = [0], first.normal * first.thickness_mm
        origin = first.origin_mm
    else:
        origins = np.stack([plane.origin_mm for plane in planes])
        heights = origins @ first.normal
        order = [int(i) for i in np.argsort(heights, kind="stable")]
        _check_distances(heights[order], [planes[i].file for i in order], name)
        origin = origins[order[0]]
        step = (origins[order[-1]] - origin) / (len(order) - 1)
        _check_line(origins[order], step, name)
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = first.along_y * first.spacing_yx_mm[0]
    affine[:3, 2] = first.along_x * first.spacing_yx_mm[1]
    affine[:3, 3] = origin
    return order, placed_grid((len(planes), *first.shape_hw), affine, name)


def _check_alike(planes: Sequence[Plane], name: str) -> None:
    sizes = Counter(plane.shape_hw for plane in planes)
    if len(sizes) > 1:
        found = ", ".join(f"{h} x {w} ({n})" for (h, w), n in sizes.most_common(4))
        raise InputError(
            f"{name} has slices of different sizes: {found}; expected one size."
            " Keep the slices that belong together in a folder of their own."
        )
    first = planes[0]
    for plane in planes:
        turned = max(
            float(np.abs(plane.along_x - first.along_x).max()),
            float(np.abs(plane.along_y - first.along_y).max()),
        )
        if turned > 1e-3:
            raise InputError(
                f"{name} has slices in different directions ({first.file} and {plane.file});"
                " expected parallel slices. Move localizers and other series elsewhere."
            )
        if not np.allclose(plane.spacing_yx_mm, first.spacing_yx_mm, rtol=1e-3):
            raise InputError(
                f"{name} has slices with different pixel spacing ({first.file} and {plane.file});"
                " expected one spacing. Keep the slices that belong together in one folder."
            )


def _check_distances(heights: NDArray[np.float64], files: Sequence[str], name: str) -> None:
    """``heights`` (N,): sorted positions along the normal, in mm."""
    gaps = np.diff(heights)
    largest = float(gaps.max())
    repeated = np.flatnonzero(gaps < max(1e-3, 1e-3 * largest))
    if repeated.size:
        here = int(repeated[0])
        raise InputError(
            f"{name} has {repeated.size + 1 if largest < 1e-3 else 2} slices at one position"
            f" ({files[here]} and {files[here + 1]}; {repeated.size} such pairs); expected one"
            " slice per position. Keep one time point, echo or copy in a folder of its own."
        )
    usual = float(np.sort(gaps)[(gaps.size - 1) // 2])
    odd = np.flatnonzero(np.abs(gaps - usual) > SPACING_TOLERANCE * usual)
    if not odd.size:
        return
    here = int(odd[0])
    gap = float(gaps[here])
    missing = round(gap / usual) - 1
    is_multiple = abs(gap / usual - (missing + 1)) <= 2 * SPACING_TOLERANCE
    what = "has an irregular gap"
    if missing >= 1 and is_multiple:
        what = "lacks a slice" if missing == 1 else f"lacks {missing} slices"
    more = f", and {odd.size - 1} more such places" if odd.size > 1 else ""
    raise InputError(
        f"{name} {what} between {files[here]} and {files[here + 1]}: {gap:.4g} mm where"
        f" {usual:.4g} mm was expected{more}. Copy the series again, complete, or resample it to"
        " even distances first."
    )


def _check_line(origins: NDArray[np.float64], step: NDArray[np.float64], name: str) -> None:
    """``origins`` (N, 3) in order: the slices must lie along one straight line."""
    regular = origins[0] + np.arange(len(origins))[:, None] * step
    off = np.linalg.norm(origins - regular, axis=1)
    if off.max() > max(0.1, 0.1 * float(np.linalg.norm(step))):
        raise InputError(
            f"{name} has slices that are shifted sideways by up to {off.max():.3g} mm; expected"
            " them along one straight line. Resample the series to a regular grid first."
        )
