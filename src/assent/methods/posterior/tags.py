"""A few words on how an alternative differs from the recommendation, from geometry alone.

Sides are those of the picture on the screen (x to the right, y down), not of the patient.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.mask import boundary_offset_mm, components, fill_holes
from assent.core.shapes import check_shape

Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]

_MOST_VOXELS = 1 << 18
"""Larger boxes are thinned before anything is measured."""

_SIDES = (
    ("in the first slices", "in the last slices"),
    ("at the top", "at the bottom"),
    ("on the left", "on the right"),
)
_WAYS = (("to earlier slices", "to later slices"), ("up", "down"), ("left", "right"))


def tag(
    alternative: Masks,
    recommended: Masks,
    spacing_zyx_mm: tuple[float, float, float],
    calibrated: bool,
) -> str:
    """Describe an alternative beside the recommendation.

    Args:
        alternative: ``(D, H, W)`` bool.
        recommended: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.
        calibrated: Whether the spacing is physical; otherwise lengths are said in px.

    Returns:
        As in "looser, +2.1 mm", "without the satellite", "fills the hole", "larger on the left",
        "shifted up", "smoother".

    Raises:
        ShapeError: If the shapes differ or have not three axes.
    """
    sizes = check_shape("alternative", alternative, "D H W")
    check_shape("recommended", recommended, "D H W", **sizes)
    if not alternative.any():
        return "nothing" if recommended.any() else "the same"
    if not recommended.any():
        return "something here"
    pair = _Pair.of(alternative, recommended, spacing_zyx_mm)
    if pair.changed == 0:
        return "the same"
    words = _satellite(pair) or _hole(pair)
    if words:
        return words
    change = pair.added.sum() - pair.removed.sum()
    if abs(change) >= 0.5 * pair.changed:
        return _one_sided(pair, larger=change > 0) or _width(pair, calibrated)
    return _shift(pair) or _roughness(pair) or _width(pair, calibrated)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both masks in the box that holds them, padded by one voxel."""

    alternative: Masks = field(repr=False)
    recommended: Masks = field(repr=False)
    spacing_zyx_mm: tuple[float, float, float]

    @classmethod
    def of(
        cls, alternative: Masks, recommended: Masks, spacing: tuple[float, float, float]
    ) -> "_Pair":
        both = alternative | recommended
        window = []
        for axis in range(3):
            used = np.flatnonzero(both.any(tuple(a for a in range(3) if a != axis)))
            window.append(slice(used[0], used[-1] + 1))
        step = int(np.ceil((_volume(window) / _MOST_VOXELS) ** (1 / 2)))
        steps = (1, step, step)
        thin = tuple(slice(w.start, w.stop, s) for w, s in zip(window, steps, strict=True))
        dz, dy, dx = spacing
        # A single slice stays one: between empty slices all of it would be surface.
        margin = ((0, 0) if window[0].stop - window[0].start == 1 else (1, 1), (1, 1), (1, 1))
        return cls(
            np.pad(alternative[thin], margin),
            np.pad(recommended[thin], margin),
            (dz, dy * step, dx * step),
        )

    @property
    def added(self) -> Masks:
        return self.alternative & ~self.recommended

    @property
    def removed(self) -> Masks:
        return self.recommended & ~self.alternative

    @property
    def changed(self) -> int:
        return int((self.alternative ^ self.recommended).sum())


def _satellite(pair: _Pair) -> str | None:
    gained = _apart(pair.alternative, pair.recommended)
    lost = _apart(pair.recommended, pair.alternative)
    for word, (voxels, count) in (("with", gained), ("without", lost)):
        if voxels > 0.5 * pair.changed:
            return f"{word} the satellite{'s' if count > 1 else ''}"
    return None


def _apart(mask: Masks, other: Masks) -> tuple[int, int]:
    """Voxels and number of the components of a mask that do not meet the other mask."""
    labels, count = components(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    meets = np.bincount(labels[other], minlength=count + 1) > 0
    alone = ~meets
    alone[0] = False
    # When no component meets the other mask it is another object, not a satellite of it.
    if alone[1:].all():
        return 0, 0
    # Single voxels are noise and would turn one satellite into several.
    counted = alone & (sizes > 0.1 * sizes[alone].max(initial=0))
    return int(sizes[alone].sum()), int(counted.sum())


def _hole(pair: _Pair) -> str | None:
    holes = fill_holes(pair.recommended) & ~pair.recommended
    if (pair.added & holes).sum() > 0.5 * pair.changed:
        return "fills the hole"
    holes = fill_holes(pair.alternative) & ~pair.alternative
    if (pair.removed & holes).sum() > 0.5 * pair.changed:
        return "leaves a hole"
    return None


def _one_sided(pair: _Pair, *, larger: bool) -> str | None:
    """A change that lies on one side of the recommendation, mostly."""
    lean = _lean(pair, pair.added if larger else pair.removed)
    axis = int(np.argmax(np.abs(lean)))
    if abs(lean[axis]) < 0.6:
        return None
    return f"{'larger' if larger else 'smaller'} {_SIDES[axis][int(lean[axis] > 0)]}"


def _lean(pair: _Pair, where: Masks) -> Floats:
    """Mean direction from the middle of the recommendation to some voxels, length up to 1."""
    if not where.any():
        return np.zeros(3)
    spacing = np.array(pair.spacing_zyx_mm)
    middle = np.argwhere(pair.recommended).mean(0)
    offset = (np.argwhere(where) - middle) * spacing
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    return np.asarray((offset / np.maximum(length, 1e-9)).mean(0))


def _width(pair: _Pair, calibrated: bool) -> str:
    offset = boundary_offset_mm(pair.alternative, pair.recommended, pair.spacing_zyx_mm)
    unit = "mm"
    if not calibrated:
        offset, unit = offset / pair.spacing_zyx_mm[2], "px"
    if abs(offset) < 0.05:
        return "another border"
    return f"{'looser' if offset > 0 else 'tighter'}, {offset:+.1f} {unit}"


def _shift(pair: _Pair) -> str | None:
    """Grown on one side by what it lost on the other."""
    lean = _lean(pair, pair.added) - _lean(pair, pair.removed)
    axis = int(np.argmax(np.abs(lean)))
    if abs(lean[axis]) < 1.0:
        return None
    return f"shifted {_WAYS[axis][int(lean[axis] > 0)]}"


def _roughness(pair: _Pair) -> str | None:
    ratio = _border(pair.alternative) / max(_border(pair.recommended), 1)
    if 0.95 < ratio < 1.05:
        return None
    return "smoother" if ratio < 1 else "more detailed"


def _border(mask: Masks) -> int:
    """In-plane length of the border in voxel edges, corners cut.

    Straight edges alone cannot tell a zigzag from a diagonal, so diagonal pairs count too.
    """
    straight = sum(int((mask != np.roll(mask, 1, axis)).sum()) for axis in (1, 2))
    diagonal = sum(int((mask != np.roll(mask, (1, way), (1, 2))).sum()) for way in (1, -1))
    return 2 * straight + diagonal


def _volume(window: list[slice]) -> int:
    return int(np.prod([part.stop - part.start for part in window]))
