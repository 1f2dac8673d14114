"""Reading DICOM: a single file, or a folder that holds a series."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from assent.core.errors import FileFormatError, InputError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.io.guard import (
    check_file,
    check_size,
    is_dicom,
    name_of,
    reading,
    to_float32,
)
from assent.io.pixels import decode_frames
from assent.io.slices import Plane, stack

NOT_IMAGES = frozenset({"SEG", "RTDOSE", "RTSTRUCT", "RTPLAN", "PR", "SR", "KO", "REG", "DOC"})
"""Modalities of files that lie beside a series and are no image of it."""

_HEADER_TAGS = [
    "SeriesInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns", "NumberOfFrames",
    "SOPClassUID",
]  # fmt: skip

_META_START = 144
"""Bytes before what the file meta information announces the length of."""

_SUFFIXES = (".dcm", ".dicom", ".ima")
_PIXEL_DATA = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def read_dicom(path: Path, *, series: int | None = None) -> Image:
    """An image from a DICOM file, or a volume from a folder with the files of a series.

    Slices are sorted by position along their normal, whatever their names; values are rescaled
    (HU in CT); MONOCHROME1 is inverted, so that larger is brighter; colour becomes RGB.

    Args:
        path: A file, or a folder; files in it that are no DICOM image are passed over.
        series: Which one, counted from 1 as the message lists them, where a folder holds several.

    Raises:
        InputError: If there is no image, several series and no choice, or the slices form no
            regular stack.
        FileFormatError: If a file is empty, truncated, or compressed in an unknown way.
    """
    files = series_files(path, series=series) if path.is_dir() else [path]
    name = name_of(path)
    if len(files) == 1:
        return _read_one(files[0], name)
    planes = [_only_plane(file, name) for file in files]
    order, geometry = stack(planes, name)
    check_size(name, geometry.shape_dhw)
    voxels: NDArray[np.float32] | None = None
    modality, window = "", None
    for z, index in enumerate(order):
        with reading(files[index], "a DICOM image"):
            dataset = _open(files[index])
            values = decode_frames(dataset, files[index].name)
            modality = modality or str(dataset.get("Modality", ""))
            window = window or _window(dataset)
        if voxels is None:
            check_size(name, (*geometry.shape_dhw, values.shape[-1]))
            voxels = np.empty((values.shape[-1], *geometry.shape_dhw), np.float32)
        if values.shape != (1, *geometry.shape_dhw[1:], voxels.shape[0]):
            raise InputError(
                f"{name} mixes gray and colour slices ({files[index].name}); expected one"
                " kind. Keep the slices that belong together in a folder of their own."
            )
        voxels[:, z] = np.moveaxis(values[0], -1, 0)
    if voxels is None:
        raise InputError(f"{name} holds no DICOM image. Choose the folder of a series.")
    return Image(voxels, geometry, modality, name, _sensible(window, voxels))


def series_files(folder: Path, *, series: int | None = None) -> list[Path]:
    """The files of the one series in a folder, sorted by name.

    Raises:
        InputError: If the folder holds no DICOM image, or several series and no choice was made.
        FileFormatError: If one of the files is empty, or an image cut before its rows.
    """
    for file in sorted(folder.iterdir()):
        # An empty file shows no mark of its kind, and its slice would be missed by nobody.
        if file.suffix.lower() in _SUFFIXES and file.is_file():
            check_file(file)
    groups = list_series(folder)
    if not groups:
        raise InputError(
            f"{name_of(folder)} holds no DICOM image; expected the files of one series."
            " Choose the folder that directly contains them, or name one image file."
        )
    if len(groups) > 1:
        for file in (file for group in groups for file in group):
            read_header(file)  # a slice cut short, of whichever, passes for a series of its own
    if series is None and len(groups) == 1:
        return groups[0]
    if series is None or not 1 <= series <= len(groups):
        shown = "; ".join(f"{i}: {_describe(g)}" for i, g in enumerate(groups[:8], start=1))
        more = f"; and {len(groups) - 8} more" if len(groups) > 8 else ""
        raise InputError(
            f"{name_of(folder)} holds {len(groups)} series ({shown}{more}); expected one."
            " Choose it by its number in this list, as in --series 1, or move it into a folder of"
            " its own."
        )
    return groups[series - 1]


def list_series(folder: Path) -> list[list[Path]]:
    """The image files directly in a folder, grouped by series, in order of series number.

    An image file that was cut before it names its series makes a group of its own.
    """
    groups: dict[tuple[int, str], list[Path]] = {}
    for file in sorted(folder.iterdir()):
        header = _header(file)
        if header is not None:
            number = header.get("SeriesNumber")
            key = (int(number) if number is not None else 0, str(header.get("SeriesInstanceUID")))
            groups.setdefault(key, []).append(file)
    return [groups[key] for key in sorted(groups)]


def planes_of(dataset: Any, name: str) -> list[Plane] | None:
    """Where each frame lies, in the file's order; None if the header does not say.

    Args:
        dataset: A pydicom dataset.
        name: Of the file.
    """
    shape_hw = (int(dataset.Rows), int(dataset.Columns))
    frames = int(dataset.get("NumberOfFrames") or 1)
    shared = _group(dataset, "SharedFunctionalGroupsSequence", 0)
    planes = []
    for frame in range(frames):
        own = _group(dataset, "PerFrameFunctionalGroupsSequence", frame)
        if frames > 1 and own is None:
            return None
        sources = [own, shared, dataset]
        position = _find(sources, "PlanePositionSequence", "ImagePositionPatient")
        directions = _find(sources, "PlaneOrientationSequence", "ImageOrientationPatient")
        spacing = _find(sources, "PixelMeasuresSequence", "PixelSpacing")
        if position is None or directions is None or spacing is None:
            return None
        along_x, along_y = np.array(directions[:3], float), np.array(directions[3:], float)
        lengths = float(np.linalg.norm(along_x)), float(np.linalg.norm(along_y))
        if min(*lengths, *map(float, spacing)) <= 0:
            return None
        thickness = [
            _find(sources, "PixelMeasuresSequence", keyword)
            for keyword in ("SpacingBetweenSlices", "SliceThickness")
        ]
        planes.append(
            Plane(
                np.array(position, float),
                along_x / lengths[0],
                along_y / lengths[1],
                (float(spacing[0]), float(spacing[1])),
                shape_hw,
                name,
                next((abs(float(t)) for t in thickness if t and float(t) != 0), 1.0),
            )
        )
    return planes


def read_header(path: Path) -> Any:
    """The dataset of a DICOM image without its pixels.

    Raises:
        FileFormatError: If the file is empty, no DICOM, or carries no image.
    """
    with reading(path, "a DICOM image"):
        return _open(path, with_pixels=False)


def _read_one(path: Path, name: str) -> Image:
    """One file: a slice, or a multi-frame volume."""
    check_file(path)
    with reading(path, "a DICOM image"):
        dataset = _open(path)
        modality = str(dataset.get("Modality", ""))
        if modality in NOT_IMAGES:
            raise InputError(
                f"{path.name} is a DICOM {modality} object; expected an image."
                " Choose the series it belongs to."
            )
        frames = int(dataset.get("NumberOfFrames") or 1)
        shape_dhw = (frames, int(dataset.Rows), int(dataset.Columns))
        check_size(path.name, (*shape_dhw, int(dataset.get("SamplesPerPixel", 1))))
        planes = planes_of(dataset, path.name)
        if planes is None and frames > 1:
            raise InputError(
                f"{path.name} has {frames} frames without positions; expected one image, or slices"
                " with positions. Export the frames that you need as single images."
            )
        values = decode_frames(dataset, path.name)
        if planes is None:
            order, geometry = [0], _flat_geometry(dataset, shape_dhw)
        else:
            files = [f"frame {i + 1}" for i in range(frames)]
            named = [replace(p, file=f) for p, f in zip(planes, files, strict=True)]
            order, geometry = stack(named, path.name)
        voxels = to_float32(np.moveaxis(values[order], -1, 0))
        window = _sensible(_window(dataset), voxels)
        return Image(voxels, geometry, modality, name, window)


def _window(dataset: Any) -> tuple[float, float] | None:
    """Centre and width of the first linear window that the header names, if it can be read."""
    if dataset.get("PhotometricInterpretation") != "MONOCHROME2":  # another is inverted, or colour
        return None
    shared = _group(dataset, "SharedFunctionalGroupsSequence", 0)
    sources = [_group(dataset, "PerFrameFunctionalGroupsSequence", 0), shared, dataset]
    try:
        function, center, width = (
            _find(sources, "FrameVOILUTSequence", keyword)
            for keyword in ("VOILUTFunction", "WindowCenter", "WindowWidth")
        )
        if center is None or width is None or function not in {None, "LINEAR", "LINEAR_EXACT"}:
            return None
        return float(np.atleast_1d(center)[0]), float(np.atleast_1d(width)[0])
    except (TypeError, ValueError, IndexError):  # an image without a window is an image still
        return None


def _sensible(
    window: tuple[float, float] | None, voxels: NDArray[np.float32]
) -> tuple[float, float] | None:
    """The window, unless it would show nothing but black, or nothing but white."""
    if window is None or not np.isfinite(window).all() or window[1] <= 0:
        return None
    low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    return window if low < voxels.max() and high > voxels.min() else None


def _flat_geometry(dataset: Any, shape_dhw: tuple[int, int, int]) -> Geometry:
    """A single image without a place in the patient; calibrated if pixels have a size."""
    spacing = dataset.get("PixelSpacing")
    if spacing is None or min(map(float, spacing)) <= 0:
        return Geometry.from_spacing(shape_dhw, calibrated=False)
    return Geometry.from_spacing(shape_dhw, (1.0, float(spacing[0]), float(spacing[1])))


def _only_plane(file: Path, series_name: str) -> Plane:
    planes = planes_of(read_header(file), file.name)
    if planes is None or len(planes) != 1:
        what = "several frames" if planes else "no position, direction or pixel spacing"
        raise InputError(
            f"{series_name} holds {file.name}, which has {what}; expected single slices with"
            " ImagePositionPatient. Read that file by itself, or export the series anew."
        )
    return planes[0]


def _open(path: Path, *, with_pixels: bool = True) -> Any:
    check_file(path)
    # Files without the 128-byte preamble are common in old archives.
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=not with_pixels)
    if "Rows" not in dataset or "Columns" not in dataset:
        raise FileFormatError(
            f"{path.name} is not a DICOM image: it has no rows and columns."
            " Choose an image file, or copy it again from its source."
        )
    if with_pixels and not any(keyword in dataset for keyword in _PIXEL_DATA):
        raise FileFormatError(
            f"{path.name} has no pixel data; expected an image. Copy it again from its source."
        )
    return dataset


def _header(path: Path) -> Any | None:
    """A few elements of an image file, or of one too damaged to say; None for anything else.

    An image that was cut short lacks rows or more. It is listed all the same: passed over, it
    would leave a gap that nobody sees; ``read_header`` refuses it by name.
    """
    if path.name.startswith(".") or not is_dicom(path):
        return None
    try:
        with reading(path, "a DICOM file"):
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_HEADER_TAGS)
            is_image = "Rows" in header or _is_announced_image(header, path.stat().st_size)
            return header if is_image and header.get("Modality") not in NOT_IMAGES else None
    except FileFormatError:
        return pydicom.Dataset()


def _is_announced_image(header: Any, size_bytes: int) -> bool:
    """Whether the classes a file names are of images; true if it ends before it could name one."""
    meta = header.file_meta
    uids = [meta.get("MediaStorageSOPClassUID"), header.get("SOPClassUID")]
    # An identifier that was cut has no name of its own.
    names = [uid.name for uid in uids if uid and uid.name != uid]
    meta_end = _META_START + int(meta.get("FileMetaInformationGroupLength") or 0)
    if not names and size_bytes < meta_end:
        return True
    return any("Image Storage" in name for name in names)


def _describe(files: Sequence[Path]) -> str:
    headers = [_header(file) for file in files]
    modality = str(headers[0].get("Modality", "") or "unknown kind") if headers[0] else ""
    sizes = Counter(f"{h.Rows} x {h.Columns}" for h in headers if h is not None)
    return f"{modality}, {len(files)} files of {' and '.join(sizes)}"


def _group(dataset: Any, keyword: str, index: int) -> Any | None:
    sequence = dataset.get(keyword)
    return sequence[index] if sequence is not None and index < len(sequence) else None


def _find(sources: Sequence[Any], sequence: str, keyword: str) -> Any | None:
    """A value from the first source that has it, inside the sequence or at its top level."""
    for source in sources:
        if source is None:
            continue
        nested = source.get(sequence)
        value = (nested[0] if nested else source).get(keyword)
        if value is not None:
            return value
    return None
