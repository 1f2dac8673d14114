"""What a simulated annotator would click, box, scribble, pick or judge next.

They see the hidden reference and what is on screen. All chance comes from the generator that
is handed in, so a run repeats exactly from its seed.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core import scribbles
from assent.core.errors import InputError
from assent.core.mask import Spacing, largest_component
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Index, Scribble
from assent.core.scribbles import ScribbleKind
from assent.core.shapes import check_shape

_UNIT: Spacing = (1.0, 1.0, 1.0)


def error_regions(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What is missing and what is too much: false negatives, false positives.

    Args:
        mask: ``(D, H, W)`` bool, the current segmentation.
        reference: ``(D, H, W)`` bool, what the annotator wants.

    Returns:
        Two bool arrays of the same shape.

    Raises:
        ShapeError: If the shapes differ.
    """
    sizes = check_shape("mask", mask, "D H W")
    check_shape("reference", reference, "D H W", **sizes)
    return reference & ~mask, mask & ~reference


def largest_error(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], bool] | None:
    """The largest face-connected error component, and whether it is missing object.

    Returns:
        The component ``(D, H, W)`` bool and True where object is missing, False where there is
        too much; None for a perfect mask. Of equally large ones, missing object comes first.
    """
    best: tuple[NDArray[np.bool_], bool] | None = None
    best_size = 0
    for region, positive in zip(error_regions(mask, reference), (True, False), strict=True):
        if not region.any():
            continue
        box = _bounds(region)
        part = largest_component(region[box])
        size = int(part.sum())
        if size > best_size:
            component = np.zeros_like(region)
            component[box] = part
            best, best_size = (component, positive), size
    return best


def next_click(
    mask: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    spacing_zyx_mm: Spacing = _UNIT,
) -> Click | None:
    """The click that corrects the current mask; None for a perfect one.

    The usual protocol (MultiverSeg, ICCV 2025, section 4; RITM, 2021): the centre of the
    largest error component, that is, where the distance to its border is largest.

    Args:
        mask: ``(D, H, W)`` bool, the current segmentation.
        reference: ``(D, H, W)`` bool, what the annotator wants.
        rng: Breaks ties.
        spacing_zyx_mm: Size of a voxel; unequal sizes make distances physical.

    Raises:
        ShapeError: If the shapes differ.
    """
    error = largest_error(mask, reference)
    if error is None:
        return None
    region, positive = error
    return click_in(region, positive=positive, rng=rng, spacing_zyx_mm=spacing_zyx_mm)


def first_click(
    reference: NDArray[np.bool_], *, rng: np.random.Generator, spacing_zyx_mm: Spacing = _UNIT
) -> Click | None:
    """A positive click in the centre of the reference's largest component; None if empty."""
    return next_click(np.zeros_like(reference), reference, rng=rng, spacing_zyx_mm=spacing_zyx_mm)


def consensus_click(
    references: Sequence[NDArray[np.bool_]] | NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    spacing_zyx_mm: Spacing = _UNIT,
) -> Click | None:
    """One positive click that says which object is meant and favours no rater.

    It lies deepest inside the region on which all raters agree; where that is empty, inside
    the majority's region; where that is empty too, inside what most raters share.

    Args:
        references: R masks ``(D, H, W)`` bool.
        rng: Breaks ties.
        spacing_zyx_mm: Size of a voxel.

    Returns:
        A positive click, or None if every reference is empty.

    Raises:
        InputError: If there is no reference.
        ShapeError: If their shapes differ.
    """
    if len(references) == 0:
        raise InputError("A click where all raters agree needs at least one reference; got none.")
    sizes = check_shape("references[0]", references[0], "D H W")
    votes = np.zeros(references[0].shape, np.int32)
    for number, reference in enumerate(references):
        check_shape(f"references[{number}]", reference, "D H W", **sizes)
        votes += reference
    if not votes.any():
        return None
    everyone, majority = len(references), len(references) // 2 + 1
    needed = next((n for n in (everyone, majority) if votes.max() >= n), int(votes.max()))
    return click_in(votes >= needed, positive=True, rng=rng, spacing_zyx_mm=spacing_zyx_mm)


def click_in(
    region: NDArray[np.bool_],
    *,
    positive: bool,
    rng: np.random.Generator,
    spacing_zyx_mm: Spacing = _UNIT,
) -> Click:
    """A click of the given sign in the middle of a region: furthest from its border.

    The image's edge is a border.

    Args:
        region: ``(D, H, W)`` bool with at least one voxel.
        positive: The sign of the click.
        rng: Breaks ties between equally deep voxels.
        spacing_zyx_mm: Size of a voxel.

    Raises:
        InputError: If the region is empty.
    """
    if not region.any():
        raise InputError("A click needs a region with at least one voxel; this one is empty.")
    box = _bounds(region)
    depth = _depth(region[box], spacing_zyx_mm)
    chosen = region[box] & (depth >= depth.max() * (1.0 - 1e-9))
    z, y, x = _draw(chosen, rng)
    return Click((z + box[0].start, y + box[1].start, x + box[2].start), positive)


