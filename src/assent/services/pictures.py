"""What a browser is shown of an image: slices, thumbnails, uncertainty, whole volumes."""

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.image import Image
from assent.core.intensity import display_range
from assent.io.nifti import nifti_bytes
from assent.services.originals import Original, Originals
from assent.services.recent import Recent

Axis = Literal["z", "y", "x"]
AXES: tuple[Axis, ...] = ("z", "y", "x")
FASTEST = 1
"""Of zlib's levels: on loopback a smaller file saves less time than it costs."""


@dataclass(frozen=True)
class Intensities:
    """Which values an image has: all of them, and those to show at first."""

    low: float
    high: float
    shown: tuple[float, float]


@dataclass(frozen=True)
class Look:
    """Which slice, and how: ``window`` holds center and width, or None for those of the image."""

    axis: Axis
    index: int
    window: tuple[float, float] | None = None


class Pictures:
    """Draws what a browser can show."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._ranges = Recent[str, Intensities](10_000, lambda _: 1)

    def intensities(self, original: Original) -> Intensities:
        """Which values the image has.

        Raises:
            AssentError: As ``Originals.read``.
        """
        known = self._ranges.get(original.digest)
        if known is None:
            image = self._originals.read(original)
            low, high = float(image.voxels.min()), float(image.voxels.max())
            known = Intensities(low, high, display_range(image))
            self._ranges.put(original.digest, known)
        return known

    def slice(self, original: Original, look: Look) -> bytes:
        """A slice as PNG, gray or RGB; a pixel is a voxel.

        Raises:
            InputError: If there is no such slice, or the window has no width.
            AssentError: As ``Originals.read``.
        """
        image = self._originals.read(original)
        return png(self._drawn(original, image, look))

    def thumbnail(self, original: Original, size: int) -> bytes:
        """The middle slice as PNG, its longest side at most ``size`` pixels, in its true ratio.

        Raises:
            AssentError: As ``Originals.read``.
        """
        image = self._originals.read(original)
        look = Look("z", image.shape_dhw[0] // 2)
        small = PIL.Image.fromarray(self._drawn(original, image, look))
        _, tall, wide = image.geometry.spacing_zyx_mm
        height, width = small.height * tall, small.width * wide
        scale = size / max(height, width)
        new = (max(round(width * scale), 1), max(round(height * scale), 1))
        return _saved(small.resize(new, PIL.Image.Resampling.BILINEAR))

    def volume(self, original: Original) -> bytes:
        """All voxels as NIfTI; colour becomes gray.

        Raises:
            AssentError: As ``Originals.read``.
        """
        image = self._originals.read(original)
        return nifti_bytes(image.voxels.mean(0, dtype=np.float32), image.geometry)

    def mask(self, original: Original, mask: NDArray[np.bool_]) -> bytes:
        """A mask on the grid of an image as NIfTI, 0 and 1.

        Raises:
            AssentError: As ``Originals.read``.
        """
        return nifti_bytes(mask.astype(np.uint8), self._originals.read(original).geometry)

    def _drawn(self, original: Original, image: Image, look: Look) -> NDArray[np.uint8]:
        axis = AXES.index(look.axis)
        count = image.shape_dhw[axis]
        if not 0 <= look.index < count:
            raise InputError(
                f"There is no slice {look.index} along {look.axis}: {original.name} has {count},"
                " counted from 0."
            )
        plane = np.take(image.voxels, look.index, axis=axis + 1)
        low, high = self.intensities(original).shown
        if look.window is not None:
            center, width = look.window
            if not (np.isfinite(center) and np.isfinite(width) and width > 0):
                raise InputError("A window needs a finite center and a width above 0.")
            low, high = center - width / 2, center + width / 2
        scaled = np.clip((plane - low) * (255.0 / max(high - low, 1e-30)), 0, 255)
        gray_or_colour = scaled[0] if len(scaled) == 1 else np.moveaxis(scaled, 0, -1)
        return np.asarray(np.rint(gray_or_colour), np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture ``(H, W)`` or ``(H, W, 3)`` as PNG."""
    return _saved(PIL.Image.fromarray(np.ascontiguousarray(pixels)))


def _saved(picture: PIL.Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=FASTEST)
    return buffer.getvalue()
