"""Text headers whose voxels lie in other files: NHDR and MHD, and which files these are."""

import re
from pathlib import Path

from assent.core.errors import FileFormatError, ForbiddenError

HEADER_BYTES = 65_536
"""Of a text header; none that is in use is longer."""

_FIELD = re.compile(
    rb"^\s*(?:data ?file\s*:|ElementDataFile\s*=)(.*)$", re.IGNORECASE | re.MULTILINE
)


def data_files(head: bytes, name: str) -> list[str]:
    """The files that hold the voxels of an NRRD or MetaImage header; none if it holds them itself.

    Args:
        head: The first ``HEADER_BYTES`` of the file.
        name: Of the file, for the message.

    Raises:
        FileFormatError: If the header does not end within these bytes.
    """
    text = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header, ended, _ = text.partition(b"\n\n") if text.startswith(b"NRRD") else (text, b"", b"")
    found = _FIELD.search(header)
    if found is None and not ended and len(head) >= HEADER_BYTES:
        raise FileFormatError(
            f"{name} has no end of its header within {HEADER_BYTES // 1024} kB."
            " Copy it again from its source."
        )
    if found is None:
        return []
    first = found[1].strip().decode("utf-8", "replace")
    if first.upper() == "LOCAL":
        return []
    if not first.upper().startswith("LIST"):
        return [first]
    lines = header[found.end() :].decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def check_beside(path: Path) -> None:
    """Refuse a header that takes its voxels from elsewhere than the folder it lies in.

    Args:
        path: An NRRD or MetaImage file.

    Raises:
        ForbiddenError: If a file that it names lies elsewhere, through "..", a link or an
            absolute path.
        FileFormatError: As for ``data_files``.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    folder = path.parent.resolve()
    for named in data_files(head, path.name):
        # A pattern such as "slice%03d.raw 1 9 1" names files of the same folder, too.
        if "\0" in named or not (folder / named).resolve().parent == folder:
            raise ForbiddenError(
                f"{path.name} takes its voxels from {named!r}, which does not lie beside it. Put"
                " both into one folder, or save them as one file."
            )
