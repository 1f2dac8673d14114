"""Writing masks in the geometry of the image, whole or not at all."""

import io
from pathlib import Path

import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.io.atomic import replacing, write_bytes
from assent.io.itk import write_itk
from assent.io.nifti import write_nifti

MASK_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".png", ".tif", ".tiff")
"""What ``write_mask`` can write; a DICOM SEG needs its source: see ``dicom_seg.py``."""


def write_mask(path: Path, mask: NDArray[np.bool_], geometry: Geometry) -> None:
    """Write a mask; the suffix chooses the format.

    Volumes carry 0 and 1 with the geometry; PNG (one slice) and TIFF (one page per slice) carry
    0 and 255 without it.

    Args:
        path: Ends in one of ``MASK_SUFFIXES``.
        mask: ``(D, H, W)`` bool.
        geometry: Its grid: that of the image.

    Raises:
        InputError: If the sizes differ, the format cannot hold the mask, or the folder cannot be
            written.
    """
    if mask.shape != geometry.shape_dhw:
        raise InputError(
            f"The mask for {path.name} has (D, H, W) = {mask.shape}; expected"
            f" {geometry.shape_dhw}, the size of its image. Use the mask of this image."
        )
    suffix = next((s for s in MASK_SUFFIXES if path.name.lower().endswith(s)), None)
    if suffix is None:
        raise InputError(
            f"{path.name} is no name for a mask: expected one of {', '.join(MASK_SUFFIXES)}."
            " Choose one of these."
        )
    if suffix == ".png":
        write_bytes(path, _png(mask, path.name))
    elif suffix in {".tif", ".tiff"}:
        write_bytes(path, _tiff(mask))
    else:
        write = write_nifti if suffix.startswith(".nii") else write_itk
        with replacing(path) as temporary:
            write(temporary, mask, geometry)


def mask_suffix(source: Path, geometry: Geometry) -> str:
    """The suffix under which a mask of that image is best kept.

    >>> mask_suffix(Path("case.jpg"), Geometry.from_spacing((1, 4, 4)))
    '.png'
    >>> mask_suffix(Path("series"), Geometry.from_spacing((3, 4, 4)))
    '.nii.gz'
    """
    name = source.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        return ".nrrd"
    if name.endswith((".mha", ".mhd")):
        return ".mha"
    if name.endswith((".tif", ".tiff")):
        return ".tif"
    return ".png" if name.endswith((".png", ".jpg", ".jpeg", ".bmp")) else ".nii.gz"


def _png(mask: NDArray[np.bool_], name: str) -> bytes:
    if mask.shape[0] != 1:
        raise InputError(
            f"{name} cannot hold a mask of {mask.shape[0]} slices; expected one slice for PNG."
            " Write it as .nii.gz, .nrrd or .tif."
        )
    buffer = io.BytesIO()
    PIL.Image.fromarray(mask[0].astype(np.uint8) * np.uint8(255)).save(buffer, "PNG")
    return buffer.getvalue()


def _tiff(mask: NDArray[np.bool_]) -> bytes:
    buffer = io.BytesIO()
    pages = mask.astype(np.uint8) * np.uint8(255)
    tifffile.imwrite(
        buffer, pages, photometric="minisblack", compression="zlib", metadata={"axes": "ZYX"}
    )
    return buffer.getvalue()
