"""What is wrong with a dataset folder, all of it at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import AssentError
from assent.core.image import Image
from assent.datasets.folder import find_copies
from assent.datasets.layout import DESCRIPTION, Layout, read_layout, twins_in
from assent.datasets.splits import split_of
from assent.io.formats import read_image, read_mask

Severity = Literal["error", "warning", "note"]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Finding:
    """One thing to know about a dataset folder.

    Attributes:
        severity: "error" for what stops work on a file, "warning" for what is probably not
            meant, "note" for counts.
        file: Path inside the folder; "" for the folder itself.
        sentence: What was found.
        remedy: What to do; "" for a note, and where the sentence says it already.
    """

    severity: Severity
    file: str
    sentence: str
    remedy: str = ""


def check_folder(path: Path | str) -> list[Finding]:
    """Read every image and mask of a dataset folder and list all that is odd.

    One unreadable file never stops the rest. Errors come first, then warnings, then notes.

    Args:
        path: As for ``open_folder``.
    """
    root = Path(path)
    layout = _attempt(lambda: read_layout(root))
    if isinstance(layout, str):
        return [Finding("error", "", layout)]
    findings = [*_check_names(layout), *_check_files(layout), *_check_raters(layout)]
    order = ("error", "warning", "note")
    return sorted([*findings, *_count(layout)], key=lambda f: order.index(f.severity))


def _attempt(read: Callable[[], Value]) -> Value | str:
    """What ``read`` returns, or the sentence with which it failed."""
    try:
        return read()
    except AssentError as error:
        return str(error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return f"It cannot be read: {reason}. Check its permissions, or copy it again."
    except MemoryError:
        return "It does not fit into memory. Crop it or scale it down."


def _check_names(layout: Layout) -> Iterator[Finding]:
    """Files that belong to nothing, and announcements without files."""
    for name in layout.absent:
        yield Finding(
            "error",
            DESCRIPTION,
            f"The mask folder {name} is announced but not there.",
            "Add the folder, or remove its name from mask_folders.",
        )
    for case_id in layout.facts:
        if case_id not in layout.images:
            yield Finding(
                "warning",
                DESCRIPTION,
                f"Item {case_id} is described but has no image.",
                "Add the image, or remove the item.",
            )
    folders = {path.parent for path in layout.images.values()}
    folders |= {path.parent for files in layout.masks.values() for path in files.values()}
    for folder in sorted(folders):
        for stem in twins_in(folder):
            yield Finding(
                "warning",
                _name(layout, folder),
                f"Several files are named {stem} and differ in suffix only; the first is used.",
                "Keep one of them.",
            )
    for files in layout.masks.values():
        for case_id, path in files.items():
            if case_id not in layout.images:
                yield Finding(
                    "warning",
                    _name(layout, path),
                    "This mask belongs to no image of the same name.",
                    "Rename it, or add the image.",
                )


def _check_files(layout: Layout) -> Iterator[Finding]:
    """Read everything, one image with its masks at a time."""
    for case_id, path in layout.images.items():
        found = [files[case_id] for files in layout.masks.values() if case_id in files]
        image = _attempt(lambda path=path: read_image(path))  # type: ignore[misc]
        if isinstance(image, str):
            yield Finding("error", _name(layout, path), image)
        elif float(np.ptp(image.voxels)) == 0.0:
            yield Finding(
                "warning",
                _name(layout, path),
                "Every voxel of this image has the same value.",
                "Check how it was exported.",
            )
        for mask_path in found:
            yield from _check_mask(layout, mask_path, image if isinstance(image, Image) else None)


def _check_mask(layout: Layout, path: Path, image: Image | None) -> Iterator[Finding]:
    mask = _attempt(lambda: read_mask(path, like=image))
    name = _name(layout, path)
    if isinstance(mask, str):
        yield Finding("error", name, mask)
    elif image is not None and mask.shape != image.shape_dhw:
        yield Finding(
            "error",
            name,
            f"The mask has (D, H, W) = {mask.shape}, its image {image.shape_dhw}.",
            "Draw or export this mask again on its image.",
        )
    else:
        yield from _check_content(name, mask)


def _check_content(name: str, mask: NDArray[np.bool_]) -> Iterator[Finding]:
    if not mask.any():
        yield Finding(
            "warning",
            name,
            "The mask is empty: the object was looked for and is not there.",
            "If it was not annotated, remove the file.",
        )
    elif mask.all():
        yield Finding(
            "warning",
            name,
            "The mask covers the whole image.",
            "Check whether object and background are swapped.",
        )


def _check_raters(layout: Layout) -> Iterator[Finding]:
    copies = find_copies(layout.masks)
    for name, original in copies.items():
        if layout.has_raters:
            sentence = f"Rater {name} is identical to {original} and counts once."
            remedy = "Remove one of them if they are one person's work."
        else:
            sentence = f"The masks of {name} are identical to those of {original}."
            remedy = "Remove one of them if it was copied by mistake."
        yield Finding("warning", _name(layout, _folder_of(layout.masks[name])), sentence, remedy)


def _count(layout: Layout) -> Iterator[Finding]:
    """How many images every label has in every split."""
    split = {i: split_of(layout.name, layout.group_of(i)) for i in layout.images}
    kind = "Rater" if layout.has_raters else "Label"
    for name, files in layout.masks.items():
        counts = Counter(split[case_id] for case_id in files if case_id in split)
        yield Finding(
            "note",
            "",
            f"{kind} {name}: {counts.total()} images, {counts['train']} train,"
            f" {counts['val']} val, {counts['test']} test.",
        )
    groups = len({layout.group_of(case_id) for case_id in layout.images})
    yield Finding("note", "", f"{len(layout.images)} images in {groups} groups.")
    bare = sum(all(i not in files for files in layout.masks.values()) for i in layout.images)
    if bare:
        yield Finding("note", "", f"{bare} images have no mask and are left out.")
    for name in ("train", "val", "test"):
        if name not in split.values():
            yield Finding(
                "warning",
                "",
                f"Split {name} is empty: by their hash all groups fall into the others.",
                "Use --split all, or add images of further groups.",
            )


def _folder_of(files: Mapping[str, Path]) -> Path:
    return next(iter(files.values())).parent


def _name(layout: Layout, path: Path) -> str:
    return path.relative_to(layout.root).as_posix()
