"""What belongs to a finished mask: from which image, by which run, and whether it is unchanged."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assent.io.atomic import write_json


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The note beside one mask.

    Attributes:
        image: SHA-256 of the image's file, or of the files of its series.
        run: Digest of method, weights, settings and context.
        file: Name of the mask's file.
        mask: SHA-256 of that file as it was written; "" while it is not.
        predicted_dice: Expected Dice of the mask.
    """

    image: str
    run: str
    file: str
    mask: str
    predicted_dice: float


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the note, whole or not at all.

    Raises:
        InputError: If the folder cannot be written.
    """
    write_json(path, asdict(manifest))


def read_manifest(path: Path) -> Manifest | None:
    """The note, or None if there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            image=str(value["image"]),
            run=str(value["run"]),
            file=str(value["file"]),
            mask=str(value["mask"]),
            predicted_dice=float(value["predicted_dice"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, that of its files' names and digests."""
    if path.is_dir():
        inside = sorted(child for child in path.iterdir() if child.is_file())
        return values_digest({child.name: file_digest(child) for child in inside})
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def values_digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of JSON-able values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
