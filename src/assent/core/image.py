"""An image: intensities with geometry, 2D and 3D alike."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.core.shapes import check_shape


@dataclass(frozen=True, eq=False)
class Image:
    """Intensities on a grid. A 2D image is a volume of one slice.

    Attributes:
        voxels: ``(C, D, H, W)`` float32; C = 1 (gray, or HU in CT) or 3 (RGB). Values as in the
            file; 8-bit pictures are 0..255.
        geometry: Grid and place; ``geometry.shape_dhw`` equals ``(D, H, W)``.
        modality: "CT", "MR", … where the file says so, else "".
        name: For people to read; never a patient's name.
        window: Centre and width to show it in first, in the unit of the voxels, where the file asks
            for one.

    Raises:
        InputError: If a voxel is NaN or infinite, an axis is empty, or C is neither 1 nor 3.
    """

    voxels: NDArray[np.float32] = field(repr=False)
    geometry: Geometry
    modality: str = ""
    name: str = "image"
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        depth, height, width = self.geometry.shape_dhw
        sizes = check_shape("voxels", self.voxels, "C D H W", D=depth, H=height, W=width)
        if sizes["C"] not in {1, 3}:
            raise InputError(
                f"{self.name} has {sizes['C']} channels; expected 1 (gray) or 3 (RGB)."
                " Save the channels that you need as a file of their own."
            )
        if self.voxels.size == 0:
            raise InputError(f"{self.name} has no voxels: (D, H, W) = {self.geometry.shape_dhw}.")
        voxels = np.ascontiguousarray(self.voxels, dtype=np.float32)
        if not np.isfinite(voxels).all():
            bad = int((~np.isfinite(voxels)).sum())
            found = "a voxel that is" if bad == 1 else f"{bad} voxels that are"
            raise InputError(
                f"{self.name} has {found} NaN or infinite; expected finite intensities."
                " Export it again, or replace what is not finite first."
            )
        if voxels is self.voxels:
            voxels = voxels.view()
        voxels.setflags(write=False)
        object.__setattr__(self, "voxels", voxels)

    @property
    def shape_dhw(self) -> tuple[int, int, int]:
        """Number of voxels along z, y, x."""
        return self.geometry.shape_dhw

    @property
    def is_volume(self) -> bool:
        """Whether there is more than one slice."""
        return self.shape_dhw[0] > 1

    @cached_property
    def content_id(self) -> str:
        """SHA-256 of intensities and grid: equal images have equal ids, whatever their file."""
        digest = hashlib.sha256()
        digest.update(repr((self.voxels.shape, self.geometry.calibrated)).encode())
        digest.update(np.round(self.geometry.affine, 6).tobytes())
        digest.update(self.voxels.tobytes())
        return digest.hexdigest()


def from_array(
    array: NDArray[np.generic],
    *,
    spacing_zyx_mm: tuple[float, float, float] | None = None,
    name: str = "image",
) -> Image:
    """An image of a plain array: ``(H, W)``, ``(H, W, 3)`` or ``(D, H, W)``.

    Without a spacing the geometry is uncalibrated.

    Raises:
        InputError: If the array has another number of axes.

    >>> from_array(np.zeros((4, 5))).shape_dhw
    (1, 4, 5)
    """
    if array.ndim == 2:
        voxels = array[None, None]
    elif array.ndim == 3 and array.shape[-1] == 3:
        voxels = np.moveaxis(array, -1, 0)[:, None]
    elif array.ndim == 3:
        voxels = array[None]
    else:
        raise InputError(f"{name} has {array.ndim} axes; expected (H, W), (H, W, 3) or (D, H, W).")
    depth, height, width = voxels.shape[1:]
    geometry = Geometry.from_spacing(
        (depth, height, width), spacing_zyx_mm or (1.0, 1.0, 1.0), calibrated=bool(spacing_zyx_mm)
    )
    return Image(np.asarray(voxels, dtype=np.float32), geometry, name=name)
