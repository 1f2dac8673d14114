"""Which reader for which file: one table, and the two questions everybody asks of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import FileFormatError, InputError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.io.guard import check_file, check_folder, is_dicom, name_of


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        name: For messages.
        suffixes: Lower-case endings of its names.
        magic: Bytes with their offset by which it is known, whatever its name; may be empty.
        reader: ``module:function``, imported when the first such file is met.
        holds_masks: Whether masks survive in it.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[tuple[int, bytes], ...]
    reader: str
    holds_masks: bool = True


_PNG_MAGIC = ((0, b"\x89PNG\r\n\x1a\n"),)
_TIFF_MAGIC = ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+"))
_PICTURE, _ITK = "assent.io.picture:read_picture", "assent.io.itk:read_itk"
# DICOM first: its preamble may pose as a TIFF.
FORMATS = (
    Format("DICOM", (".dcm", ".dicom", ".ima"), ((128, b"DICM"),), "assent.io.dicom:read_dicom"),
    Format("PNG", (".png",), _PNG_MAGIC, _PICTURE),
    Format("JPEG", (".jpg", ".jpeg"), ((0, b"\xff\xd8\xff"),), _PICTURE, holds_masks=False),
    Format("BMP", (".bmp",), (), _PICTURE),
    Format("TIFF", (".tif", ".tiff"), _TIFF_MAGIC, "assent.io.tiff:read_tiff"),
    Format("NIfTI", (".nii", ".nii.gz"), (), "assent.io.nifti:read_nifti"),
    Format("NRRD", (".nrrd", ".nhdr"), (), _ITK),
    Format("MetaImage", (".mha", ".mhd"), (), _ITK),
)
"""Every format that is read, in the order in which they are tried."""

_JUNK = frozenset({"thumbs.db", "desktop.ini", "dicomdir", "__macosx"})


def read_image(path: Path, *, series: int | None = None) -> Image:
    """The image in a file, or in a folder that holds one DICOM series.

    The content decides the format; the suffix is asked only where the content has no mark.

    Args:
        path: A file of any format in ``FORMATS``, or a folder.
        series: Which series of a folder that holds several, counted from 1; None for a file.

    Raises:
        InputError: If the file is missing, cannot be used as one image, or is of an unknown kind.
        FileFormatError: If it is empty or damaged.
    """
    if path.is_dir():
        return _call("assent.io.dicom:read_dicom", path, series=series)
    check_file(path)
    if series is not None:
        raise InputError(
            f"{path.name} is one file; expected a folder where a series is chosen by its number."
            " Leave the number out, or name the folder."
        )
    return _call(_format_of(path).reader, path)


def read_mask(path: Path, *, like: Image | None = None) -> NDArray[np.bool_]:
    """The foreground of a mask file: every voxel that is not zero.

    Nothing is resampled or reordered; a mask that lies elsewhere than its image is refused.
    Transparent pixels are background.

    Args:
        path: As in ``read_image``, but no JPEG; a DICOM SEG needs ``like``.
        like: The image it belongs to; size and, where both have one, place must agree.

    Returns:
        ``(D, H, W)`` bool.

    Raises:
        InputError: If the mask does not fit.
        FileFormatError: If it is empty or damaged.
    """
    if is_dicom(path) and resolve_name("assent.io.dicom_seg:is_dicom_seg")(path):
        if like is None:
            raise InputError(
                f"{path.name} is a DICOM SEG, which stores only slices with foreground; expected"
                " its image beside it. Give the image, or a mask as NIfTI or NRRD."
            )
        read_seg = resolve_name("assent.io.dicom_seg:read_dicom_seg")
        mask = np.asarray(read_seg(path, like.geometry), dtype=bool)
    else:
        image = _read_mask_file(path)
        mask = np.asarray((image.voxels != 0).any(axis=0))
        if like is not None:
            _check_fits(path.name, image.geometry, like)
    return mask


def list_images(folder: Path) -> list[Path]:
    """Everything in a folder that can be read as an image, in natural order.

    Files directly in the folder; hidden files, system junk and unknown kinds are passed over.
    The files of a DICOM series count once, as the folder that holds them, also further down.
    DICOM files that are each a series of their own count one by one. Links to folders are not
    followed: they may lead anywhere, also to a folder above, which would never end.

    Raises:
        InputError: If there is no such folder, or nothing in it is an image.
    """
    check_folder(folder)
    found: list[Path] = []
    dicom_here = False
    for path in folder.iterdir():
        if _is_junk(path):
            continue
        if path.is_dir():
            found.extend([] if path.is_symlink() else _series_below(path))
        elif is_dicom(path):
            dicom_here = True
        elif _by_suffix(path) is not None or _by_content(path) is not None:
            found.append(path)
    if dicom_here:
        found.extend(_dicom_items(folder))
    if not found:
        raise InputError(
            f"The folder {name_of(folder)!r} holds no image; expected {_known()} files, or folders"
            " with a DICOM series. Choose the folder that contains them."
        )
    return sorted(found, key=lambda path: natural_key(str(path.relative_to(folder))))


def stem_of(path: Path) -> str:
    """The name of an image without its suffix, for naming outputs; folders keep their name.

    >>> stem_of(Path("in/case_1.nii.gz"))
    'case_1'
    """
    if path.is_dir():
        return name_of(path)
    suffix = _suffix_of(path)
    return path.name[: -len(suffix)] if suffix and len(suffix) < len(path.name) else path.name


def stems_of(paths: Sequence[Path]) -> list[str]:
    """One stem per image, in order; those that would collide keep their suffix or get a number.

    >>> stems_of([Path("a.png"), Path("a.jpg"), Path("b.png")])
    ['a_png', 'a_jpg', 'b']
    """
    plain = [stem_of(path) for path in paths]
    stems: list[str] = []
    for path, short in zip(paths, plain, strict=True):
        stem = short if plain.count(short) == 1 else path.name.replace(".", "_")
        unique, number = stem, 1
        while unique in stems:
            number += 1
            unique = f"{stem}_{number}"
        stems.append(unique)
    return stems


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key under which ``img2`` comes before ``img10``.

    >>> sorted(["img10", "img2"], key=natural_key)
    ['img2', 'img10']
    """
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts if p]


