"""Decoding the pixel data of a DICOM dataset into the values that it means."""

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

from assent.core.errors import FileFormatError
from assent.io.guard import to_float32

_JPEG_WITHOUT_PLUGIN = frozenset(
    {
        "1.2.840.10008.1.2.4.51",  # JPEG Extended, 12 bit
        "1.2.840.10008.1.2.4.57",  # JPEG Lossless
        "1.2.840.10008.1.2.4.70",  # JPEG Lossless, selection value 1
    }
)
"""Compressions that pydicom's free plugins lack and imagecodecs has."""


def decode_frames(dataset: Any, name: str) -> NDArray[np.float32]:
    """All frames as ``(N, H, W, 1)`` gray or ``(N, H, W, 3)`` RGB, in the file's order.

    Rescale slope and intercept (or the modality table) are applied, MONOCHROME1 is inverted
    within its stored range, palettes are expanded.

    Args:
        dataset: A pydicom dataset with pixel data.
        name: Of the file, for messages.

    Raises:
        FileFormatError: If the compression cannot be decoded.
    """
    stored = _stored(dataset, name)
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    height, width = int(dataset.Rows), int(dataset.Columns)
    if photometric == "PALETTE COLOR":
        stored = np.asarray(apply_color_lut(stored, dataset))[..., :3]
    if int(dataset.get("SamplesPerPixel", 1)) == 3 or photometric == "PALETTE COLOR":
        return to_float32(stored.reshape(-1, height, width, 3))
    if photometric == "MONOCHROME1" and stored.dtype.kind in "ui":
        # Two's complement: the mirror image of the stored range, exact for either sign.
        top = 2 ** int(dataset.BitsStored) - 1 if stored.dtype.kind == "u" else -1
        stored = top - stored.astype(np.int64)
    return to_float32(_rescale(stored.reshape(-1, height, width), dataset)[..., None])


def _stored(dataset: Any, name: str) -> NDArray[Any]:
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if syntax in _JPEG_WITHOUT_PLUGIN:
        return _jpeg(dataset)
    try:
        return np.asarray(pixel_array(dataset))
    except (RuntimeError, NotImplementedError) as error:
        kind = getattr(syntax, "name", "an unknown transfer syntax")
        raise FileFormatError(
            f"{name} holds pixels compressed as {kind}, which could not be decoded: they are"
            " damaged or of an unsupported kind. Decompress the file first, for instance with"
            " gdcmconv --raw, or copy it again."
        ) from error


def _jpeg(dataset: Any) -> NDArray[Any]:
    count = int(dataset.get("NumberOfFrames") or 1)
    frames = generate_frames(dataset.PixelData, number_of_frames=count)
    array = np.stack([np.asarray(imagecodecs.jpeg_decode(frame)) for frame in frames])
    if int(dataset.get("PixelRepresentation", 0)) == 1:
        signed = array.astype(f"u{array.itemsize}").view(f"i{array.itemsize}")
        unused = 8 * array.itemsize - int(dataset.BitsStored)
        array = (signed << unused) >> unused
    return array


def _rescale(stored: NDArray[Any], dataset: Any) -> NDArray[Any]:
    """``(N, H, W)`` with the modality's rescaling, per frame where frames differ."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or [{}]
    keyword = "PixelValueTransformationSequence"
    transforms = [frame.get(keyword) or shared[0].get(keyword) for frame in per_frame]
    if not any(transforms):
        return np.asarray(apply_modality_lut(stored, dataset))
    slopes = [float(t[0].get("RescaleSlope", 1)) if t else 1.0 for t in transforms]
    intercepts = [float(t[0].get("RescaleIntercept", 0)) if t else 0.0 for t in transforms]
    scaled = stored * np.reshape(slopes, (-1, 1, 1)) + np.reshape(intercepts, (-1, 1, 1))
    return np.asarray(scaled)
