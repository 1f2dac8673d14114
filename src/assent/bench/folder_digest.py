"""Which files a dataset folder held: two folders of one name can be told apart."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from assent.datasets.layout import DESCRIPTION, read_layout


def folder_digest(root: Path) -> str:
    """SHA-256 of ``dataset.json`` and of the names and sizes of all images and masks.

    Images are not opened, so that a large folder takes no time; a file of the same name and
    size counts as the same. Other files in the folder make no difference.

    Raises:
        InputError: If there is no such folder, or no images or masks in it.
        FileFormatError: If ``dataset.json`` cannot be read.
    """
    layout = read_layout(root)
    items = [layout.images, *layout.masks.values()]
    files = [file for paths in items for path in paths.values() for file in _files_of(path)]
    sizes = {os.path.relpath(file, root): file.stat().st_size for file in files}
    digest = hashlib.sha256(json.dumps(sizes, sort_keys=True).encode())
    if (root / DESCRIPTION).is_file():
        digest.update((root / DESCRIPTION).read_bytes())
    return digest.hexdigest()


def _files_of(item: Path) -> Iterator[Path]:
    """A file itself, or the files of a DICOM series."""
    if item.is_dir():
        yield from (child for child in item.iterdir() if child.is_file())
    else:
        yield item
