"""Masks over images: fills, outlines and differences, as plain RGB arrays.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any common
colour vision can tell apart; what matters is also told by shape or by an outline.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Rgb = NDArray[np.uint8]
Colour = tuple[int, int, int]

ADDED: Colour = (86, 180, 233)
"""Sky blue: inside the alternative only."""

REMOVED: Colour = (230, 159, 0)
"""Orange: inside the recommendation only."""

OBJECT: Colour = (0, 158, 115)
"""Bluish green: the recommended mask."""

REFERENCE: Colour = (240, 228, 66)
"""Yellow: a rater's mask, where one is known."""

POSITIVE: Colour = (0, 158, 115)
"""Bluish green, drawn as a plus: here is the object."""

NEGATIVE: Colour = (204, 60, 150)
"""Magenta, drawn as a minus: here it is not."""

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def to_rgb(plane: NDArray[np.float32]) -> Rgb:
    """Gray or RGB intensities in [0, 1], ``(C, H, W)``, as ``(H, W, 3)`` uint8."""
    scaled = np.round(np.clip(plane, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(np.moveaxis(scaled, 0, -1), (*plane.shape[1:], 3)))


def fill(rgb: Rgb, mask: NDArray[np.bool_], colour: Colour, *, opacity: float = 0.35) -> Rgb:
    """The picture with a translucent colour where the mask is; ``mask`` is ``(H, W)``."""
    painted = rgb.copy()
    inside = rgb[mask].astype(np.float32)
    mixed = (1.0 - opacity) * inside + opacity * np.array(colour, np.float32)
    painted[mask] = np.round(mixed).astype(np.uint8)
    return painted


def outline(mask: NDArray[np.bool_], *, width: int = 1) -> NDArray[np.bool_]:
    """The outermost ``width`` pixels inside the mask; the edge of the picture is no border."""
    core: NDArray[np.bool_] = ndimage.binary_erosion(mask, iterations=width, border_value=1)
    return mask & ~core


def contour(rgb: Rgb, mask: NDArray[np.bool_], colour: Colour = WHITE, *, width: int = 1) -> Rgb:
    """The mask's border as a double line, black outside and ``colour`` inside.

    One of the two lines shows on any image, dark or bright.
    """
    painted = rgb.copy()
    around = ndimage.binary_dilation(mask, iterations=width) & ~mask
    painted[around] = BLACK
    painted[outline(mask, width=width)] = colour
    return painted


def difference(
    rgb: Rgb,
    mask: NDArray[np.bool_],
    base: NDArray[np.bool_],
    *,
    opacity: float = 0.6,
) -> Rgb:
    """What ``mask`` adds to ``base`` in blue and what it removes in orange."""
    painted = fill(rgb, mask & ~base, ADDED, opacity=opacity)
    return fill(painted, base & ~mask, REMOVED, opacity=opacity)
