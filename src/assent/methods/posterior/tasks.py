"""Training tasks in memory: images beside signed distances of every rater's mask.

Masks are kept as signed distances, so that a rater who draws wider, a ragged hand or a zoomed crop
is one threshold away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.transform import resize

from assent.core.case import Case, Split, TaskSource
from assent.core.errors import AssentError
from assent.core.image import Image
from assent.core.intensity import to_rgb_unit
from assent.core.mask import components

STEPS_PER_PIXEL = 8
"""Signed distances are stored as int8 in 1/8 pixel, up to 16 pixels either way."""

SWAPPED_AREA, SWAPPED_FRAME = 0.5, 0.98
"""Shares of the image and of its frame beyond which a mask is taken for its own opposite."""

REACH = 17
"""No distance beyond so many pixels is told from another."""

SLICES = 5
"""Slices taken from each volume, spread evenly over the slices that show the target."""


@dataclass(frozen=True, eq=False)
class Example:
    """One image and what raters drew in it.

    Attributes:
        image: ``(3, H, W)`` uint8.
        distances: Rater to ``(H, W)`` int8 signed distance in 1/8 pixel, negative inside.
        parts: Signed distances of single components, where there are several.
    """

    image: NDArray[np.uint8] = field(repr=False)
    distances: dict[str, NDArray[np.int8]] = field(repr=False)
    parts: tuple[NDArray[np.int8], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Task:
    """One target in one dataset."""

    dataset: str
    target: str
    has_raters: bool
    examples: tuple[Example, ...] = field(repr=False)


@dataclass(frozen=True)
class LeftOut:
    """What training passed over.

    Attributes:
        dataset: Of which set.
        name: Case, target and rater.
        reason: Why.
    """

    dataset: str
    name: str
    reason: str


def what_is_wrong(mask: NDArray[np.bool_]) -> str:
    """Why a mask ``(D, H, W)`` cannot be learned from; "" if it can.

    Object and background seem swapped where the mask covers most of the image and nearly all of
    its frame, and what it leaves free does not reach that frame.
    """
    if not mask.any():
        return "the mask is empty"
    if mask.all():
        return "the mask covers the whole image"
    planes = mask[mask.any((1, 2))]
    frame = np.concatenate([planes[:, [0, -1]].reshape(-1), planes[:, 1:-1, [0, -1]].reshape(-1)])
    if planes.mean() > SWAPPED_AREA and frame.mean() > SWAPPED_FRAME:
        return "object and background of the mask seem swapped"
    return ""


def read_tasks(
    sources: Sequence[TaskSource],
    split: Split,
    *,
    side: int,
    leave_out: Callable[[LeftOut], None] = lambda left_out: None,
) -> list[Task]:
    """All tasks of one split.

    Args:
        sources: Where the cases come from.
        split: Which cases.
        side: Images are reduced so that the longer side is at most so many pixels.
        leave_out: Told what cannot be learned from and is passed over: files that cannot be read,
            masks that are empty, masks whose object and background seem swapped.
    """
    tasks: list[Task] = []
    for source in sources:
        found: dict[str, list[Example]] = {}
        for case in source.cases(split):
            for target, example in _examples(case, source.has_raters, side, leave_out):
                found.setdefault(target, []).append(example)
        tasks += [
            Task(source.name, t, source.has_raters, tuple(e)) for t, e in sorted(found.items())
        ]
    return [task for task in tasks if task.examples]


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Signed distance of ``(H, W)`` bool: int8 in 1/8 pixel, negative inside."""
    found = np.full(mask.shape, 127, np.int8)
    if mask.any():
        part = _around(mask, REACH)
        found[part] = _signed_distance(mask[part])
    return found


def _around(mask: NDArray[np.bool_], reach: int) -> tuple[slice, slice]:
    """The part within ``reach`` pixels of the object: beyond, distances are clipped."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(0, rows[0] - reach), rows[-1] + 1 + reach),
        slice(max(0, columns[0] - reach), columns[-1] + 1 + reach),
    )


def _signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.int8]:
    padded = np.pad(mask, 1, mode="edge")
    outside = ndimage.distance_transform_edt(~padded)[1:-1, 1:-1]
    inside = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] if not mask.all() else 17.0
    distance = np.where(mask, 0.5 - inside, outside - 0.5)
    return np.clip(np.round(distance * STEPS_PER_PIXEL), -127, 127).astype(np.int8)


def _examples(
    case: Case, has_raters: bool, side: int, leave_out: Callable[[LeftOut], None]
) -> list[tuple[str, Example]]:
    try:
        image = case.read_image()
    except AssentError as error:
        leave_out(LeftOut(case.dataset, case.id, str(error)))
        return []
    masks: dict[str, dict[str, NDArray[np.bool_]]] = {}
    for reference in case.references:
        try:
            mask = reference.read()
            reason = what_is_wrong(mask)
        except AssentError as error:
            reason = str(error)
        if reason:
            name = "/".join(filter(None, (case.id, reference.target, reference.rater)))
            leave_out(LeftOut(case.dataset, name, reason))
        else:
            masks.setdefault(reference.target, {})[reference.rater] = mask
    if not masks:
        return []
    pixels = to_rgb_unit(image)
    examples = []
    for target, by_rater in masks.items():
        for index in _slices(image, np.stack(list(by_rater.values()))):
            shown = {rater: mask[index] for rater, mask in by_rater.items()}
            example = _example(pixels[:, index], shown, side, with_parts=not has_raters)
            examples.append((target, example))
    return examples


def _slices(image: Image, masks: NDArray[np.bool_]) -> list[int]:
    if not image.is_volume:
        return [0]
    areas = masks.any(0).sum((1, 2))
    shown = np.flatnonzero(areas > 0.15 * areas.max()) if areas.max() else np.array([], int)
    if len(shown) <= SLICES:
        return [int(i) for i in shown]
    return [int(i) for i in shown[np.linspace(0, len(shown) - 1, SLICES).round().astype(int)]]


def _example(
    pixels: NDArray[np.float32], masks: dict[str, NDArray[np.bool_]], side: int, *, with_parts: bool
) -> Example:
    scale = min(1.0, side / max(pixels.shape[1:]))
    size = tuple(max(16, round(n * scale)) for n in pixels.shape[1:])
    image = np.stack([_resized(channel, size) for channel in pixels])
    small = {rater: _resized(mask.astype(np.float32), size) > 0.5 for rater, mask in masks.items()}
    parts: list[NDArray[np.int8]] = []
    if with_parts:
        labels, count = components(next(iter(small.values()))[None])
        if count > 1:
            areas = np.bincount(labels.ravel())[1:]
            largest = np.argsort(areas)[::-1][:3] + 1
            parts = [signed_distance(labels[0] == k) for k in largest if areas[k - 1] >= 25]
    return Example(
        np.round(image * 255).astype(np.uint8),
        {rater: signed_distance(mask) for rater, mask in small.items()},
        tuple(parts),
    )


def _resized(channel: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    if channel.shape == size:
        return channel
    resized: NDArray[np.float32] = resize(channel, size, order=1, anti_aliasing=True)
    return resized.astype(np.float32)
