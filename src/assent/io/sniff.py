"""What kind of image a file is, by its content alone: its name came from somewhere else."""

import re
import zlib
from pathlib import Path

from assent.core.errors import FileFormatError, InputError
from assent.io.detached import HEADER_BYTES, data_files
from assent.io.formats import FORMATS

_NIFTI_BYTES = 348
_META = re.compile(rb"\A\s*(ObjectType|Comment|NDims)\s*=")


def suffix_of_content(path: Path, name: str) -> str:
    """The suffix under which a file of this content is read.

    Args:
        path: The file.
        name: By which people know it, for messages.

    Raises:
        FileFormatError: If it is of no kind that is read.
        InputError: If it only describes an image whose voxels lie in another file.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    suffix = _by_mark(head) or _by_header(head)
    if not suffix:
        known = ", ".join(each.name for each in FORMATS)
        raise FileFormatError(
            f"{name} is not an image that can be read; expected one file of the kind {known}."
            " Convert it to one of these."
        )
    if suffix in {".nrrd", ".mha"} and data_files(head, name):
        raise InputError(
            f"{name} only describes an image whose voxels lie in another file. Save both as one"
            f" {suffix} file."
        )
    return suffix


def fits_suffix(name: str, suffix: str) -> bool:
    """Whether a name ends as those of this kind of file do.

    >>> fits_suffix("A.JPEG", ".jpg"), fits_suffix("a.jpg", ".nii.gz")
    (True, False)
    """
    kind = next(known for known in FORMATS if suffix in known.suffixes)
    return name.lower().endswith(kind.suffixes)


def _by_mark(head: bytes) -> str:
    for known in FORMATS:
        if any(head[at : at + len(mark)] == mark for at, mark in known.magic):
            return known.suffixes[0]
    return ""


def _by_header(head: bytes) -> str:
    if head[:2] == b"\x1f\x8b":
        return ".nii.gz" if _is_nifti(_unpacked(head)) else ""
    if _is_nifti(head):
        return ".nii"
    if head[:4] == b"NRRD":
        return ".nrrd"
    if _META.match(head):
        return ".mha"
    return ".bmp" if head[:2] == b"BM" else ""


def _is_nifti(head: bytes) -> bool:
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def _unpacked(head: bytes) -> bytes:
    """The first bytes of a gzip file, and no more of them than that."""
    try:
        return zlib.decompressobj(31).decompress(head, _NIFTI_BYTES)
    except zlib.error:
        return b""
