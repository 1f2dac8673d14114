"""The DICOM files of an archive, poured out under names of ours."""

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from assent.core.errors import FileFormatError, InputError, StorageError
from assent.io.guard import reading

MOST_FILES = 10_000
BLOCK = 2**20
HEAD = 132
"""Bytes in which a DICOM file says what it is."""

_ZIP, _TAR, _TAR_AT = b"PK\3\4", b"ustar", 257
_NAMED = frozenset({".dcm", ".dicom", ".ima", ""})


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP or TAR archive, by its content."""
    return _is_zip(path) or _is_tar(path)


def unpack(path: Path, into: Path, *, most_bytes: int) -> dict[str, str]:
    """Write the DICOM files of a ZIP or TAR archive into a folder; other files are passed over.

    Names and folders of the archive are never used as paths: files are numbered.

    Args:
        path: The archive; TAR without compression.
        into: An empty folder.
        most_bytes: Of all files together, unpacked.

    Returns:
        The name in the archive, without folders, by the name in the folder.

    Raises:
        FileFormatError: If the archive is damaged, or holds a DICOM file without content.
        InputError: If it is no archive, is locked, or holds too much.
        StorageError: If the files cannot be written.
    """
    if not is_archive(path):
        raise InputError(
            f"{path.name} is no archive; expected a ZIP or TAR file with the files of a DICOM"
            " series. Pack the folder of the series, and send that."
        )
    names: dict[str, str] = {}
    left = most_bytes
    with reading(path, "a ZIP or TAR archive"):
        for count, (name, file) in enumerate(_members(path)):
            if count == MOST_FILES:
                raise InputError(
                    f"{path.name} holds more than {MOST_FILES:,} files. Send fewer series at once."
                )
            with file:
                head = file.read(HEAD)
                if not head and PurePosixPath(name).suffix.lower() in _NAMED:
                    raise FileFormatError(
                        f"{name!r} in {path.name} is empty (0 bytes), and a slice would be missing."
                        " Copy it again from its source."
                    )
                if head[128:] == b"DICM":
                    ours = f"{count:05d}.dcm"
                    names[ours] = name
                    left -= _pour(head, file, into / ours, left, path.name)
    return names


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def _is_tar(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_TAR_AT + len(_TAR))[_TAR_AT:] == _TAR


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each plain file with its name, folders left out; what the system hides is passed over."""
    if _is_zip(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = PurePosixPath(info.filename.replace("\\", "/")).name
                if info.is_dir() or name.startswith("."):
                    continue
                if info.flag_bits & 1:
                    raise InputError(f"{path.name} is locked with a password. Send it without one.")
                yield name, archive.open(info)
        return
    with closing(tarfile.open(path, "r:")) as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None and not name.startswith("."):
                yield name, file
        # The library takes a cut or damaged header for the end, and a slice would be missed.
        with path.open("rb") as whole:
            whole.seek(archive.offset)
            if whole.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("the archive has no end")


def _pour(head: bytes, file: IO[bytes], to: Path, most_bytes: int, archive: str) -> int:
    """Write a file block by block; returns how many bytes it has."""
    size, block = 0, head
    with _writing(archive):
        out = to.open("xb")
    with out:
        while block:
            size += len(block)
            if size > most_bytes:
                raise InputError(
                    f"The files in {archive} are larger together than one upload may be. Send"
                    " fewer series at once."
                )
            with _writing(archive):
                out.write(block)
            block = file.read(BLOCK)
        with _writing(archive):
            out.flush()
    return size


@contextmanager
def _writing(archive: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{archive} cannot be unpacked: {error.strerror or 'the disk refused it'}. Nothing of"
            " it was stored. Make room, and send it again."
        ) from error
