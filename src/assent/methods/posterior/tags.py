"""A few words on how each alternative differs from the recommendation, from geometry alone.

What differs is told apart first: objects and holes that come or go, and the border of what both
masks hold. Its offset is the change in size over the length of the border, measured on the latter
alone, so that a satellite does not count as width; what lies on the image's edge is no border.
Sides are those of the picture on the screen (x to the right, y down), not of the
patient.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assent.core.mask import components, fill_holes
from assent.core.shapes import check_shape

Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

_MOST_VOXELS = 1 << 18
"""Larger boxes are thinned before anything is measured."""

_NOTABLE = 0.3
"""Share of the change from which a second difference is worth its words."""

_SPECK = 0.1
"""Objects smaller than this share of the largest one are noise when objects are counted."""

_FINE_MM = 0.05
"""Pixels smaller than this are told in micrometres."""

_SIDES = (
    ("in the first slices", "in the last slices"),
    ("at the top", "at the bottom"),
    ("on the left", "on the right"),
)
_WAYS = (("to earlier slices", "to later slices"), ("up", "down"), ("left", "right"))


def tags(
    alternatives: Masks, recommended: Masks, spacing_zyx_mm: Spacing, *, calibrated: bool
) -> tuple[str, ...]:
    """Describe the alternatives of one page beside the recommendation; no two alike.

    Args:
        alternatives: ``(K, D, H, W)`` bool.
        recommended: ``(D, H, W)`` bool.
        spacing_zyx_mm: Size of a voxel.
        calibrated: Whether the spacing is physical; otherwise lengths are told in pixels along x.

    Returns:
        K tags as in "looser, +2.1 mm", "with the satellite", "without the hole", "split",
        "larger on the left", "shifted up", "smoother". Where two would read the same, what tells
        them apart is added: the width, the side, the change in size, at last a number.

    Raises:
        ShapeError: If the shapes differ.
    """
    sizes = check_shape("alternatives", alternatives, "K D H W")
    check_shape("recommended", recommended, "D H W", **sizes)
    pairs = [_Pair.of(mask, recommended, spacing_zyx_mm, calibrated) for mask in alternatives]
    said = [_describe(pair) for pair in pairs]
    for detail in _DETAILS:
        for group in _repeated(said):
            more = [detail(pairs[k]) for k in group]
            if len(set(more)) > 1:
                for k, text in zip(group, more, strict=True):
                    said[k] = f"{said[k]}, {text}"
    for group in _repeated(said):
        for number, k in enumerate(group, start=1):
            said[k] = f"{said[k]} ({number})"
    return tuple(said)


def _repeated(said: Sequence[str]) -> Iterator[list[int]]:
    for text in dict.fromkeys(said):
        group = [k for k, other in enumerate(said) if other == text]
        if len(group) > 1:
            yield group


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both masks in the box that holds them, one voxel wider where the image allows."""

    alternative: Masks = field(repr=False)
    recommended: Masks = field(repr=False)
    spacing_zyx_mm: Spacing
    unit_mm: float | None
    """Length of a pixel of the image, or None when lengths are told in mm or micrometres."""

    @classmethod
    def of(
        cls, alternative: Masks, recommended: Masks, spacing: Spacing, calibrated: bool
    ) -> "_Pair":
        both = alternative | recommended
        used = [np.flatnonzero(both.any(tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        ends = [(int(at[0]), int(at[-1])) if at.size else (0, 0) for at in used]
        size = np.prod([last - first + 1 for first, last in ends])
        step = int(np.ceil((size / _MOST_VOXELS) ** (1 / 2)))
        # A single slice stays one: between empty slices all of it would be border.
        margins = (int(ends[0][0] < ends[0][1]), step, step)
        box = tuple(
            slice(max(first - margin, 0), last + 1 + margin, s)
            for (first, last), margin, s in zip(ends, margins, (1, step, step), strict=True)
        )
        dz, dy, dx = spacing
        thin = (dz, dy * step, dx * step)
        return cls(alternative[box], recommended[box], thin, None if calibrated else dx)

    @cached_property
    def gained(self) -> Masks:
        """Objects of the alternative that the recommendation has nothing of."""
        return _apart(self.alternative, self.recommended)

    @cached_property
    def lost(self) -> Masks:
        """Objects of the recommendation that the alternative has nothing of."""
        return _apart(self.recommended, self.alternative)

    @cached_property
    def bodies(self) -> tuple[Masks, Masks]:
        """What both masks hold, each as it draws it, holes filled."""
        return (
            fill_holes(self.alternative & ~self.gained),
            fill_holes(self.recommended & ~self.lost),
        )

    @cached_property
    def filled(self) -> Masks:
        """Holes of the recommendation that the alternative covers."""
        return self.bodies[1] & ~self.recommended & self.alternative & ~self.gained

    @cached_property
    def left(self) -> Masks:
        """Holes of the alternative that the recommendation covers."""
        return self.bodies[0] & ~self.alternative & self.recommended & ~self.lost

    @cached_property
    def grown(self) -> Masks:
        """What the alternative's border adds."""
        return self.bodies[0] & ~self.bodies[1]

    @cached_property
    def shrunk(self) -> Masks:
        """What the alternative's border leaves out."""
        return self.bodies[1] & ~self.bodies[0]

    @cached_property
    def offset(self) -> float:
        """How much wider the alternative's border lies, in mm, or pixels when uncalibrated."""
        change = (self.grown.sum() - self.shrunk.sum()) * np.prod(self.spacing_zyx_mm)
        border = sum(_border_mm(mask, self.spacing_zyx_mm) for mask in self.bodies) / 2
        return float(change / border / (self.unit_mm or 1.0)) if border else 0.0

    def length(self, value: float) -> str:
        """A signed length with its unit, as exact as it can mean anything; "" when it is zero."""
        unit, decimals = "px", 1
        if self.unit_mm is None:
            unit, pixel = "mm", min(self.spacing_zyx_mm[1:])
            if pixel < _FINE_MM:
                unit, value = "µm", 1000 * value
                decimals = 0 if pixel >= 0.01 else 1 if pixel >= 0.001 else 2
        if round(value, decimals) == 0:
            return ""
        return f"{value:+.{decimals}f} {unit}"


def _describe(pair: _Pair) -> str:
    if not pair.alternative.any():
        return "nothing" if pair.recommended.any() else "the same"
    if not pair.recommended.any():
        return "an object"
    differences = _differences(pair)
    total = sum(voxels for voxels, _ in differences)
    if total == 0:
        return "the same"
    if not pair.bodies[0].any():
        return "somewhere else"
    ranked = sorted(differences, key=lambda item: -item[0])
    (_, first), (share, second) = ranked[:2]
    words = first(pair)
    if share < _NOTABLE * total:
        return words
    more = second(pair)
    # After a comma the number alone says which way the border went.
    _, _, number = more.rpartition(", ")
    return f"{words}, {number}"


def _differences(pair: _Pair) -> list[tuple[int, Callable[[_Pair], str]]]:
    """Voxels of every kind of difference, and the words for it."""
    return [
        (int(pair.gained.sum()), lambda p: _named("with the satellite", p.gained)),
        (int(pair.lost.sum()), lambda p: _named("without the satellite", p.lost)),
        (int(pair.filled.sum()), lambda p: _named("without the hole", p.filled)),
        (int(pair.left.sum()), lambda p: _named("with a hole", p.left)),
        (int(pair.grown.sum() + pair.shrunk.sum()), _border),
    ]


def _named(words: str, where: Masks) -> str:
    """Singular or plural; specks would turn one object into several."""
    labels, count = components(where)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    if (sizes > _SPECK * sizes.max()).sum() < 2:
        return words
    return f"{words.replace(' a ', ' ')}s"


def _apart(mask: Masks, other: Masks) -> Masks:
    """The components of a mask that do not meet the other mask."""
    labels, count = components(mask)
    alone = np.bincount(labels[other], minlength=count + 1) == 0
    alone[0] = False
    return np.asarray(alone[labels])


def _border(pair: _Pair) -> str:
    """How the border of what both masks hold differs."""
    grown, shrunk = int(pair.grown.sum()), int(pair.shrunk.sum())
    words = _parted(pair)
    if words is None and abs(grown - shrunk) >= 0.5 * (grown + shrunk):
        words = _one_sided(pair, larger=grown > shrunk)
    elif words is None:
        words = _shift(pair) or _roughness(pair)
    return words or _width(pair)


def _parted(pair: _Pair) -> str | None:
    """Whether one object of a mask is several in the other."""
    alternative, recommended = pair.bodies
    for words, whole, parts in (
        ("split", recommended, alternative),
        ("joined", alternative, recommended),
    ):
        if _is_parted(whole, parts):
            return words
    return None


def _is_parted(whole: Masks, parts: Masks) -> bool:
    labels, count = components(whole)
    pieces, number = components(parts)
    both = (labels > 0) & (pieces > 0)
    meeting = np.bincount(
        labels[both] * (number + 1) + pieces[both], minlength=(count + 1) * (number + 1)
    ).reshape(count + 1, number + 1)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    return bool(((meeting > _SPECK * sizes[:, None]).sum(1) > 1).any())


def _one_sided(pair: _Pair, *, larger: bool) -> str | None:
    """A change that lies on one side of the recommendation, mostly."""
    lean = _lean(pair, pair.grown if larger else pair.shrunk)
    axis = int(np.argmax(np.abs(lean)))
    if abs(lean[axis]) < 0.6:
        return None
    return f"{'larger' if larger else 'smaller'} {_SIDES[axis][int(lean[axis] > 0)]}"


def _lean(pair: _Pair, where: Masks) -> Floats:
    """Mean direction from the middle of the recommendation to some voxels, length up to 1."""
    if not where.any() or not pair.recommended.any():
        return np.zeros(3)
    spacing = np.array(pair.spacing_zyx_mm)
    middle = np.argwhere(pair.recommended).mean(0)
    offset = (np.argwhere(where) - middle) * spacing
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    return np.asarray((offset / np.maximum(length, 1e-9)).mean(0))


def _width(pair: _Pair) -> str:
    number = pair.length(pair.offset)
    if number:
        return f"{'looser' if pair.offset > 0 else 'tighter'}, {number}"
    return "slightly looser" if pair.grown.sum() > pair.shrunk.sum() else "slightly tighter"


def _shift(pair: _Pair) -> str | None:
    """Grown on one side by what it lost on the other."""
    lean = _lean(pair, pair.grown) - _lean(pair, pair.shrunk)
    axis = int(np.argmax(np.abs(lean)))
    if abs(lean[axis]) < 1.0:
        return None
    return f"shifted {_WAYS[axis][int(lean[axis] > 0)]}"


def _roughness(pair: _Pair) -> str | None:
    alternative, recommended = (_outline(mask) for mask in pair.bodies)
    ratio = alternative / max(recommended, 1)
    if 0.95 < ratio < 1.05:
        return None
    return "smoother" if ratio < 1 else "more detailed"


def _outline(mask: Masks) -> int:
    """In-plane length of the border in voxel edges, corners cut.

    Straight edges alone cannot tell a zigzag from a diagonal, so diagonal pairs count too.
    """
    straight = sum(int(np.diff(mask, axis=axis).sum()) for axis in (1, 2))
    diagonal = int((mask[:, 1:, 1:] != mask[:, :-1, :-1]).sum())
    diagonal += int((mask[:, 1:, :-1] != mask[:, :-1, 1:]).sum())
    return 2 * straight + diagonal


def _border_mm(mask: Masks, spacing: Spacing) -> float:
    """Area of the border inside the box, from how often lines along the axes cross it.

    Lines of random direction would cross it in proportion to its area (Cauchy and Crofton); two
    or three directions are enough for a border that runs all ways.
    """
    voxel = float(np.prod(spacing))
    axes = [axis for axis in range(3) if mask.shape[axis] > 1]
    crossed = sum(np.diff(mask, axis=axis).sum() * voxel / spacing[axis] for axis in axes)
    return float(crossed * {1: 1.0, 2: np.pi / 4, 3: 2 / 3}.get(len(axes), 0.0))


def _by_width(pair: _Pair) -> str:
    return pair.length(pair.offset) or "same width"


def _by_side(pair: _Pair) -> str:
    changed = pair.alternative ^ pair.recommended
    lean = _lean(pair, changed)
    axis = int(np.argmax(np.abs(lean)))
    return "all round" if abs(lean[axis]) < 0.3 else _SIDES[axis][int(lean[axis] > 0)]


def _by_size(pair: _Pair) -> str:
    if pair.recommended.any():
        ratio = pair.alternative.sum() / pair.recommended.sum()
        return f"{100 * (ratio - 1):+.1f} % in size"
    dimensions = 2 if pair.alternative.shape[0] == 1 else 3
    voxel = np.prod(pair.spacing_zyx_mm[3 - dimensions :])
    ball = np.pi / 4 if dimensions == 2 else np.pi / 6
    across = (pair.alternative.sum() * voxel / ball) ** (1 / dimensions)
    return f"{pair.length(across / (pair.unit_mm or 1)).lstrip('+')} across"


_DETAILS: tuple[Callable[[_Pair], str], ...] = (_by_width, _by_side, _by_size)
