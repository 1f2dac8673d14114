"""Reading TIFF pictures and stacks."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from assent.core.errors import FileFormatError, InputError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.io.guard import check_file, check_size, reading, to_float32
from assent.io.picture import upright, without_alpha

_ORIENTATION_TAG = 274
_MINISWHITE, _MINISBLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6


def read_tiff(path: Path, *, transparent_is_zero: bool = False) -> Image:
    """A TIFF of any bit depth, floats included; several pages are the slices of a volume.

    The geometry is uncalibrated. 1-bit values become 0 and 255.

    Args:
        path: The file.
        transparent_is_zero: As in ``read_picture``.

    Raises:
        InputError: If pages differ in size, are time points or channels rather than slices, or
            the colour model is neither gray, RGB nor palette.
        FileFormatError: If it is empty, truncated or no TIFF.
    """
    check_file(path)
    with reading(path, "a TIFF"):
        array, axes, orientation = _decode(path)
        array = _slices_first(array, axes, path.name)
        array = without_alpha(
            array if axes.endswith("S") else array[..., None],
            path.name,
            transparent_is_zero=transparent_is_zero,
        )
        if array.ndim == 3:
            array = array[..., None]
        array = upright(array, orientation, first_axis=1)
        voxels = to_float32(np.moveaxis(array, -1, 0))
        depth, height, width = voxels.shape[1:]
        geometry = Geometry.from_spacing((depth, height, width), calibrated=False)
        return Image(voxels, geometry, name=path.name)


def _decode(path: Path) -> tuple[NDArray[Any], str, int]:
    with tifffile.TiffFile(path) as tiff:
        if _is_cut_short(tiff):
            raise FileFormatError(
                f"{path.name} is cut short: a further page is announced and missing."
                " Copy it again from its source."
            )
        if len(tiff.series) != 1:
            sizes = ", ".join("x".join(map(str, s.shape)) for s in tiff.series[:4])
            raise InputError(
                f"{path.name} has pages of {len(tiff.series)} kinds (sizes {sizes}); expected"
                " slices of one size. Save the pages that belong together as one file."
            )
        series, page = tiff.series[0], tiff.pages[0]
        check_size(path.name, series.shape)
        axes = "".join(series.axes)
        array = _expand(series.asarray(), page, path.name)
        if int(page.photometric) == _PALETTE:
            axes += "S"
        tag = page.tags.get(_ORIENTATION_TAG)
        if axes.find("S") not in {-1, len(axes) - 1}:
            array = np.moveaxis(array, axes.find("S"), -1)
            axes = axes.replace("S", "") + "S"
        return array, axes, int(tag.value) if tag is not None else 1


def _is_cut_short(tiff: Any) -> bool:
    """Whether the last page that could be read points to a further one.

    tifffile stops at a broken chain of pages without an error, so a truncated stack would lose
    slices silently.
    """
    layout, file = tiff.tiff, tiff.filehandle
    offset = tiff.pages[-1].offset
    file.seek(offset)
    (tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
    file.seek(offset + layout.tagnosize + tags * layout.tagsize)
    (following,) = struct.unpack(layout.offsetformat, file.read(layout.offsetsize))
    return bool(following)


def _expand(array: NDArray[Any], page: Any, name: str) -> NDArray[Any]:
    """Palette to RGB, white-is-zero to black-is-zero, 1-bit to 0 and 255."""
    photometric = int(page.photometric)
    if photometric not in {_MINISWHITE, _MINISBLACK, _RGB, _PALETTE, _YCBCR}:
        raise InputError(
            f"{name} has the colour model {page.photometric.name}; expected gray, RGB or palette."
            " Save it as RGB."
        )
    if photometric == _PALETTE:
        return np.asarray(np.moveaxis(np.asarray(page.colormap) >> 8, 0, -1)[array])
    bits = int(page.bitspersample)
    if array.dtype == bool:
        array, bits = array.astype(np.uint8) * np.uint8(255), 8
    if photometric == _MINISWHITE and array.dtype.kind == "u":
        array = array.dtype.type(2**bits - 1) - array
    return array


def _slices_first(array: NDArray[Any], axes: str, name: str) -> NDArray[Any]:
    """``(D, H, W)`` or ``(D, H, W, S)``; only one axis may count slices."""
    if array.dtype.kind not in "uif":
        raise InputError(
            f"{name} has values of type {array.dtype}; expected real numbers. Save its magnitude."
        )
    has_samples = axes.endswith("S")
    samples = array.shape[-1] if has_samples else 1
    if samples not in {1, 2, 3, 4}:
        raise InputError(f"{name} has {samples} samples per pixel; expected gray or RGB (1 or 3).")
    pages = axes.removesuffix("S").removesuffix("YX")
    counts = {axis: n for axis, n in zip(pages, array.shape, strict=False) if n > 1}
    if len(counts) > 1 or set(counts) & set("TC"):
        words = {"T": "time points", "C": "channels", "Z": "slices"}
        found = " x ".join(f"{n} {words.get(axis, 'pages')}" for axis, n in counts.items())
        raise InputError(
            f"{name} holds {found}; expected one picture or the slices of one volume."
            " Save one time point and one channel as a file of its own."
        )
    tail = array.shape[-3:] if has_samples else array.shape[-2:]
    return array.reshape(-1, *tail)
