"""Where voxels lie in the patient: one geometry for every reader, writer and method.

Indices are (z, y, x); the world is LPS millimetres (x to the left, y to the back, z to the
head), as in DICOM and ITK. NIfTI's RAS differs by the sign of the first two axes and is
converted once, in its reader.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assent.core.errors import InputError

_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S"}


@dataclass(frozen=True, eq=False)
class Geometry:
    """Size of a voxel grid and its place in the world.

    Attributes:
        shape_dhw: Number of voxels along z, y, x.
        affine: ``(4, 4)`` float64; maps the column (z, y, x, 1) to LPS millimetres.
        calibrated: False when the file carried no physical size: one voxel then counts as
            1 mm, and whoever shows a length must say "pixels".
    """

    shape_dhw: tuple[int, int, int]
    affine: NDArray[np.float64] = field(repr=False)
    calibrated: bool = True

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise InputError(f"A geometry needs a finite 4 x 4 affine; got shape {affine.shape}.")
        # Relative to the voxel's size: voxels of electron microscopes measure nanometres.
        edges = np.linalg.norm(affine[:3, :3], axis=0)
        if abs(np.linalg.det(affine[:3, :3])) <= 1e-6 * np.prod(edges):
            raise InputError("The affine of this image is singular: its voxels have no volume.")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)

    @classmethod
    def from_spacing(
        cls,
        shape_dhw: tuple[int, int, int],
        spacing_zyx_mm: ArrayLike = (1.0, 1.0, 1.0),
        *,
        calibrated: bool = True,
    ) -> "Geometry":
        """An axis-aligned grid at the origin: x to the left, y to the back, z to the head."""
        dz, dy, dx = (float(v) for v in np.asarray(spacing_zyx_mm, dtype=np.float64))
        affine = np.zeros((4, 4))
        affine[0, 2], affine[1, 1], affine[2, 0], affine[3, 3] = dx, dy, dz, 1.0
        return cls(shape_dhw, affine, calibrated)

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float]:
        """Edge lengths of a voxel in mm, along z, y, x."""
        z, y, x = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000.0)

    @property
    def orientation(self) -> str:
        """Anatomical direction of increasing z, y, x, as in ``"SPL"``.

        >>> Geometry.from_spacing((2, 2, 2)).orientation
        'SPL'
        """
        cosines = self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0)
        free = np.abs(cosines)
        letters = ["", "", ""]
        for _ in range(3):
            # The clearest direction first, so that near 45 degrees no letter comes twice.
            axis, column = np.unravel_index(int(np.argmax(free)), free.shape)
            positive = "LPS"[axis]
            letters[column] = positive if cosines[axis, column] > 0 else _OPPOSITE[positive]
            free[axis, :] = free[:, column] = -1.0
        return "".join(letters)

    def to_world_mm(self, index_zyx: ArrayLike) -> NDArray[np.float64]:
        """LPS millimetres of indices ``(..., 3)`` in order (z, y, x); returns ``(..., 3)``."""
        index = np.asarray(index_zyx, dtype=np.float64)
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index_zyx(self, world_mm: ArrayLike) -> NDArray[np.float64]:
        """Fractional indices (z, y, x) of LPS millimetres ``(..., 3)``."""
        inverse = np.linalg.inv(self.affine)
        world = np.asarray(world_mm, dtype=np.float64)
        return np.asarray(world @ inverse[:3, :3].T + inverse[:3, 3])

    def is_close(self, other: "Geometry", *, tolerance_mm: float = 1e-3) -> bool:
        """Whether both grids have the same shape and place, corner by corner."""
        if self.shape_dhw != other.shape_dhw:
            return False
        corners = np.stack(np.meshgrid(*[(0, n - 1) for n in self.shape_dhw]), -1).reshape(-1, 3)
        gap = np.abs(self.to_world_mm(corners) - other.to_world_mm(corners))
        return bool(gap.max() <= tolerance_mm)
