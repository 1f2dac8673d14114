"""Intensities on a common scale: what every method sees."""

import numpy as np
from numpy.typing import NDArray

from assent.core.image import Image

CT_WINDOWS_HU: dict[str, tuple[float, float]] = {
    "soft tissue": (-160.0, 240.0),
    "lung": (-1350.0, 150.0),
    "bone": (-450.0, 1050.0),
    "brain": (0.0, 80.0),
    "liver": (-40.0, 160.0),
    "mediastinum": (-125.0, 225.0),
}
"""Lower and upper end of the usual CT windows, in HU."""

AIR_HU = -900.0
"""A CT that shows air has voxels below this; rescaled or windowed images do not."""


def to_unit(image: Image) -> NDArray[np.float32]:
    """Intensities in [0, 1], ``(C, D, H, W)`` float32, by one fixed rule.

    CT in HU: the soft-tissue window, widened to the lung window where more than a third of the
    body is lung-like. Anything else: the 0.5th to the 99.5th percentile over all voxels and
    channels, so that colour ratios stay.
    """
    low, high = display_range(image)
    # Maps of diffusion in SI units span less than 1e-8, so no fixed smallest width will do.
    scaled = (image.voxels - np.float32(low)) / np.float32(high - low if high > low else 1.0)
    return np.clip(scaled, 0.0, 1.0, out=scaled)


def to_rgb_unit(image: Image) -> NDArray[np.float32]:
    """As ``to_unit`` with three channels; gray is repeated. ``(3, D, H, W)``."""
    unit = to_unit(image)
    return unit if unit.shape[0] == 3 else np.repeat(unit, 3, axis=0)


def to_gray_unit(image: Image) -> NDArray[np.float32]:
    """Luminance in [0, 1], ``(D, H, W)``; ITU-R BT.601 weights for RGB."""
    unit = to_unit(image)
    if unit.shape[0] == 1:
        return np.asarray(unit[0])
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(np.tensordot(weights, unit, axes=1))


def window(image: Image, low: float, high: float) -> NDArray[np.float32]:
    """Intensities between ``low`` and ``high`` (file units, HU in CT) scaled to [0, 1]."""
    shown = np.clip((image.voxels - low) / max(high - low, 1e-6), 0.0, 1.0)
    return np.asarray(shown, dtype=np.float32)


def display_range(image: Image) -> tuple[float, float]:
    """Lower and upper end of what ``to_unit`` spreads over [0, 1], in the unit of the file."""
    voxels = image.voxels
    step = max(1, voxels.size // 2_000_000)
    sample = voxels.reshape(-1)[::step]
    if image.modality == "CT" and sample.min() < AIR_HU:
        body = sample[sample > -950.0]
        is_chest = body.size > 0 and float(np.mean(body < -500.0)) > 1 / 3
        return CT_WINDOWS_HU["lung" if is_chest else "soft tissue"]
    low, high = np.percentile(sample, [0.5, 99.5])
    return (float(low), float(high)) if high > low else (float(sample.min()), float(sample.max()))
