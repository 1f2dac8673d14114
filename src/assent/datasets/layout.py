"""Where the images and masks of a dataset folder lie.

Two kinds of folder are understood: one with ``dataset.json``, which names the folders of images
and masks and says whose masks they are, and a plain one with ``images/`` and ``masks/``.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.core.errors import FileFormatError, InputError
from assent.datasets.splits import group_of
from assent.io.formats import FORMATS, list_images, natural_key, stem_of
from assent.io.guard import check_folder, is_dicom, name_of

DESCRIPTION = "dataset.json"
IMAGE_FOLDERS = ("images", "volumes")
MASK_FOLDERS = ("masks", "labels")
PLAIN_TARGET = "object"
"""What is segmented, where nothing names it."""

_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)
_EXPECTED = (
    "expected a folder images/ (or volumes/) with the images, and masks/ (or labels/) with one"
    " mask per image of the same name, or with one subfolder per label. Arrange it so, or name its"
    " folders in dataset.json"
)


@dataclass(frozen=True)
class Layout:
    """The files of a dataset folder.

    Attributes:
        root: The folder.
        name: Name of the dataset; the folder's name where nothing else is said.
        use: "train", "unseen", or "" where the folder does not say.
        modality: For people.
        target: What raters segment; ``PLAIN_TARGET`` where the folder does not say.
        has_raters: Whether mask folders are raters of one target, not targets.
        images: Paths by id, in natural order.
        masks: For every mask folder that counts, paths by id. The one key is ``PLAIN_TARGET``
            where masks lie directly in the mask folder.
        facts: What ``dataset.json`` says about an item, by id.
        absent: Mask folders that are announced but not there.
    """

    root: Path
    name: str
    use: str
    modality: str
    target: str
    has_raters: bool
    images: Mapping[str, Path] = field(repr=False)
    masks: Mapping[str, Mapping[str, Path]] = field(repr=False)
    facts: Mapping[str, Mapping[str, Any]] = field(repr=False)
    absent: tuple[str, ...] = ()

    def group_of(self, case_id: str) -> str:
        """What must stay in one split with this image."""
        return group_of({"id": case_id, **self.facts.get(case_id, {})})


def read_layout(root: Path) -> Layout:
    """Find images, masks and facts; no image is opened.

    Raises:
        InputError: If there is no such folder, or no images or masks in it.
        FileFormatError: If ``dataset.json`` cannot be read.
    """
    check_folder(root)
    said = _read_description(root / DESCRIPTION)
    image_folder = _find_folder(root, said.get("images"), IMAGE_FOLDERS)
    mask_folder = _find_folder(root, said.get("masks"), MASK_FOLDERS)
    images = files_by_id(image_folder)
    if not images:
        raise InputError(f"{name_of(root)}/{image_folder.name} contains no images; {_EXPECTED}.")
    masks, absent = _find_masks(mask_folder, said)
    if not any(masks.values()):
        raise InputError(f"{name_of(root)}/{mask_folder.name} contains no masks; {_EXPECTED}.")
    labels = said.get("labels") or []
    return Layout(
        root=root,
        name=str(said.get("name") or name_of(root)),
        use=str(said.get("use") or ""),
        modality=str(said.get("modality") or ""),
        target=str(labels[0]) if len(labels) == 1 else PLAIN_TARGET,
        has_raters=said.get("mask_folders_are") == "raters",
        images=images,
        masks=masks,
        facts={str(item["id"]): item for item in said.get("items", []) if "id" in item},
        absent=absent,
    )


def files_by_id(folder: Path) -> dict[str, Path]:
    """Images or masks by their name without suffix, in natural order; empty if there are none.

    A DICOM series is known by the name of its folder. Of files that differ in suffix only, the
    first counts.
    """
    found: dict[str, Path] = {}
    for path in _list(folder):
        found.setdefault(stem_of(path), path)
    return found


def data_folders(root: Path) -> list[Path]:
    """The described folders directly below a folder that holds no images itself, else that folder.

    Returns:
        In natural order, at least one.
    """
    if any((root / name).exists() for name in (DESCRIPTION, *IMAGE_FOLDERS)):
        return [root]
    inside = [path for path in root.iterdir() if path.name[0] != "."]
    if any(
        path.is_file() and (path.name.lower().endswith(_SUFFIXES) or is_dicom(path))
        for path in inside
    ):
        return [root]
    described = [path for path in inside if (path / DESCRIPTION).is_file()]
    return sorted(described, key=lambda path: natural_key(path.name)) or [root]


def described_target(root: Path) -> str | None:
    """The first of the labels that ``dataset.json`` names; None if it names none.

    Raises:
        FileFormatError: If it cannot be read.
    """
    labels = _read_description(root / DESCRIPTION).get("labels")
    return str(labels[0]) if isinstance(labels, list) and labels else None


def twins_in(folder: Path) -> list[str]:
    """Names that several files of a folder share, but for their suffix."""
    counts = Counter(stem_of(path) for path in _list(folder))
    return [name for name, count in counts.items() if count > 1]


def _list(folder: Path) -> list[Path]:
    try:
        return list_images(folder)
    except InputError:
        return []


def _read_description(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"{path.name} cannot be read as JSON: {error}. Correct it, or remove it to use the"
            " folder as a plain one."
        ) from error
    items = said.get("items", []) if isinstance(said, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FileFormatError(
            f"{path.name} must be a JSON object whose items are a list of objects with an id."
            " Correct it, or remove it to use the folder as a plain one."
        )
    return dict(said)


def _find_folder(root: Path, named: object, usual: tuple[str, ...]) -> Path:
    choices = (str(named),) if named else usual
    for choice in choices:
        if (root / choice).is_dir():
            return root / choice
    listed = " or ".join(f"{choice}/" for choice in choices)
    raise InputError(f"The folder {name_of(root)!r} has no {listed}; {_EXPECTED}.")


def _find_masks(
    folder: Path, said: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Path]], tuple[str, ...]]:
    dropped = {str(name) for name in said.get("not_a_rater") or ()}
    on_disk = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."
    )
    announced = [str(name) for name in said.get("mask_folders") or on_disk]
    kept = [name for name in announced if name not in dropped and name in on_disk]
    absent = tuple(name for name in announced if name not in on_disk and name not in dropped)
    if kept or absent:
        return {name: files_by_id(folder / name) for name in kept}, absent
    return {PLAIN_TARGET: files_by_id(folder)}, ()
