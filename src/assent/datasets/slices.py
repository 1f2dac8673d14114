"""A volume seen as one slice: the axial one on which the reference is largest."""

from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from assent.core.case import Case, Reference
from assent.core.errors import NotFoundError
from assent.core.geometry import Geometry
from assent.core.image import Image


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice of a volume with its masks, each ``(1, rows, columns)`` bool.

    Attributes:
        axis: Array axis of the volume that the slice is perpendicular to.
        index: Where along that axis.
        image: ``(C, 1, rows, columns)``.
        masks: One per reference, in their order.
    """

    axis: int
    index: int
    image: Image
    masks: tuple[NDArray[np.bool_], ...] = field(repr=False)


def axial_axis(geometry: Geometry) -> int:
    """The array axis that runs between feet and head: z if it does, else the closest one.

    >>> axial_axis(Geometry.from_spacing((20, 64, 64)))
    0
    """
    if geometry.orientation[0] in "SI":
        return 0
    directions = geometry.affine[:3, :3] / np.linalg.norm(geometry.affine[:3, :3], axis=0)
    return int(np.argmax(np.abs(directions[2])))


def largest_slice(votes: NDArray[np.bool_] | NDArray[np.int32], axis: int) -> int:
    """Index along ``axis`` of the slice with the largest sum; the middle one if all is zero.

    Args:
        votes: ``(D, H, W)``, a mask or the sum of several.
        axis: 0, 1 or 2.
    """
    areas = votes.sum(axis=tuple(other for other in range(3) if other != axis))
    return int(areas.argmax()) if areas.any() else areas.size // 2


def slice_image(image: Image, axis: int, index: int) -> Image:
    """One slice as a 2D image ``(C, 1, rows, columns)`` that keeps its place and spacing.

    The other two axes stay in their order; ``axis`` becomes z.
    """
    voxels = np.moveaxis(image.voxels, axis + 1, 1)[:, index : index + 1].copy()
    affine = image.geometry.affine.copy()
    affine[:3, 3] += index * affine[:3, axis]
    order = [axis, *(other for other in range(3) if other != axis)]
    affine[:3, :3] = affine[:3, order]
    _, depth, height, width = voxels.shape
    geometry = Geometry((depth, height, width), affine, image.geometry.calibrated)
    return replace(image, voxels=voxels, geometry=geometry)


def slice_mask(mask: NDArray[np.bool_], axis: int, index: int) -> NDArray[np.bool_]:
    """The same slice of a mask, ``(1, rows, columns)``."""
    return np.moveaxis(mask, axis, 0)[index : index + 1].copy()


def axial_slice_case(case: Case, target: str, rater: str | None = None) -> Case:
    """A volume's case as its axial slice with the largest area of one target.

    A 2D case comes back with the target's references only. Nothing is read before it is asked
    for; then the volume and the masks are read once, and only the slice is kept.

    Args:
        case: Any case.
        target: The target whose area decides.
        rater: Whose mask decides; None adds up the areas of all raters.

    Returns:
        A case with the same id, whose references are those of the target, by every rater.

    Raises:
        NotFoundError: If the case has no such target or rater.
    """
    references = tuple(r for r in case.references if r.target == target)
    if not references:
        raise NotFoundError("target", target, known={r.target for r in case.references})
    deciding = tuple(rater is None or r.rater == rater for r in references)
    if not any(deciding):
        raise NotFoundError("rater", rater or "", known={r.rater for r in references})

    @cache
    def read_slice() -> Slice:
        return _cut(case.read_image(), tuple(r.read() for r in references), deciding)

    def read_mask(number: int) -> NDArray[np.bool_]:
        return read_slice().masks[number]

    sliced = tuple(
        Reference(r.target, r.rater, partial(read_mask, number))
        for number, r in enumerate(references)
    )
    return replace(case, read_image=lambda: read_slice().image, references=sliced)


def _cut(image: Image, masks: tuple[NDArray[np.bool_], ...], deciding: tuple[bool, ...]) -> Slice:
    if not image.is_volume:
        return Slice(0, 0, image, masks)
    axis = axial_axis(image.geometry)
    votes = np.zeros(image.shape_dhw, np.int32)
    for mask, decides in zip(masks, deciding, strict=True):
        if decides:
            votes += mask
    index = largest_slice(votes, axis)
    cut = tuple(slice_mask(mask, axis, index) for mask in masks)
    return Slice(axis, index, slice_image(image, axis, index), cut)