def _call(reader: str, path: Path, **options: Any) -> Image:
    image = resolve_name(reader)(path, **options)
    if not isinstance(image, Image):
        raise TypeError(f"{reader} returned {type(image).__name__}, not an Image")
    return image


def _format_of(path: Path) -> Format:
    known = _by_content(path) or _by_suffix(path)
    if known is None:
        raise FileFormatError(
            f"{path.name} is of an unknown kind; expected {_known()}. Convert it to one of these."
        )
    return known


def _by_content(path: Path) -> Format | None:
    with path.open("rb") as file:
        head = file.read(256)
    for known in FORMATS:
        if any(head[at : at + len(mark)] == mark for at, mark in known.magic):
            return known
    return None


def _by_suffix(path: Path) -> Format | None:
    suffix = _suffix_of(path)
    return next((known for known in FORMATS if suffix in known.suffixes), None)


def _suffix_of(path: Path) -> str:
    """The longest known suffix of a name, in lower case, or "" if none is known."""
    name = path.name.lower()
    known = [s for entry in FORMATS for s in entry.suffixes if name.endswith(s)]
    return max(known, key=len, default="")


def _known() -> str:
    return ", ".join(known.name for known in FORMATS)


def _read_mask_file(path: Path) -> Image:
    if path.is_dir():
        return _call("assent.io.dicom:read_dicom", path)
    check_file(path)
    known = _format_of(path)
    if not known.holds_masks:
        raise InputError(
            f"{path.name} is a {known.name} picture, whose compression blurs the border of a mask;"
            " expected PNG, TIFF, NIfTI, NRRD or DICOM SEG. Export the mask again."
        )
    see_through = {"transparent_is_zero": True} if known.name in {"PNG", "TIFF"} else {}
    return _call(known.reader, path, **see_through)


def _check_fits(name: str, geometry: Geometry, like: Image) -> None:
    if geometry.shape_dhw != like.shape_dhw:
        raise InputError(
            f"{name} has (D, H, W) = {geometry.shape_dhw}; expected {like.shape_dhw}, the size of"
            f" its image {like.name}. Use the mask that was drawn on this image."
        )
    if not (geometry.calibrated and like.geometry.calibrated):
        return
    tolerance = 0.1 * min(like.geometry.spacing_zyx_mm)
    if not geometry.is_close(like.geometry, tolerance_mm=tolerance):
        raise InputError(
            f"{name} lies elsewhere than its image {like.name}: found {_place(geometry)}; expected"
            f" {_place(like.geometry)}. Resample the mask to the image, or use the mask that was"
            " drawn on it."
        )


def _place(geometry: Geometry) -> str:
    spacing = " x ".join(f"{v:.4g}" for v in geometry.spacing_zyx_mm)
    origin = ", ".join(f"{v:.4g}" for v in geometry.affine[:3, 3])
    return f"orientation {geometry.orientation}, spacing {spacing} mm, first voxel at ({origin}) mm"


def _is_junk(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _JUNK


def _series_below(folder: Path) -> list[Path]:
    """DICOM series in a folder and the folders below it."""
    children = [path for path in sorted(folder.iterdir()) if not _is_junk(path)]
    below = [child for child in children if child.is_dir() and not child.is_symlink()]
    found = [item for child in below for item in _series_below(child)]
    if any(is_dicom(child) for child in children):
        found.extend(_dicom_items(folder))
    return found


def _dicom_items(folder: Path) -> list[Path]:
    """The folder if a series of several files lies in it, else its files one by one."""
    groups: list[list[Path]] = resolve_name("assent.io.dicom:list_series")(folder)
    if any(len(group) > 1 for group in groups):
        return [folder]
    return [group[0] for group in groups]
