"""DICOM segmentation objects (SEG, BINARY), written beside the series they belong to."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
from highdicom.sr.coding import CodedConcept
from numpy.typing import NDArray
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.io.atomic import replacing
from assent.io.dicom import planes_of, read_header
from assent.io.guard import check_file, reading
from assent.io.slices import stack

_NEEDED = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID",
)  # fmt: skip
_SERIES_NUMBER = 900


def write_dicom_seg(
    path: Path,
    mask: NDArray[np.bool_],
    source_paths: Sequence[Path],
    *,
    label: str = "Segmentation",
) -> None:
    """Write a mask as a DICOM SEG that refers to the slices it was drawn on.

    Patient and study are copied from the source, as the standard demands. The file is written
    whole or not at all.

    Args:
        path: Where to; usually ends in ``.dcm``.
        mask: ``(D, H, W)`` bool in the slice order of ``read_dicom``.
        source_paths: The single-frame files of the series, in any order.
        label: Name of the segment; no patient data.

    Raises:
        InputError: If the mask is empty or of another size, or the source lacks what a SEG needs.
    """
    headers = read_sources(source_paths)
    planes = [planes_of(h, f.name) for h, f in zip(headers, source_paths, strict=True)]
    order, geometry = stack([p[0] for p in planes if p], path.name)
    if mask.shape != geometry.shape_dhw:
        raise InputError(
            f"The mask for {path.name} has (D, H, W) = {mask.shape}; expected"
            f" {geometry.shape_dhw}, the size of its series. Use the mask of this series."
        )
    if not mask.any():
        raise InputError(
            f"The mask for {path.name} is empty; expected at least one voxel, because a DICOM SEG"
            " stores only slices with foreground. Write it as NIfTI or NRRD instead."
        )
    with reading(path, "the source of a DICOM SEG"):
        segmentation = _build([headers[i] for i in order], mask, label)
    with replacing(path) as temporary:
        segmentation.save_as(temporary)


def read_sources(paths: Sequence[Path]) -> list[Any]:
    """Headers of the slices that a SEG can refer to.

    Raises:
        InputError: If a file lacks what a SEG needs, or is no single slice.
        FileFormatError: If a file is no DICOM image.
    """
    headers = [read_header(path) for path in paths]
    for header, path in zip(headers, paths, strict=True):
        _check_source(header, path.name)
    return headers


def read_dicom_seg(path: Path, geometry: Geometry) -> NDArray[np.bool_]:
    """The union of all segments of a DICOM SEG on the grid of its image.

    A SEG stores only slices with foreground, in any order, so each is placed by its position.

    Args:
        path: The SEG file.
        geometry: Grid of the image it belongs to.

    Returns:
        ``(D, H, W)`` bool.

    Raises:
        InputError: If a frame does not fall on a slice of that grid.
        FileFormatError: If the file is damaged or no SEG.
    """
    check_file(path)
    with reading(path, "a DICOM SEG"):
        dataset = pydicom.dcmread(path)
        frames = np.asarray(pixel_array(dataset))
        frames = frames.reshape(-1, int(dataset.Rows), int(dataset.Columns))
        lowest = 0
        if str(dataset.get("SegmentationType", "BINARY")) == "FRACTIONAL":
            lowest = int(dataset.get("MaximumFractionalValue", 255)) // 2
        planes = planes_of(dataset, path.name)
        if planes is None:
            raise InputError(
                f"{path.name} has frames without positions; expected a SEG of a series."
                " Export it again."
            )
        mask = np.zeros(geometry.shape_dhw, dtype=bool)
        for frame, plane in zip(frames, planes, strict=True):
            z = _slice_of(plane, geometry, path.name)
            mask[z] |= frame > lowest
        return mask


def is_dicom_seg(path: Path) -> bool:
    """Whether a DICOM file is a segmentation object."""
    with reading(path, "a DICOM file"):
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
        return str(header.get("Modality", "")) == "SEG"


def _check_source(header: Any, name: str) -> None:
    missing = [keyword for keyword in _NEEDED if header.get(keyword) is None]
    if missing or int(header.get("NumberOfFrames") or 1) != 1:
        lack = f"lacks {', '.join(missing)}" if missing else "has several frames"
        raise InputError(
            f"{name} {lack}, so no DICOM SEG can refer to it; expected a slice of a series with"
            " positions. Write the mask as NIfTI or NRRD instead."
        )


def _slice_of(plane: Any, geometry: Geometry, name: str) -> int:
    """The z at which a SEG frame covers a slice of the grid exactly, row by row."""
    depth, height, width = geometry.shape_dhw
    if plane.shape_hw != (height, width):
        raise InputError(
            f"{name} has frames of {plane.shape_hw[0]} x {plane.shape_hw[1]} pixels; expected"
            f" {height} x {width}, the size of its image. Use the SEG of this series."
        )
    right = plane.along_x * plane.spacing_yx_mm[1] * (width - 1)
    down = plane.along_y * plane.spacing_yx_mm[0] * (height - 1)
    corners = plane.origin_mm + np.stack([np.zeros(3), right, down])
    found = geometry.to_index_zyx(corners)
    z = round(float(found[0, 0]))
    expected = np.array([[z, 0, 0], [z, 0, width - 1], [z, height - 1, 0]])
    if not 0 <= z < depth or np.abs(found - expected).max() > 0.1:
        raise InputError(
            f"{name} has a frame that lies on no slice of its image; expected the same grid."
            " Use the SEG of this series, or resample it to the image first."
        )
    return z


def _build(headers: list[Any], mask: NDArray[np.bool_], label: str) -> Any:
    tissue = CodedConcept("85756007", "SCT", "Tissue")
    release = version("assent")
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="assent",
        version=release,
        family=CodedConcept("123109", "DCM", "Manual Processing"),
    )
    segment = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label=label,
        segmented_property_category=tissue,
        segmented_property_type=tissue,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=algorithm,
    )
    return highdicom.seg.Segmentation(
        source_images=headers,
        pixel_array=mask.astype(np.uint8),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=highdicom.UID(),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="assent",
        manufacturer_model_name="assent",
        software_versions=release,
        device_serial_number=release,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description=label,
    )
