"""Masks on the wire: run lengths of a slice, and alternatives as differences within a crop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.mask import to_rle
from assent.interfaces.rest.schemas import Rle

MARGIN = 8
"""Pixels around what a crop shows."""


class Crop(NamedTuple):
    """A part of a slice: rows from ``y``, columns from ``x``."""

    y: int
    x: int
    height: int
    width: int

    def of(self, plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """That part of a slice."""
        return plane[self.y : self.y + self.height, self.x : self.x + self.width]


def rle(plane: NDArray[np.bool_]) -> Rle:
    """Run lengths of a slice ``(H, W)``.

    >>> rle(np.array([[False, True], [True, False]])).runs
    [1, 2, 1]
    """
    return Rle(shape=list(plane.shape), runs=to_rle(plane[None])["runs"])


def check_slice(index: int, count: int) -> None:
    """Refuse a slice that is not there.

    Raises:
        InputError: If it is beyond the last one.
    """
    if index >= count:
        raise InputError(f"There is no slice {index}: the image has {count}, counted from 0.")


def crop_around(plane: NDArray[np.bool_]) -> Crop:
    """What is foreground in a slice, with a margin; the whole slice if nothing is.

    >>> crop_around(np.pad(np.ones((2, 3), bool), 20))
    Crop(y=12, x=12, height=18, width=19)
    """
    rows, columns = np.flatnonzero(plane.any(1)), np.flatnonzero(plane.any(0))
    if not len(rows):
        return Crop(0, 0, *plane.shape)
    top, left = max(rows[0] - MARGIN, 0), max(columns[0] - MARGIN, 0)
    bottom = min(rows[-1] + 1 + MARGIN, plane.shape[0])
    right = min(columns[-1] + 1 + MARGIN, plane.shape[1])
    return Crop(int(top), int(left), int(bottom - top), int(right - left))
