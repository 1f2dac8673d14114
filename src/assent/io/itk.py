"""NRRD and MetaImage (MHA, MHD) volumes, read and written through SimpleITK."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.io.detached import HEADER_BYTES, check_beside
from assent.io.guard import check_file, check_size, placed_grid, reading, to_float32

_SPACING_LINE = re.compile(
    rb"^(?:spacings|space directions)\s*:(.*)$|^(?:ElementSpacing|ElementSize)\s*=(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n|^ElementDataFile", re.MULTILINE)


def read_itk(path: Path) -> Image:
    """An NRRD or MetaImage volume or slice, gray or RGB.

    A file that states no spacing is uncalibrated.

    Args:
        path: A ``.nrrd``, ``.nhdr``, ``.mha`` or ``.mhd`` file.

    Raises:
        InputError: If it has several frames, complex or other than 1 or 3 components, or a
            spacing that is not positive.
        FileFormatError: If it is empty, truncated or of another kind.
    """
    check_file(path)
    with reading(path, "an NRRD or MetaImage volume"):
        check_beside(path)
        has_spacing = _has_spacing(path)
        reader = SimpleITK.ImageFileReader()
        is_nrrd = path.suffix.lower() in {".nrrd", ".nhdr"}
        reader.SetImageIO("NrrdImageIO" if is_nrrd else "MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        _check_header(reader, path.name)
        picture = reader.Execute()
        array = np.asarray(SimpleITK.GetArrayFromImage(picture))
        components = int(picture.GetNumberOfComponentsPerPixel())
        geometry = _geometry_of(reader, path.name, calibrated=has_spacing)
        voxels = array.reshape(*geometry.shape_dhw, components)
        return Image(to_float32(np.moveaxis(voxels, -1, 0)), geometry, name=path.name)


def write_itk(path: Path, mask: NDArray[np.bool_], geometry: Geometry) -> None:
    """Write a mask as uint8, 0 and 1, compressed. Not atomic: see ``masks.py``.

    Args:
        path: Ends in ``.nrrd`` or ``.mha``.
        mask: ``(D, H, W)`` bool.
        geometry: Its grid.
    """
    picture = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    dz, dy, dx = geometry.spacing_zyx_mm
    picture.SetSpacing((dx, dy, dz))
    picture.SetOrigin(tuple(geometry.affine[:3, 3].tolist()))
    directions = geometry.affine[:3, [2, 1, 0]] / np.array([dx, dy, dz])
    picture.SetDirection(directions.ravel().tolist())
    SimpleITK.WriteImage(picture, str(path), useCompression=True)


def _has_spacing(path: Path) -> bool:
    """Whether the text header states a spacing; ITK itself would silently assume 1 mm."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    end = _END_OF_HEADER.search(header)
    line = _SPACING_LINE.search(header[: end.start()] if end else header)
    if line is None:
        return False
    text = (line.group(1) or line.group(2)).decode("ascii", "replace")
    vectors = re.findall(r"\(([^)]*)\)", text)
    numbers = [[float(v) for v in vector.split(",")] for vector in vectors] or [
        [float(v)] for v in text.split() if v.lower() != "none"
    ]
    lengths = [float(np.linalg.norm(v)) if len(v) > 1 else v[0] for v in numbers]
    if not all(np.isfinite(v) and v > 0 for v in lengths):
        if "nan" in text.lower() and not any(v <= 0 for v in lengths if np.isfinite(v)):
            return False
        raise InputError(
            f"{path.name} states a spacing of {' x '.join(f'{v:g}' for v in lengths)} mm; expected"
            " positive sizes. Set its spacing with the tool that wrote it."
        )
    return True


def _check_header(reader: Any, name: str) -> None:
    size = tuple(int(n) for n in reader.GetSize())
    components = int(reader.GetNumberOfComponents())
    check_size(name, (*size, components))
    frames = int(np.prod(size[3:]))
    if frames > 1:
        raise InputError(
            f"{name} has {len(size)} axes, {' x '.join(map(str, size))}, that is {frames} frames;"
            " expected one volume. Save one frame as a file of its own."
        )
    if components not in {1, 3}:
        raise InputError(
            f"{name} has {components} components per voxel; expected 1 (gray) or 3 (RGB)."
            " Save the component that you need as a file of its own."
        )


def _geometry_of(reader: Any, name: str, *, calibrated: bool) -> Geometry:
    """2D files lie in the plane z = 0."""
    size = [int(n) for n in reader.GetSize()]
    axes = len(size)
    used = min(axes, 3)
    direction = np.array(reader.GetDirection(), dtype=np.float64).reshape(axes, axes)
    affine = np.eye(4)
    affine[:used, :used] = direction[:used, :used] * np.array(reader.GetSpacing()[:used])
    affine[:used, 3] = reader.GetOrigin()[:used]
    width, height, depth = (*size[:used], 1)[:3]
    shape_dhw = (depth, height, width)
    return placed_grid(shape_dhw, affine[:, [2, 1, 0, 3]], name, calibrated=calibrated)
