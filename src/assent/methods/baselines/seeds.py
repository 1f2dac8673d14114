"""Prompts to labelled pixels, slice by slice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.prompts import BoundingBox, Click, Prompt

RADIUS_SHARE = 1 / 75
"""Radius of a click's disk as a share of the longer side: 2 px at 150 px."""

MIN_RADIUS_PX = 2.0
"""Radius of a click's disk in a small slice."""

Points = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SlicePrompts:
    """What was drawn on one slice, in pixels of the original.

    Attributes:
        marks: Sign and (y, x) points of every click and scribble, in the order given.
        box_yx: Lower and upper corner (y0, x0, y1, x1) of the last box, or None.
    """

    marks: tuple[tuple[bool, Points], ...]
    box_yx: tuple[int, int, int, int] | None


@dataclass(frozen=True, eq=False)
class Seeds:
    """Labelled pixels of one slice, all ``(H, W)`` bool.

    Attributes:
        inside: Known to be the object.
        outside: Known to be background, or taken for it (the border of the image).
        forbidden: Outside of the box: never the object.
    """

    inside: NDArray[np.bool_] = field(repr=False)
    outside: NDArray[np.bool_] = field(repr=False)
    forbidden: NDArray[np.bool_] = field(repr=False)


def by_slice(prompts: Sequence[Prompt]) -> dict[int, SlicePrompts]:
    """The prompts of every slice that somebody drew on; a box counts on all it passes through."""
    marks: dict[int, list[tuple[bool, Points]]] = {}
    boxes: dict[int, tuple[int, int, int, int]] = {}
    for prompt in prompts:
        if isinstance(prompt, BoundingBox):
            corners = (*prompt.low_zyx[1:], *prompt.high_zyx[1:])
            boxes.update(dict.fromkeys(range(prompt.low_zyx[0], prompt.high_zyx[0]), corners))
            continue
        drawn = (prompt.at_zyx,) if isinstance(prompt, Click) else prompt.points_zyx
        for z in sorted({point[0] for point in drawn}):
            points = tuple((y, x) for at, y, x in drawn if at == z)
            marks.setdefault(z, []).append((prompt.positive, points))
    return {
        z: SlicePrompts(tuple(marks.get(z, ())), boxes.get(z)) for z in sorted({*marks, *boxes})
    }


def seeds_of(
    prompts: SlicePrompts,
    original_hw: tuple[int, int],
    shape_hw: tuple[int, int],
    *,
    radius_px: float | None = None,
) -> Seeds:
    """Labelled pixels of one slice.

    Clicks and scribble points become disks; where they meet, the later mark wins. Outside the
    box is background. Without a box the border of the image is, except on sides that a
    positive mark touches. A box without a positive mark seeds its centre.

    Args:
        prompts: Those of this slice.
        original_hw: Size of the slice they were drawn on.
        shape_hw: Size of the slice that is worked on.
        radius_px: Of the disks, in pixels of ``shape_hw``; None for a share of its size.
    """
    if radius_px is None:
        radius_px = max(MIN_RADIUS_PX, max(shape_hw) * RADIUS_SHARE)
    scale = np.array(shape_hw) / np.array(original_hw)
    forbidden = _outside_box(prompts.box_yx, scale, shape_hw)
    marks = list(prompts.marks)
    if prompts.box_yx is not None and not any(positive for positive, _ in marks):
        y0, x0, y1, x1 = prompts.box_yx
        marks.insert(0, (True, (((y0 + y1) // 2, (x0 + x1) // 2),)))
    labels = _labels(marks, scale, shape_hw, radius_px)
    inside = (labels == 1) & ~forbidden
    border = _border(inside) if prompts.box_yx is None else np.zeros(shape_hw, np.bool_)
    return Seeds(inside, (labels == -1) | forbidden | (border & ~inside), forbidden)


def frame_of(seeds: Seeds) -> NDArray[np.bool_]:
    """Negative seeds that matter: all of them, but of a box's outside only the rim. ``(H, W)``."""
    deep = ndimage.binary_erosion(seeds.forbidden, np.ones((3, 3)), border_value=1)
    return np.asarray(seeds.outside & ~deep)


def _border(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    border = np.zeros(inside.shape, np.bool_)
    everything = slice(None)
    for end in (0, -1):
        for side in ((end, everything), (everything, end)):
            if not inside[side].any():
                border[side] = True
    return border


def _outside_box(
    box_yx: tuple[int, int, int, int] | None,
    scale: NDArray[np.float64],
    shape_hw: tuple[int, int],
) -> NDArray[np.bool_]:
    outside = np.zeros(shape_hw, np.bool_)
    if box_yx is not None:
        outside[:] = True
        y0, x0 = (int(v) for v in np.floor(np.array(box_yx[:2]) * scale))
        y1, x1 = (int(v) for v in np.ceil(np.array(box_yx[2:]) * scale))
        outside[y0:y1, x0:x1] = False
    return outside


def _labels(
    marks: Sequence[tuple[bool, Points]],
    scale: NDArray[np.float64],
    shape_hw: tuple[int, int],
    radius_px: float,
) -> NDArray[np.int8]:
    """1 inside, -1 outside, 0 unknown; ``(H, W)``."""
    labels = np.zeros(shape_hw, np.int8)
    reach = int(radius_px)
    disk = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    disk = disk[(disk**2).sum(1) <= radius_px**2]
    # A second pass over the points alone: no mark is wiped out by the disk of a later one.
    for offsets in (disk, np.zeros((1, 2), np.int64)):
        for positive, points in marks:
            centres = np.floor((np.array(points) + 0.5) * scale).astype(np.int64)
            pixels = (centres[:, None] + offsets).reshape(-1, 2)
            pixels = pixels[((pixels >= 0) & (pixels < shape_hw)).all(1)]
            labels[tuple(pixels.T)] = 1 if positive else -1
    return labels
