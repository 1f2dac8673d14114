"""Writing a file so that it is there whole or not at all."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assent.core.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    The temporary name is hidden and keeps the suffix, because libraries choose the format by
    it. After any exception, Ctrl-C included, it is removed and ``path`` is as it was.

    Args:
        path: Where the file shall be; missing folders above it are made.

    Yields:
        The path to write to.

    Raises:
        InputError: If the folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".assent-{secrets.token_hex(6)}{_suffixes(path)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be written into the folder {path.parent.name!r}:"
            f" {_reason(error)}. Choose a folder that you may write to and that has room."
        ) from error
    finally:
        temporary.unlink(missing_ok=True) if temporary.parent.is_dir() else None


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all.

    Raises:
        InputError: As in ``replacing``.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with the line ends it has, whole or not at all.

    Raises:
        InputError: As in ``replacing``.
    """
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON-able value, indented; NaN and infinity are refused, for JSON has none.

    Raises:
        InputError: As in ``replacing``.
        ValueError: If a number is not finite.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def check_writable(folder: Path) -> None:
    """Make the folder if it is missing, and see that files can be written into it.

    Raises:
        InputError: If not; better before an hour of work than after it.
    """
    probe = folder / f".assent-{secrets.token_hex(6)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"The output folder {folder.name!r} cannot be written: {_reason(error)}."
            " Choose a folder that you may write to."
        ) from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file has that name, or is named as a folder above it"
    return error.strerror or "the disk refused it"


def _suffixes(path: Path) -> str:
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
