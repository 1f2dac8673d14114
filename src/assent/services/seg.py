"""Masks as DICOM SEG, which refers to the slices it was drawn on."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.io.formats import stem_of
from assent.io.guard import is_dicom, name_of

SEG_SUFFIX = ".dcm"


def is_seg_name(path: Path | None) -> bool:
    """Whether a file of that name would be a DICOM SEG."""
    return path is not None and path.name.lower().endswith(SEG_SUFFIX)


def check_seg(out: Path, source: Path, *, series: int | None) -> None:
    """See, before any work, that a DICOM SEG can refer to the image.

    Args:
        out: Where it shall be.
        source: The image's file, or the folder of its series.
        series: Which series of a folder that holds several, or None.

    Raises:
        InputError: If the image is no DICOM or lacks what a SEG needs, or another DICOM file
            would be replaced.
    """
    if not (source.is_dir() or is_dicom(source) or stem_of(source) + SEG_SUFFIX == source.name):
        raise InputError(
            f"{out.name} would be a DICOM SEG, which refers to DICOM slices; {name_of(source)} is"
            " none. Write the mask as .nii.gz, .nrrd or .tif."
        )
    from assent.io.dicom_seg import is_dicom_seg, read_sources  # noqa: PLC0415 - slow, seldom

    if out.is_file() and not (is_dicom(out) and is_dicom_seg(out)):
        raise InputError(
            f"{out.name} is there already and is no DICOM SEG, so it is not replaced."
            " Choose another name."
        )
    read_sources(_slices(source, series))


def write_seg(
    out: Path, mask: NDArray[np.bool_], source: Path, *, series: int | None, label: str
) -> None:
    """Write a mask as DICOM SEG, whole or not at all.

    Args:
        out: Where to.
        mask: ``(D, H, W)`` bool.
        source: As for ``check_seg``.
        series: As for ``check_seg``.
        label: Name of the segment.

    Raises:
        InputError: If the mask is empty, or the source lacks what a SEG needs.
    """
    from assent.io.dicom_seg import write_dicom_seg  # noqa: PLC0415 - slow, seldom

    write_dicom_seg(out, mask, _slices(source, series), label=label)


def _slices(source: Path, series: int | None) -> list[Path]:
    from assent.io.dicom import series_files  # noqa: PLC0415 - slow, seldom

    return series_files(source, series=series) if source.is_dir() else [source]
