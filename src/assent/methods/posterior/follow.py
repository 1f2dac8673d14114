"""From one slice to the next: what a neighbour's mask lends, and whether the object has ended."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.methods.posterior.channels import Marks, empty_marks
from assent.methods.posterior.window import lent_reach

LEAST_PIXELS = 8
"""An object smaller than this on a working slice has ended."""

LEAST_OVERLAP = 0.25
"""An object that overlaps its neighbour's mask less than this (Dice) has ended."""

LEAST_SHARE = 0.1
"""An object smaller than this share of its size where following started has ended: what is left of
it is its tip, or something else that its tip led to."""

LEAST_CONTRAST = 0.1
"""Object and surroundings that differ less in intensity cannot be told apart by it."""

Plane = NDArray[np.float32]


def carried(mask: NDArray[np.bool_], drawn: Marks | None) -> Marks:
    """Seeds that a neighbour's mask lends: its core, and what lies clearly outside.

    Args:
        mask: ``(h, w)``, not empty.
        drawn: What was drawn on the slice itself, which counts more.
    """
    marks = empty_marks(1, *mask.shape)
    free = mask if drawn is None else mask & ~drawn.negative[0]
    depth = ndimage.distance_transform_edt(free if free.any() else mask)
    # A thin object has no pixel two pixels deep, and keeps its deepest ones.
    marks.positive[0] = mask & (depth >= min(depth.max(), max(2.0, 0.6 * depth.max())))
    marks.negative[0] = _frame(mask)
    if drawn is None:
        return marks
    return Marks(
        (marks.positive & ~drawn.negative) | drawn.positive,
        (marks.negative & ~drawn.positive) | drawn.negative,
        drawn.box,
    )


def bounded(mask: NDArray[np.bool_], drawn: Marks) -> Marks | None:
    """What is drawn on a slice on which an object was lost, with what the neighbour lends to it.

    It lends what lies clearly outside alone: its core no longer looks like the object there.

    Args:
        mask: Of the neighbour, ``(h, w)``, not empty.
        drawn: What was drawn on the slice itself.

    Returns:
        Marks of the slice; None where something else may be meant, because no positive mark is
        drawn, or one lies beyond what the neighbour calls outside, or a box says more.
    """
    frame, near = _frame(mask), np.zeros_like(mask)
    near[_reached(mask)] = True
    positive = drawn.positive[0] & near
    if not positive.any() or (drawn.positive[0] & ~near).any() or drawn.box.any():
        return None
    outside = (frame & ~drawn.positive[0]) | drawn.negative[0]
    return Marks(drawn.positive, outside[None], drawn.box)


def _reached(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The rectangle up to the frame around a mask, as far as it lies on the slice."""
    reach = lent_reach(mask)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(0, rows[0] - reach), rows[-1] + reach),
        slice(max(0, columns[0] - reach), columns[-1] + reach),
    )


def _frame(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A rectangle of one pixel's width around a mask, as far as it lies on the slice."""
    rows, columns = _reached(mask)
    frame = np.zeros_like(mask)
    frame[rows.start, columns] = True
    frame[rows.stop - 1 : rows.stop, columns] = True
    frame[rows, columns.start] = True
    frame[rows, columns.stop - 1 : columns.stop] = True
    return frame & ~mask


@dataclass(frozen=True, eq=False)
class Looks:
    """Mean colours of an object and of what surrounds it, ``(3,)`` each; None without either."""

    inside: NDArray[np.float64] = field(repr=False)
    around: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, plane: Plane, marks: Marks) -> "Looks | None":
        """Under the seeds of a slice ``(3, h, w)``."""
        core, around = marks.positive[0], marks.negative[0]
        if not (core.any() and around.any()):
            return None
        return cls(plane[:, core].mean(1), plane[:, around].mean(1))

    @property
    def contrast(self) -> float:
        """Distance of the two colours."""
        return float(np.linalg.norm(self.inside - self.around))


def is_gone(here: Looks | None, there: Looks | None, start: Looks | None, share: float) -> bool:
    """Whether an object has ended before a slice.

    Lent seeds always find something, so where an object ends must be seen before they are used.

    Args:
        here: Colours on the slice in question, under what the neighbour lends.
        there: The same seeds on the neighbour.
        start: Colours on the slice from which the object is followed.
        share: Size of the neighbour's mask against that on the slice of the start.
    """
    if share < LEAST_SHARE:
        return True
    if here is None or there is None:
        return False
    if there.contrast >= LEAST_CONTRAST:
        change = np.linalg.norm(here.inside - there.inside)
        if 2 * np.linalg.norm(here.inside - there.around) < change:
            return True
    if start is None or start.contrast < LEAST_CONTRAST:
        return False
    # Slice after slice an end differs a little only: the object fades, or what is left of it is
    # hardly told from what surrounds it.
    faded = float(np.linalg.norm(here.inside - start.inside))
    return 2 * here.contrast < start.contrast < 2 * faded or (
        share < 0.5 and 3 * here.contrast < start.contrast
    )
