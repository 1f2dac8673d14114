"""Scribbles as people draw them: lines, centrelines and contours, warped and broken.

After ScribblePrompt (Wong et al., ECCV 2024, section 3.2 and appendix): a thin curve is laid
into the region, bent by a smooth random displacement, broken where smooth noise is low, and
clipped to the region it marks. Here the displacement shrinks towards the border, so that the
curve fits a vessel as well as a liver.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.errors import InputError
from assent.core.prompts import Scribble
from assent.core.shapes import check_shape

ScribbleKind = Literal["line", "centreline", "contour"]

KINDS: tuple[ScribbleKind, ...] = ("line", "centreline", "contour")
"""Every kind of scribble."""

LARGEST_WARP_PX = 6.0
"""Upper end of the displacement, as in ScribblePrompt; near the border it is less."""

LARGEST_GAP_SHARE = 0.5
"""At most this share of a curve is broken away."""

PEN_RADIUS_PX = 0.75
"""Half the width of the curve; below 0.71 a diagonal line falls into dots."""


def scribble_in(
    region: NDArray[np.bool_], kind: ScribbleKind, *, positive: bool, rng: np.random.Generator
) -> Scribble:
    """A scribble of the given sign inside a region, never empty and never outside it.

    Args:
        region: ``(D, H, W)`` bool with at least one voxel. In a volume the scribble lies on the
            slice where the region is largest.
        kind: "line" joins two random points, "centreline" follows the skeleton, "contour"
            runs along the border at a random distance inside.
        positive: The sign of the scribble.
        rng: Source of all chance.

    Raises:
        InputError: If the region is empty or the kind unknown.
        ShapeError: If the region does not have three axes.
    """
    check_shape("region", region, "D H W")
    if kind not in KINDS:
        raise InputError(f"Unknown scribble kind {kind!r}; expected one of {', '.join(KINDS)}.")
    areas = region.sum(axis=(1, 2))
    index = int(areas.argmax())
    if areas[index] == 0:
        raise InputError("A scribble needs a region with at least one voxel; this one is empty.")
    rows, columns = (np.flatnonzero(region[index].any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    plane = region[index, top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    points = np.argwhere(_draw(np.pad(plane, 1), kind, rng))
    moved = [(index, top + int(row) - 1, left + int(column) - 1) for row, column in points]
    return Scribble(tuple(moved), positive)


def _draw(
    plane: NDArray[np.bool_], kind: ScribbleKind, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The pixels of a scribble in a plane ``(H, W)`` whose outermost pixels are outside."""
    depth = ndimage.distance_transform_edt(plane)
    match kind:
        case "line":
            curve = _line(plane, rng)
        case "centreline":
            curve = _centreline(plane, depth)
        case "contour":
            curve = _contour(plane, depth, rng)
    bent = _warp(curve, depth, rng) & plane
    bent = bent if bent.any() else curve
    broken = _break(bent, rng)
    return broken if broken.any() else bent


def _line(plane: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A straight line between two random points of the region, where it is inside."""
    points = np.argwhere(plane)
    start, end = points[rng.integers(len(points), size=2)]
    steps = int(np.abs(end - start).max()) + 1
    path = np.rint(np.linspace(start, end, steps)).astype(np.int64)
    line = np.zeros_like(plane)
    line[path[:, 0], path[:, 1]] = True
    return line & plane


def _centreline(plane: NDArray[np.bool_], depth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The skeleton; the deepest pixel where thinning leaves nothing."""
    from skimage.morphology import skeletonize  # noqa: PLC0415 - slow to load

    skeleton = np.asarray(skeletonize(plane), dtype=np.bool_) & plane
    return skeleton if skeleton.any() else plane & (depth >= depth.max())


def _contour(
    plane: NDArray[np.bool_], depth: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The border of the blurred region above a random level."""
    blur = max(0.5, float(depth.max()) * rng.uniform(0.2, 0.8))
    blurred = ndimage.gaussian_filter(plane.astype(np.float64), blur)
    values = blurred[plane]
    level = rng.uniform(values.min(), values.min() + 0.8 * (values.max() - values.min()))
    inner = plane & (blurred >= level)
    return np.asarray(inner & ~ndimage.binary_erosion(inner), dtype=np.bool_)


def _warp(
    curve: NDArray[np.bool_], depth: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The curve bent by a smooth displacement, as wide as a pen.

    The distance to the curve is resampled rather than the curve, so that it does not tear, and
    nothing moves further than the border is away, so that it is not pushed out.
    """
    distance = ndimage.distance_transform_edt(~curve)
    largest = rng.uniform(1.0, LARGEST_WARP_PX)
    smoothing = rng.uniform(4.0, 16.0)
    shift = np.stack([_smooth_noise(curve.shape, smoothing, rng) for _ in range(2)])
    reach = np.minimum(largest, 0.7 * depth)
    where = np.indices(curve.shape) + reach * np.clip(shift / 2.0, -1.0, 1.0)
    bent = ndimage.map_coordinates(distance, where, order=1, mode="nearest")
    return np.asarray(bent <= PEN_RADIUS_PX, dtype=np.bool_)


def _break(curve: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The curve without the stretches where smooth noise is lowest."""
    noise = _smooth_noise(curve.shape, rng.uniform(4.0, 16.0), rng)
    level = np.quantile(noise[curve], rng.uniform(0.0, LARGEST_GAP_SHARE))
    return np.asarray(curve & (noise >= level), dtype=np.bool_)


def _smooth_noise(
    shape: tuple[int, ...], smoothing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Gaussian noise of the given smoothness in pixels, with standard deviation 1."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), smoothing, mode="wrap")
    spread = float(noise.std())
    return np.asarray((noise - noise.mean()) / spread if spread > 1e-12 else np.zeros(shape))
