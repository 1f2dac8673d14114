"""What lies deeper in a folder than images are looked for, so that nobody wonders where it is."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from assent.datasets.layout import MASK_FOLDERS
from assent.io.formats import FORMATS, natural_key
from assent.services.homes import FILE

ENDINGS = tuple(s for known in FORMATS if known.name != "DICOM" for s in known.suffixes)
"""Of files that count only directly in the folder; a DICOM series is found at any depth."""

NAMED = 5
"""How many folders a sentence names."""

LINK = (
    "It is a link to a folder, and such links are not followed. Serve the folder that it leads to,"
    " or copy the images into this one."
)


def passed_over(folder: Path, taken: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Folders inside a folder whose images are not taken in, each with a sentence.

    Args:
        folder: Hidden folders in it, those of masks, and the work of a server are left out.
        taken: What was found in it.
    """
    used = {place for path in taken for place in (path, *path.parents)}
    for child in sorted(folder.iterdir(), key=lambda path: natural_key(path.name)):
        if child.name[0] == "." or child.name in MASK_FOLDERS or not child.is_dir():
            continue
        if child.is_symlink():
            if child not in used:
                yield child, LINK
        elif not (child / FILE).exists() and (number := _pictures_below(child)):
            noun = "1 image" if number == 1 else f"{number} images"
            yield (
                child,
                f"It holds {noun} that {'is' if number == 1 else 'are'} not taken in, because only"
                " what lies directly in the folder is. Serve this folder by itself, or move what is"
                " in it one level up.",
            )


def nothing_here(name: str, deeper: Sequence[str]) -> str:
    """What to say of a folder without an image.

    Args:
        name: Of the folder.
        deeper: Names of folders in it that were passed over.
    """
    if not deeper:
        return (
            f"No image was found in {name!r}. Put image files into it (PNG, JPEG, TIFF, DICOM,"
            " NIfTI and others), and look again; or add some on this page."
        )
    more = f" and {len(deeper) - NAMED} more" if len(deeper) > NAMED else ""
    return (
        f"No image lies directly in {name!r}, but there may be some in {', '.join(deeper[:NAMED])}"
        f"{more}. Start the server on one of these folders, or move the images up into {name!r} and"
        " look again. To have each as a folder of its own in the list at the top, put a file"
        " dataset.json that says {} into each, and start the server again."
    )


def _pictures_below(folder: Path) -> int:
    number = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "." and name not in MASK_FOLDERS]
        number += sum(name.lower().endswith(ENDINGS) and name[0] != "." for name in files)
    return number
