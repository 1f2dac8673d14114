"""Read an image that came from somewhere else, in a process that may fail and is held in limits."""

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assent.core.errors import AssentError, InputError

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
    """

    digest: str
    shape_dhw: tuple[int, int, int]


def decode(path: Path, name: str) -> Decoded:
    """Read an image once, elsewhere: whatever it does to its reader, this process goes on.

    Args:
        path: The file; its suffix says what it is.
        name: By which people know it, for messages.

    Raises:
        InputError: If it cannot be read within the limits, or not at all.
    """
    command = [sys.executable, "-m", __name__, str(path), str(MEMORY_BYTES)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
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
    try:
        told = json.loads(ended.stdout)
    except ValueError:
        told = {"error": _too_much(name, MEMORY_BYTES)}
    if "error" in told:
        raise InputError(told["error"].replace(path.name, name))
    depth, height, width = told["shape"]
    return Decoded(told["digest"], (depth, height, width))


def main(file: str, memory_bytes: str) -> None:
    """The life of that process: read, tell what it was, end."""
    from assent.io.formats import read_image  # noqa: PLC0415 - after the limits hold

    path = Path(file)
    with suppress(ValueError, OSError):  # where the system has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    try:
        image = read_image(path)
        told = {"digest": image.content_id, "shape": list(image.shape_dhw)}
    except AssentError as error:
        told = {"error": str(error)}
    except MemoryError:
        told = {"error": _too_much(path.name, int(memory_bytes))}
    sys.stdout.write(json.dumps(told))


def _too_much(name: str, memory_bytes: int) -> str:
    return (
        f"{name} cannot be read: it is damaged, or takes more than {memory_bytes / 2**30:g} GB of"
        " memory. Crop it or scale it down, and send it again."
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
