"""How a made-up rater draws: stable habits, and a hand that trembles a little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.mask import Spacing, signed_distance_mm


@dataclass(frozen=True)
class Habit:
    """What one rater does on every image.

    Attributes:
        rater: Name of the rater.
        margin_mm: How much wider than the true border; negative is tighter.
        smoothing_mm: Detail below this length is rounded off; the size stays.
        extras: Whether satellites, or fine branches, belong to the object.
        hand_px: Standard deviation of the tremor, in voxels of the finest axis.
    """

    rater: str
    margin_mm: float = 0.0
    smoothing_mm: float = 0.0
    extras: bool = False
    hand_px: float = 0.6


def draw(
    habit: Habit,
    core: NDArray[np.bool_],
    extras: NDArray[np.bool_],
    *,
    spacing_zyx_mm: Spacing,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """A rater's mask of an object.

    Args:
        habit: Who draws.
        core: ``(D, H, W)`` bool, what everybody sees as the object.
        extras: ``(D, H, W)`` bool, what some count in.
        spacing_zyx_mm: Size of a voxel.
        rng: Source of the tremor.

    Returns:
        ``(D, H, W)`` bool; empty only if the object is.
    """
    region = core | extras if habit.extras else core
    if not region.any():
        return region.copy()
    distance = signed_distance_mm(region, spacing_zyx_mm)
    if habit.smoothing_mm > 0:
        widths = [
            habit.smoothing_mm / step if size > 1 else 0.0
            for step, size in zip(spacing_zyx_mm, region.shape, strict=True)
        ]
        distance = ndimage.gaussian_filter(distance, widths)
        # Smoothing shrinks what is convex; the habit is to round off, not to draw tighter.
        distance -= np.quantile(distance, region.mean())
    tremor_mm = habit.hand_px * min(spacing_zyx_mm)
    drawn = distance + tremor_mm * _tremor(region.shape, rng) < habit.margin_mm
    return np.asarray(drawn if drawn.any() else region, dtype=np.bool_)


def _tremor(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise with standard deviation 1 that changes over a few voxels."""
    widths = [4.0 if size > 1 else 0.0 for size in shape]
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), widths, mode="wrap")
    return np.asarray(noise / max(float(noise.std()), 1e-12), dtype=np.float64)
