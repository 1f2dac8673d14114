"""Reading PNG, JPEG and BMP pictures."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from assent.core.errors import FileFormatError, InputError
from assent.core.image import Image, from_array
from assent.io.guard import MAX_PIXELS, check_file, check_size, reading

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG = 274


def read_picture(path: Path, *, transparent_is_zero: bool = False) -> Image:
    """A picture as it is meant to be seen: upright, palette and 1-bit expanded, opaque.

    8-bit values are 0..255, 16-bit values 0..65535. The geometry is uncalibrated: the dots per
    inch of a picture say nothing about the patient.

    Args:
        path: A PNG, JPEG or BMP file.
        transparent_is_zero: For masks: transparent pixels count as background. Otherwise a
            partly transparent picture is refused.

    Raises:
        InputError: If it is too large, partly transparent, or in an unusual colour model.
        FileFormatError: If it is empty, truncated or no such picture.
    """
    check_file(path)
    with reading(path, "a picture (PNG, JPEG or BMP)"):
        with _open(path) as picture:
            check_size(path.name, (picture.height, picture.width), limit=MAX_PIXELS)
            orientation = int(picture.getexif().get(_ORIENTATION_TAG, 1))
            array = _decode_16_bit_png(path)
            if array is None:
                array = _expand(picture, path.name)
        array = without_alpha(array, path.name, transparent_is_zero=transparent_is_zero)
        return from_array(upright(array, orientation), name=path.name)


def upright(array: NDArray[Any], orientation: int, *, first_axis: int = 0) -> NDArray[Any]:
    """Undo a camera's rotation.

    Args:
        array: Rows and columns on ``first_axis`` and the axis after it.
        orientation: EXIF or TIFF orientation, 1..8; anything else counts as 1.
        first_axis: Axis of the rows.
    """
    rows, columns = first_axis, first_axis + 1
    if orientation in {5, 6, 7, 8}:
        array = np.swapaxes(array, rows, columns)
    if orientation in {2, 3, 6, 7}:
        array = np.flip(array, columns)
    if orientation in {3, 4, 7, 8}:
        array = np.flip(array, rows)
    return array


def without_alpha(array: NDArray[Any], name: str, *, transparent_is_zero: bool) -> NDArray[Any]:
    """Drop the alpha channel of ``(..., 2)`` or ``(..., 4)``, if it hides nothing.

    Args:
        array: Channels last; gray with alpha becomes ``(...)``, RGBA ``(..., 3)``. ``(H, W)``
            and ``(H, W, 3)`` are returned as they are.
        name: Of the file, for the message.
        transparent_is_zero: Set fully transparent pixels to zero instead of refusing them.

    Raises:
        InputError: If alpha varies: the colour under transparent pixels is arbitrary.
    """
    if array.ndim == 2 or array.shape[-1] not in {2, 4}:
        return array
    colour, alpha = array[..., :-1], array[..., -1]
    if transparent_is_zero:
        colour = np.where(alpha[..., None] > 0, colour, 0)
    elif alpha.min() != alpha.max():
        share = float(np.mean(alpha < alpha.max()))
        raise InputError(
            f"{name} is partly transparent ({share:.1%} of its pixels); expected an opaque picture."
            " Flatten it onto a background and save it again."
        )
    return colour[..., 0] if colour.shape[-1] == 1 else colour


def _open(path: Path) -> PIL.Image.Image:
    try:
        return PIL.Image.open(path, formats=("PNG", "JPEG", "BMP"))
    except PIL.Image.DecompressionBombError as error:
        raise InputError(
            f"{path.name} has more than {MAX_PIXELS:,} pixels, the most that are read at once."
            " Cut it into tiles or scale it down."
        ) from error


def _decode_16_bit_png(path: Path) -> NDArray[Any] | None:
    """16-bit PNG of any colour type, which Pillow would cut down to 8 bits; else None."""
    with path.open("rb") as file:
        header = file.read(26)
    if not header.startswith(_PNG_SIGNATURE) or header[24:25] != b"\x10":
        return None
    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


def _expand(picture: PIL.Image.Image, name: str) -> NDArray[Any]:
    """Pixels as ``(H, W)`` or ``(H, W, 2 to 4)``; 1-bit becomes 0 and 255."""
    mode = picture.mode
    if mode not in {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}:
        raise FileFormatError(
            f"{name} has the pixel type {mode!r}; expected gray or RGB with 8 or 16 bits."
            " Save it as a PNG or TIFF of that kind."
        )
    if mode == "PA" or "transparency" in picture.info:
        target = "RGBA"
    else:
        target = {"1": "L", "P": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}.get(mode, mode)
    array = np.asarray(picture.convert(target))
    if mode in {"L", "P", "PA", "1"} and array.ndim == 3:
        array = _gray_if_gray(array)
    return array


def _gray_if_gray(array: NDArray[Any]) -> NDArray[Any]:
    """Palettes often hold plain gray levels: ``(H, W, 3 or 4)`` becomes gray (with alpha)."""
    colour = array[..., :3]
    if not (colour == colour[..., :1]).all():
        return array
    return array[..., 0] if array.shape[-1] == 3 else array[..., [0, 3]]
