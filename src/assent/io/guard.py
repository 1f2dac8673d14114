"""What every reader checks: the file is there, whole, and of a size that fits in memory."""

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import AssentError, FileFormatError, InputError
from assent.core.geometry import Geometry

MAX_VOXELS = 2**30
"""Voxels of one volume, all channels: 4 GiB as float32."""

MAX_PIXELS = 89_000_000
"""Pixels of one picture, below the limit at which Pillow suspects a decompression bomb."""


def check_file(path: Path) -> None:
    """Refuse a path that is no file, or an empty one.

    Raises:
        InputError: If there is no such file.
        FileFormatError: If it has no bytes.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path.name!r} at that place. Check the path.")
    if path.stat().st_size == 0:
        raise FileFormatError(
            f"{path.name} is empty (0 bytes); expected an image. Copy it again from its source."
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"{path.name} may not be read. Ask for permission to read it.")


def check_folder(folder: Path) -> None:
    """Refuse a path that is no folder.

    Raises:
        InputError: If there is no such folder.
    """
    if folder.is_file():
        raise InputError(
            f"{name_of(folder)} is a file; expected a folder. Name the folder that holds it."
        )
    if not folder.is_dir():
        raise InputError(f"There is no folder {name_of(folder)!r} at that place. Check the path.")


def name_of(path: Path) -> str:
    """The last part of a path; of "." and "..", which have none, that of where they lead.

    >>> name_of(Path("scans/..")) == Path.cwd().name
    True
    """
    return os.path.basename(os.path.abspath(path)) or str(path)


def is_dicom(path: Path) -> bool:
    """Whether a file starts as DICOM files do; the suffix does not matter."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def check_size(name: str, shape: Sequence[int], *, limit: int = MAX_VOXELS) -> None:
    """Refuse an array that would not fit in memory, before it is decoded.

    Raises:
        InputError: If an axis is empty or there are more elements than ``limit``.
    """
    sizes = " x ".join(str(int(n)) for n in shape)
    if any(n < 1 for n in shape):
        raise FileFormatError(
            f"{name} announces a size of {sizes}; expected at least 1 along every axis."
            " Copy it again from its source."
        )
    if math.prod(int(n) for n in shape) > limit:
        raise InputError(
            f"{name} has {sizes} values; at most {limit:,} are read at once."
            " Crop it, cut it into tiles or scale it down."
        )


def placed_grid(
    shape_dhw: tuple[int, int, int],
    affine: NDArray[np.float64],
    name: str,
    *,
    calibrated: bool = True,
) -> Geometry:
    """A geometry whose fault, if it has one, is told with the name of the file.

    Raises:
        InputError: If the affine is not finite or gives voxels no volume.
    """
    try:
        return Geometry(shape_dhw, affine, calibrated)
    except InputError as error:
        raise InputError(
            f"{name} states axes that give its voxels no volume; expected three independent"
            " directions and positive sizes. Set its orientation again with the tool that wrote it."
        ) from error


class _Silence:
    """No warnings while any thread decodes.

    The filters belong to the process: threads that each put back what they had found would leave
    behind whatever the last one found. Here the first one in changes them and the last one out
    puts them back.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._threads = 0
        self._found = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._threads == 0:
                self._found = warnings.catch_warnings()
                self._found.__enter__()
                warnings.simplefilter("ignore")
            self._threads += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                self._found.__exit__(None, None, None)


_SILENCE = _Silence()


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a decoding library raises into one sentence about the file.

    Warnings are silenced: libraries print header values in them, and those may be a patient's.

    Args:
        path: The file; only its name is shown.
        kind: What it was read as, with article, as in "a PNG picture".

    Raises:
        FileFormatError: If the block raises anything but a deliberate error.
    """
    try:
        with _SILENCE:
            yield
    except (AssentError, MemoryError):
        raise
    except Exception as error:  # decoders raise anything on damaged input
        raise FileFormatError(
            f"{path.name} cannot be read as {kind}: it is damaged, cut short or of another kind."
            " Copy it again from its source, or export it anew."
        ) from error


def to_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    """The array as float32; what overflows becomes infinite and is refused by ``Image``."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)
