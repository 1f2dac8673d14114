"""Logits of every slice for any z: the network's answer to image, prompts and context.

Slices that were told where the object is are segmented from their prompts. From there the object
is followed slice by slice: each slice sees its neighbour's mask as the previous mask, seeds that
this mask lends, and its own prompts where they only say what is outside. With finished images as
context every slice is read from them first, and following replaces only what it reaches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from assent.core.prompts import Prompt
from assent.methods.posterior.channels import Marks, empty_marks
from assent.methods.posterior.grid import WorkingGrid, draw_marks, marked_slices

ABSENT = -8.0
"""Mean logit of a slice that holds no object."""

LEAST_PIXELS = 8
"""An object smaller than this on a working slice has ended."""

LEAST_OVERLAP = 0.25
"""An object that overlaps its neighbour's mask less than this (Dice) has ended."""

LEAST_CONTRAST = 0.1
"""Object and surroundings that differ less in intensity cannot be told apart by it."""


@dataclass(frozen=True, eq=False)
class Field:
    """Low-rank logits on the working grid.

    Attributes:
        mean: ``(D, h, w)`` float32.
        directions: ``(d, D, h, w)`` float16 for volumes, float32 for single slices.
    """

    mean: NDArray[np.float32] = field(repr=False)
    directions: NDArray[np.floating] = field(repr=False)

    @property
    def latent(self) -> int:
        """Number of directions."""
        return int(self.directions.shape[0])

    def logits(self, z: NDArray[np.float64], index: int) -> NDArray[np.float32]:
        """Logits of particles ``(S, d)`` on one slice, ``(S, h, w)``."""
        flat = self.directions[:, index].reshape(self.latent, -1).astype(np.float32)
        values = np.asarray(z, np.float32) @ flat + self.mean[index].reshape(-1)
        return np.asarray(values.reshape(len(z), *self.mean.shape[1:]))


Plane = NDArray[np.float32]

Solver = Callable[[int, Marks, Plane | None], tuple[Plane, Plane]]
"""(slice, marks, previous probability) to mean ``(h, w)`` and directions ``(d, h, w)``."""


def solve_field(
    planes: Tensor,
    prompts: Sequence[Prompt],
    grid: WorkingGrid,
    solver: Solver,
    *,
    previous: Plane | None,
    has_context: bool,
    latent: int,
) -> Field:
    """Logits of all slices.

    Args:
        planes: ``(D, 3, h, w)`` working planes.
        prompts: All prompts that hold.
        grid: The working grid.
        solver: Segments one slice.
        previous: ``(D, h, w)`` probability of the last round, or None in a first round.
        has_context: Whether the solver knows finished images.
        latent: Number of directions.
    """
    depth = len(planes)
    kind = np.float32 if depth == 1 else np.float16
    mean = np.full((depth, *planes.shape[2:]), ABSENT, np.float32)
    directions = np.zeros((latent, depth, *planes.shape[2:]), kind)

    def put(index: int, marks: Marks, before: Plane | None) -> None:
        mean[index], solved = solver(index, marks, before)
        directions[:, index] = solved

    def put_alone(index: int) -> None:
        before = None if previous is None else previous[index]
        put(index, draw_marks(prompts, index, grid), before)

    marks = {index: draw_marks(prompts, index, grid) for index in marked_slices(prompts)}
    told = _told(marks, has_context)
    for index in range(depth) if depth == 1 or has_context else told:
        put_alone(index)
    for start, stop, step in _paths(told, depth):
        ended = _follow(mean, put, marks, range(start, stop, step), planes)
        if ended is not None and has_context:
            put_alone(ended)
        elif ended is not None:
            mean[ended], directions[:, ended] = ABSENT, 0.0
    return Field(mean, directions)


def _told(marks: Mapping[int, Marks], has_context: bool) -> list[int]:
    """Slices from which the object is followed.

    Where only the outside was marked, what is inside must come from a neighbour or the context;
    without either, from the slice itself.
    """
    told = [k for k in marks if marks[k].positive.any() or marks[k].box.any()]
    return told if told or has_context else list(marks)


def _paths(drawn: Sequence[int], depth: int) -> list[tuple[int, int, int]]:
    """From each marked slice up and down, half way to the next marked one or to the end."""
    paths = []
    for place, index in enumerate(drawn):
        below = (drawn[place - 1] + index) // 2 if place else -1
        above = (index + drawn[place + 1]) // 2 + 1 if place + 1 < len(drawn) else depth
        paths += [(index, above, 1), (index, below, -1)]
    return paths


def _follow(
    mean: Plane,
    put: Callable[[int, Marks, Plane | None], None],
    drawn: Mapping[int, Marks],
    path: range,
    planes: Tensor,
) -> int | None:
    """Segment slice after slice; returns the one on which the object was lost, if any."""
    before = mean[path[0]] > 0
    for index in path[1:]:
        if before.sum() < LEAST_PIXELS:
            return None
        marks = _carried(before, drawn.get(index))
        if _is_gone(marks, planes[index - path.step].numpy(), planes[index].numpy()):
            return index
        probability = 1.0 / (1.0 + np.exp(-np.clip(mean[index - path.step], -30, 30)))
        put(index, marks, probability.astype(np.float32))
        found = mean[index] > 0
        overlap = 2.0 * (found & before).sum() / max(1, found.sum() + before.sum())
        if overlap < LEAST_OVERLAP:
            return index
        before = found
    return None


def _is_gone(marks: Marks, there: Plane, here: Plane) -> bool:
    """Whether the core of a neighbour's object looks like that object's surroundings here.

    Lent seeds always find something, so where an object ends must be seen before they are used.

    Args:
        marks: Lent by the neighbour.
        there: ``(3, h, w)`` the neighbour.
        here: ``(3, h, w)`` the slice in question.
    """
    core, around = marks.positive[0], marks.negative[0]
    if not (core.any() and around.any()):
        return False
    inside, outside = there[:, core].mean(1), there[:, around].mean(1)
    if np.linalg.norm(inside - outside) < LEAST_CONTRAST:
        return False
    found = here[:, core].mean(1)
    return bool(2 * np.linalg.norm(found - outside) < np.linalg.norm(found - inside))


def _carried(mask: NDArray[np.bool_], drawn: Marks | None) -> Marks:
    """Seeds that a neighbour's mask lends: its core, and what lies clearly outside.

    What was drawn on the slice itself counts more.
    """
    marks = empty_marks(1, *mask.shape)
    free = mask if drawn is None else mask & ~drawn.negative[0]
    depth = ndimage.distance_transform_edt(free if free.any() else mask)
    # A thin object has no pixel two pixels deep, and keeps its deepest ones.
    marks.positive[0] = mask & (depth >= min(depth.max(), max(2.0, 0.6 * depth.max())))
    reach = max(6, int(0.5 * np.sqrt(mask.sum())))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = max(0, rows[0] - reach), max(0, columns[0] - reach)
    marks.negative[0, top, left : columns[-1] + reach] = True
    marks.negative[0, rows[-1] + reach - 1 : rows[-1] + reach, left : columns[-1] + reach] = True
    marks.negative[0, top : rows[-1] + reach, left] = True
    marks.negative[0, top : rows[-1] + reach, columns[-1] + reach - 1 : columns[-1] + reach] = True
    marks.negative[0] &= ~mask
    if drawn is None:
        return marks
    return Marks(
        (marks.positive & ~drawn.negative) | drawn.positive,
        (marks.negative & ~drawn.positive) | drawn.negative,
        drawn.box,
    )
