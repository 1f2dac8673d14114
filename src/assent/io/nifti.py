"""NIfTI volumes, read and written."""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import LogRecord
from pathlib import Path
from threading import local
from typing import Any

import nibabel
import numpy as np
from nibabel.imageglobals import logger
from nibabel.openers import Opener
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.io.guard import check_file, check_size, placed_grid, reading, to_float32

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_READING = local()
"""Whether this thread is reading: others may do what they are used to."""
_MM_PER_UNIT = {"meter": 1000.0, "micron": 0.001}


def read_nifti(path: Path) -> Image:
    """A NIfTI-1 or NIfTI-2 volume or slice, scaled by its slope and intercept.

    The sform places it, else the qform, else the voxel size alone. Axes (i, j, k) become
    (x, y, z) in the file's order. Trailing axes of size 1 are dropped.

    Args:
        path: A ``.nii`` or ``.nii.gz`` file.

    Raises:
        InputError: If it has several frames, complex values, or sizes that are partly missing.
        FileFormatError: If it is empty, truncated or no NIfTI.
    """
    check_file(path)
    with reading(path, "a NIfTI volume"), _quiet():
        nifti = nibabel.load(path)
        _check_axes(tuple(int(n) for n in nifti.shape), path.name)
        geometry = _geometry_of(nifti, path)
        return Image(_voxels_of(nifti, geometry, path.name), geometry, name=path.name)


def write_nifti(path: Path, mask: NDArray[np.bool_], geometry: Geometry) -> None:
    """Write a mask as uint8, 0 and 1, under both sform and qform.

    A sheared grid has no qform, so it gets the sform alone. Not atomic: see ``masks.py``.

    Args:
        path: Ends in ``.nii`` or ``.nii.gz``.
        mask: ``(D, H, W)`` bool.
        geometry: Its grid.
    """
    nibabel.save(_placed(mask.astype(np.uint8), geometry), path)


def nifti_bytes(voxels: NDArray[np.generic], geometry: Geometry) -> bytes:
    """A volume as the bytes of an uncompressed NIfTI file.

    Args:
        voxels: ``(D, H, W)`` uint8, int16 or float32.
        geometry: Its grid.
    """
    return bytes(_placed(voxels, geometry).to_bytes())


def _placed(voxels: NDArray[np.generic], geometry: Geometry) -> Any:
    affine = _RAS_TO_LPS @ geometry.affine[:, [2, 1, 0, 3]]
    nifti = nibabel.Nifti1Image(np.ascontiguousarray(voxels.T), affine)
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.allclose(axes.T @ axes, np.eye(3), atol=1e-4):
        nifti.set_qform(affine, code="scanner")
    else:
        nifti.set_qform(None, code="unknown")
    nifti.set_sform(affine, code="scanner")
    nifti.header.set_xyzt_units("mm")
    return nifti


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from printing what it thinks of a header; we say it ourselves."""
    _READING.is_here = True
    try:
        yield
    finally:
        _READING.is_here = False


def _is_to_be_said(_: LogRecord) -> bool:
    return not getattr(_READING, "is_here", False)


logger.addFilter(_is_to_be_said)


def _check_axes(shape: tuple[int, ...], name: str) -> None:
    check_size(name, shape)
    frames = int(np.prod(shape[3:]))
    if frames > 1:
        raise InputError(
            f"{name} has {len(shape)} axes, {' x '.join(map(str, shape))}, that is {frames} frames;"
            " expected one volume. Save one frame as a file of its own, for instance with"
            " nibabel: nibabel.load(...).slicer[..., 0]."
        )


def _geometry_of(nifti: Any, path: Path) -> Geometry:
    sizes = [int(n) for n in nifti.shape[:3]] + [1] * (3 - len(nifti.shape[:3]))
    shape_dhw = (sizes[2], sizes[1], sizes[0])
    stated = _stated_sizes(nifti, path, sizes)
    header = nifti.header
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    affine = np.array(nifti.affine, dtype=np.float64)
    if stated is None:
        if int(header["sform_code"]) == 0:
            return Geometry.from_spacing(shape_dhw, calibrated=False)
    elif not placed:
        affine = np.diag([-stated[0], -stated[1], stated[2], 1.0])
    affine[:3] *= _MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    return placed_grid(shape_dhw, (_RAS_TO_LPS @ affine)[:, [2, 1, 0, 3]], path.name)


def _stated_sizes(nifti: Any, path: Path, sizes: list[int]) -> list[float] | None:
    """Voxel sizes along x, y, z as the header states them; None if it states none at all.

    They are read again, because nibabel replaces a size of zero by one.
    """
    with Opener(path) as file:
        raw = type(nifti.header).from_fileobj(file, check=False)
    stated = [abs(float(v)) for v in raw["pixdim"][1:4]]
    stated = [1.0 if n == 1 and v == 0 else v for n, v in zip(sizes, stated, strict=True)]
    missing = [n > 1 and not (np.isfinite(v) and v > 0) for n, v in zip(sizes, stated, strict=True)]
    if all(m or n == 1 for m, n in zip(missing, sizes, strict=True)) and any(missing):
        return None
    if any(missing) and int(nifti.header["sform_code"]) == 0:
        raise InputError(
            f"{path.name} states a voxel size of {' x '.join(f'{v:g}' for v in stated)} mm;"
            " expected positive sizes. Set its spacing (pixdim) with the tool that wrote it."
        )
    return stated


def _voxels_of(nifti: Any, geometry: Geometry, name: str) -> NDArray[np.float32]:
    """``(C, D, H, W)``; RGB24 files have three channels."""
    depth, height, width = geometry.shape_dhw
    array = np.asarray(nifti.dataobj)
    if array.dtype.names == ("R", "G", "B"):
        array = np.stack([array[c] for c in "RGB"])
    elif array.dtype.kind not in "uif":
        raise InputError(
            f"{name} has values of type {nifti.get_data_dtype()}; expected real numbers or RGB."
            " Save the channel or the magnitude that you need."
        )
    else:
        array = array[None]
    array = array.reshape(array.shape[0], width, height, depth)
    return to_float32(np.transpose(array, (0, 3, 2, 1)))