def tight_box(reference: NDArray[np.bool_]) -> BoundingBox | None:
    """The smallest box around the reference ``(D, H, W)`` bool; None if it is empty."""
    if not reference.any():
        return None
    z, y, x = _bounds(reference)
    return BoundingBox((z.start, y.start, x.start), (z.stop, y.stop, x.stop))


def next_scribble(
    mask: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    kind: ScribbleKind,
    *,
    rng: np.random.Generator,
) -> Scribble | None:
    """The scribble that corrects the largest error component; None for a perfect mask.

    In a volume it is drawn on the slice where the component is largest.

    Raises:
        ShapeError: If the shapes differ.
        InputError: If the kind is unknown.
    """
    error = largest_error(mask, reference)
    if error is None:
        return None
    region, positive = error
    return scribbles.scribble_in(region, kind, positive=positive, rng=rng)


def best_candidate(
    candidates: Sequence[NDArray[np.bool_]] | NDArray[np.bool_], reference: NDArray[np.bool_]
) -> int:
    """Index of the candidate with the highest Dice; the first of equals.

    Args:
        candidates: K masks ``(D, H, W)`` bool.
        reference: ``(D, H, W)`` bool.

    Raises:
        InputError: If there is no candidate.
        ShapeError: If the shapes differ.
    """
    if len(candidates) == 0:
        raise InputError("There is nothing to pick from: expected at least one candidate, got 0.")
    return int(np.argmax([dice(candidate, reference) for candidate in candidates]))


def lapses(rate: float, *, rng: np.random.Generator) -> bool:
    """Whether attention slips this time. One number is drawn whatever the rate.

    Raises:
        InputError: If the rate is outside [0, 1].
    """
    if not 0.0 <= rate <= 1.0:
        raise InputError(f"A lapse or flip rate must lie between 0 and 1; got {rate}.")
    return bool(rng.random() < rate)


def pick(
    candidates: Sequence[NDArray[np.bool_]] | NDArray[np.bool_],
    reference: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    lapse: float = 0.0,
) -> int:
    """The candidate an annotator would choose: the best one, or in a lapse any of them.

    A lapse chooses uniformly among all K, the best one included, as the choice model has it.

    Raises:
        InputError: If there is no candidate, or the rate is outside [0, 1].
    """
    best = best_candidate(candidates, reference)
    if lapses(lapse, rng=rng):
        return int(rng.integers(len(candidates)))
    return best


def judge(
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    flip: float = 0.0,
) -> Literal["better", "worse"]:
    """Whether the mask got better: if and only if its Dice rises, so a tie is worse.

    Args:
        before: ``(D, H, W)`` bool, the incumbent.
        after: ``(D, H, W)`` bool, the challenger.
        reference: ``(D, H, W)`` bool.
        rng: Decides about flips.
        flip: Probability in [0, 1] that the opposite is answered.

    Raises:
        InputError: If the rate is outside [0, 1].
        ShapeError: If the shapes differ.
    """
    rises = dice(after, reference) > dice(before, reference)
    return "better" if rises != lapses(flip, rng=rng) else "worse"


def _bounds(region: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The smallest box around a non-empty region."""
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(region.any(axis=others))
        sides.append(slice(int(used[0]), int(used[-1]) + 1))
    return sides[0], sides[1], sides[2]


def _depth(region: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float64]:
    """Distance to the nearest voxel outside.

    The array's edge is outside, but not along an axis of one voxel, as a 2D image's depth.
    """
    pad = [(1, 1) if size > 1 else (0, 0) for size in region.shape]
    if not any(before for before, _ in pad):
        return region.astype(np.float64)
    depth = ndimage.distance_transform_edt(np.pad(region, pad), sampling=spacing)
    inner = tuple(
        slice(before, before + size) for (before, _), size in zip(pad, region.shape, strict=True)
    )
    return np.asarray(depth[inner], dtype=np.float64)


def _draw(region: NDArray[np.bool_], rng: np.random.Generator) -> Index:
    """A random voxel of a non-empty region."""
    flat = np.flatnonzero(region)
    return _index(np.array(np.unravel_index(flat[rng.integers(flat.size)], region.shape)))


def _index(values: NDArray[np.generic]) -> Index:
    z, y, x = (int(v) for v in values)
    return z, y, x
