"""Noise by the yard: large smooth random fields, made once a process, cut anew for every use."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float32]

CLOTH = 512
"""Side of the fields that are cut from; they wrap round."""

SIZES = (0.0, 0.7, 1.2, 2.0, 3.5, 6.0, 10.0, 18.0, 32.0)
"""Standard deviations of the smoothing in pixels, one field each."""


def grain(rng: np.random.Generator, side: int, size: float) -> Plane:
    """Smooth noise of variance 1, ``(side, side)``.

    Args:
        rng: Where the field is cut, and how it is turned.
        side: In pixels.
        size: Standard deviation of the smoothing in pixels; the nearest of ``SIZES`` is taken.
    """
    found = _cut(rng, side, _field(_nearest(size), 1.0))
    return found.T if rng.random() < 0.5 else found


def fibres(
    rng: np.random.Generator, side: int, size: float, *, upright: bool, stretch: float = 5.0
) -> Plane:
    """As ``grain``, drawn out ``stretch`` times along the columns (``upright``) or the rows."""
    found = _cut(rng, side, _field(_nearest(size), stretch))
    return found if upright else found.T


def _nearest(size: float) -> int:
    return int(np.argmin([abs(np.log((known + 0.3) / (size + 0.3))) for known in SIZES]))


@cache
def _field(index: int, stretch: float) -> Plane:
    rng = np.random.default_rng([index, round(10 * stretch)])
    noise = rng.standard_normal((CLOTH, CLOTH)).astype(np.float32)
    size = SIZES[index]
    if size:
        noise = ndimage.gaussian_filter(noise, (size * stretch, size), mode="wrap")
    return np.asarray(noise / noise.std(), np.float32)


def _cut(rng: np.random.Generator, side: int, field: Plane) -> Plane:
    top, left = rng.integers(CLOTH, size=2)
    rows, columns = np.arange(top, top + side) % CLOTH, np.arange(left, left + side) % CLOTH
    found: Plane = field[np.ix_(rows[:: rng.choice((1, -1))], columns[:: rng.choice((1, -1))])]
    return found
