"""De-identifying DICOM: the Basic Profile of DICOM PS3.15 (table E.1-1), on a file in place."""

import hmac
import re
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pydicom
from dicomanonymizer.simpledicomanonymizer import delete, initialize_actions_2024b
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from assent.core.errors import InputError, StorageError
from assent.io.atomic import sync
from assent.io.guard import reading

METHOD = ("DICOM PS3.15 2024b Basic Profile", "other texts emptied", "pixels as they were")
"""What (0012,0063) says of a file: the table, what goes beyond it, what it does not reach."""

_TEXT = frozenset({"AE", "AS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"})
_BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_GROUPS_OF_PIXELS = frozenset({0x0028, 0x7FE0})
_FIRST_GROUP = 0x0008
"""Groups below it belong to messages and to the head of a file."""
_STANDARD_UIDS = "1.2.840.10008."

Action = Callable[[Any, Any], None]


def deidentify(path: Path, key: bytes) -> None:
    """Overwrite a DICOM image, or each of a folder, with what shows the image and names nobody.

    What the profile names is removed, emptied or replaced, in nested sequences too, and so are
    private elements. Two things go beyond it: each text and date that it does not name is emptied,
    and each sequence that it names is removed. Geometry, pixels, window and modality stay.

    Args:
        path: The file, or a folder of nothing but files to overwrite.
        key: Under one key the same UID is replaced by the same; none is found again without it.

    Raises:
        InputError: If a file says that something is burned into its pixels.
        FileFormatError: If a file cannot be read or written as DICOM.
        StorageError: If the disk does not take it.
    """
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        with reading(file, "a DICOM image"):
            dataset = pydicom.dcmread(file)
            if str(dataset.get("BurnedInAnnotation", "")).strip().upper() == "YES":
                raise InputError(
                    f"{file.name} says that text is burned into its pixels (BurnedInAnnotation is"
                    " YES), which de-identifying does not remove; expected pixels that name nobody."
                    " Export it without the text, or crop the text away."
                )
            _clean(dataset, key)
            _mark(dataset)
            try:
                dataset.save_as(file, enforce_file_format=False)
                sync(file)
            except OSError as error:
                raise StorageError(
                    f"{file.name} cannot be kept: {error.strerror or 'the disk refused it'}."
                    " Nothing of it was stored. Make room, and send it again."
                ) from error


def neutral_name(modality: str, digest: str) -> str:
    """What an image is called by instead of a name that may be a patient's.

    >>> neutral_name("CT", "3fa2b1c8d9e0"), neutral_name("Doe, J", "3fa2b1c8d9e0")
    ('CT-3fa2b1c8', 'DICOM-3fa2b1c8')
    """
    return f"{modality if re.fullmatch('[A-Z]{2,4}', modality) else 'DICOM'}-{digest[:8]}"


@cache
def _profile() -> Mapping[tuple[int, ...], Action]:
    actions: dict[tuple[int, ...], Action] = initialize_actions_2024b()
    return actions


def _clean(dataset: Any, key: bytes) -> None:
    for tag in list(dataset.keys()):
        try:
            _clean_element(dataset, tag, key)
        except MemoryError:
            raise
        except Exception:  # an element that cannot be read, or that the profile has no value for
            del dataset[tag]


def _clean_element(dataset: Any, tag: Any, key: bytes) -> None:
    # Private elements, curves and overlays are in no dictionary, and neither is what nobody knows.
    if tag.group < _FIRST_GROUP or not dictionary_has_tag(tag):
        del dataset[tag]
        return
    element = dataset[tag]
    action = _profile().get((tag.group, tag.element))
    kinds = set(f"{element.VR} or {dictionary_VR(tag)}".split(" or "))
    if action is delete or (action is not None and "SQ" in kinds):
        del dataset[tag]
    elif element.VR == "SQ":
        for item in element.value:
            _clean(item, key)
    elif element.VR == "UI":
        several = element.value if element.VM > 1 else [element.value or ""]
        element.value = [_new_uid(str(each), key) for each in several]
    elif action is not None:
        action(dataset, tag)
    elif kinds & _TEXT:
        element.value = ""
    elif kinds & _BYTES and tag.group not in _GROUPS_OF_PIXELS:
        del dataset[tag]


def _new_uid(uid: str, key: bytes) -> str:
    if not uid or uid.startswith(_STANDARD_UIDS):
        return uid
    drawn = hmac.digest(key, uid.encode(), "sha256")
    return f"2.25.{uuid.UUID(bytes=drawn[:16], version=4).int}"


def _mark(dataset: Any) -> None:
    """Say in the file what was done, under a head of ours."""
    is_implicit, is_little = dataset.original_encoding
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if not syntax:
        explicit = ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian
        syntax = ImplicitVRLittleEndian if is_implicit else explicit
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if dataset.get(keyword):
            setattr(meta, f"MediaStorage{keyword}", dataset[keyword].value)
    dataset.file_meta = meta
    dataset.preamble = bytes(128)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = list(METHOD)
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
