"""Read an image that came from somewhere else, in a process that may fail and is held in limits."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assent.core.errors import AssentError, InputError, StorageError
from assent.services.naming import in_their_words, shown_name

MEMORY_BYTES = 4 * 2**30
"""Address space of the process: a CT of 512 x 512 x 1000 voxels fits."""

SECONDS = 120
"""How long it may take."""


@dataclass(frozen=True)
class Decoded:
    """What an image turned out to be.

    Attributes:
        digest: ``Image.content_id``.
        shape_dhw: Number of voxels along z, y, x.
        neutral_name: What it is called by if it was de-identified, without ending; else "".
    """

    digest: str
    shape_dhw: tuple[int, int, int]
    neutral_name: str = ""


@dataclass(frozen=True)
class Unpacked:
    """The DICOM files of an archive, in a folder.

    Attributes:
        names: By which people know each file, by the name it has in the folder.
        series: The files of each series, by the order of the series' numbers.
    """

    names: Mapping[str, str]
    series: tuple[tuple[str, ...], ...]


def decode(path: Path, name: str, *, key: bytes = b"") -> Decoded:
    """Read an image once, elsewhere: whatever it does to its reader, this process goes on.

    Args:
        path: The file, whose suffix says what it is, or the folder of a DICOM series.
        name: By which people know it, for messages.
        key: If given, DICOM is overwritten de-identified, its UIDs replaced under this key, and
            read once more: it must be the same image.

    Raises:
        InputError: If it cannot be read within the limits, or not at all, or not be de-identified.
        StorageError: If it cannot be written de-identified.
    """
    told = _elsewhere("decode", path, name, key=key)
    depth, height, width = told["shape"]
    return Decoded(told["digest"], (depth, height, width), told["neutral_name"])


def unpack(path: Path, into: Path, name: str, most_bytes: int) -> Unpacked:
    """Unpack an archive and sort its DICOM files into series, elsewhere as in ``decode``.

    Args:
        path: The archive.
        into: An empty folder for its files.
        name: By which people know the archive, for messages.
        most_bytes: Of all files together, unpacked.

    Raises:
        InputError: If it cannot be read within the limits, is no archive, or holds no series.
        StorageError: If its files cannot be written.
    """
    told = _elsewhere("unpack", path, name, str(into), str(most_bytes))
    return Unpacked(told["names"], tuple(map(tuple, told["series"])))


def _elsewhere(verb: str, path: Path, name: str, *more: str, key: bytes = b"") -> dict[str, Any]:
    """What the process told that did this with a file."""
    command = [sys.executable, "-m", __name__, verb, str(MEMORY_BYTES), str(path), *more]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(
            command,
            input=key,  # an argument could be read by whoever lists processes
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries print header values, which may be a patient's
            env=one_thread,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{name} took longer than {SECONDS} seconds to read. Save it anew, or in another"
            " format."
        ) from error
    told: dict[str, Any]
    try:
        told = json.loads(ended.stdout)
    except ValueError:
        told = {"error": _too_much(name, MEMORY_BYTES)}
    if "error" in told:
        kind = StorageError if told.get("is_storage") else InputError
        raise kind(told["error"].replace(path.name, name))
    return told


def main(verb: str, memory_bytes: str, file: str, *more: str) -> None:
    """The life of that process: read, tell what it was, end."""
    path = Path(file)
    told: dict[str, Any]
    with suppress(ValueError, OSError):  # where the system has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    try:
        if verb == "decode":
            told = _decode(path, sys.stdin.buffer.read())
        else:
            told = _unpack(path, Path(more[0]), int(more[1]))
    except AssentError as error:
        told = {"error": str(error), "is_storage": isinstance(error, StorageError)}
    except MemoryError:
        told = {"error": _too_much(path.name, int(memory_bytes))}
    sys.stdout.write(json.dumps(told))


def _decode(path: Path, key: bytes) -> dict[str, Any]:
    from assent.io.formats import read_image  # noqa: PLC0415 - after the limits hold
    from assent.io.guard import is_dicom  # noqa: PLC0415

    image = read_image(path)
    told = {"digest": image.content_id, "shape": list(image.shape_dhw), "neutral_name": ""}
    if key and (path.is_dir() or is_dicom(path)):
        from assent.io.deidentify import deidentify, neutral_name  # noqa: PLC0415

        told["neutral_name"] = neutral_name(image.modality, image.content_id)
        del image  # its memory is needed for the next
        deidentify(path, key)
        if read_image(path).content_id != told["digest"]:
            raise InputError(
                f"{path.name} would be another image without what names the patient, so it is not"
                " kept. Export it again, or put it into the project's folder."
            )
    return told


def _unpack(path: Path, into: Path, most_bytes: int) -> dict[str, Any]:
    from assent.io.archive import unpack as pour  # noqa: PLC0415 - after the limits hold
    from assent.io.dicom import list_series, read_header  # noqa: PLC0415

    poured = pour(path, into, most_bytes=most_bytes)
    names = {ours: shown_name(theirs) for ours, theirs in poured.items()}
    try:
        groups = list_series(into)
        for file in (file for group in groups for file in group if len(groups) > 1):
            read_header(file)  # a slice cut short would pass for a series of its own
    except AssentError as error:
        raise InputError(in_their_words(str(error), names)) from error
    if not groups:
        raise InputError(
            f"{path.name} holds no DICOM image; expected the files of a series. Send pictures and"
            " volumes one by one, each as it is."
        )
    return {"names": names, "series": [[file.name for file in group] for group in groups]}


def _too_much(name: str, memory_bytes: int) -> str:
    return (
        f"{name} cannot be read: it is damaged, or takes more than {memory_bytes / 2**30:g} GB of"
        " memory. Crop it or scale it down, and send it again."
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
