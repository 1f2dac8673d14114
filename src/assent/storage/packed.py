"""A mask as few bytes, and back bit by bit."""

import struct
import zlib
from math import prod

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import FileFormatError
from assent.core.mask import MAX_VOXELS
from assent.core.shapes import check_shape

# Run lengths as JSON suit the wire; packed bits stay small for noisy masks and are bounded by
# one bit a voxel.
HEAD = struct.Struct("<14s3I")
MAGIC = b"assent mask 1\n"


def pack(mask: NDArray[np.bool_]) -> bytes:
    """A header with the shape, then eight voxels a byte in C order, compressed.

    Args:
        mask: ``(D, H, W)`` bool.

    Raises:
        ShapeError: If the mask does not have three axes.
    """
    check_shape("mask", mask, "D H W")
    bits = np.packbits(np.asarray(mask, dtype=np.bool_).ravel())
    return HEAD.pack(MAGIC, *mask.shape) + zlib.compress(bits.tobytes())


def unpack(content: bytes) -> NDArray[np.bool_]:
    """The mask that ``pack`` described.

    Returns:
        ``(D, H, W)`` bool.

    Raises:
        FileFormatError: If the bytes are no packed mask, or not all of one.

    >>> unpack(pack(np.array([[[True, False, True]]])))
    array([[[ True, False,  True]]])
    """
    if len(content) < HEAD.size or not content.startswith(MAGIC):
        raise _damaged("it does not begin like one")
    _, *shape = HEAD.unpack_from(content)
    voxels = prod(shape)
    if voxels > MAX_VOXELS:
        raise _damaged(f"its shape {shape} has more than {MAX_VOXELS} voxels")
    size = (voxels + 7) // 8
    inflate = zlib.decompressobj()
    try:
        # One byte more than expected shows an excess without inflating all of it.
        bits = inflate.decompress(content[HEAD.size :], size + 1)
    except zlib.error as error:
        raise _damaged(str(error)) from error
    if len(bits) != size or not inflate.eof:
        raise _damaged(f"{size} bytes were expected for its shape {shape}")
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=voxels)
    return flat.view(np.bool_).reshape(shape)


def _damaged(reason: str) -> FileFormatError:
    return FileFormatError(
        f"A stored mask cannot be read as one: {reason}. Restore it from a backup."
    )
