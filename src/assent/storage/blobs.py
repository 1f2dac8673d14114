"""Bytes under the SHA-256 of their content, in a folder or in an S3 bucket."""

import hashlib
import os
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from assent.core.errors import FileFormatError, StorageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

# The default of ten tries over three minutes is longer than a person waits for an answer.
RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class Blobs:
    """A content-addressed store: a key is a promise about the bytes behind it."""

    def __init__(self, place: str | Path) -> None:
        """Open a store.

        Args:
            place: A folder, made if it is missing, or a URL such as ``s3://bucket/prefix``; keys
                and endpoint of S3 are taken from the usual ``AWS_...`` variables.

        Raises:
            StorageError: If the folder cannot be made, or the URL is not understood.
        """
        self._folder = _folder_of(place)
        self.name = self._folder.name if self._folder else str(place)
        try:
            self._store = self._open(str(place))
        except (BaseError, OSError, ValueError) as error:
            raise StorageError(
                f"The blob store {self.name!r} cannot be opened: {_reason(error)}."
                " Name a folder that you may write to, or a bucket as s3://bucket/prefix."
            ) from error

    def put(self, content: bytes) -> str:
        """Keep bytes; when this returns they are on disk. Bytes that are there already stay.

        Returns:
            Their key: the SHA-256 as 64 hexadecimal digits.

        Raises:
            StorageError: If they cannot be written, for lack of room or rights. Nothing is left.
        """
        key = hashlib.sha256(content).hexdigest()
        try:
            if self._folder:
                self._put_in_folder(self._folder, _path_of(key), content)
            else:
                obstore.put(self._store, _path_of(key), content)
        except (BaseError, OSError) as error:
            raise StorageError(
                f"The blob store {self.name!r} cannot be written: {_reason(error)}. Nothing was"
                " acknowledged: make room or correct its permissions, and do it again."
            ) from error
        return key

    def get(self, key: str) -> bytes:
        """The bytes under a key, checked against it.

        Raises:
            FileFormatError: If what lies there is not what was put there.
            StorageError: If nothing lies there, or it cannot be read.
        """
        try:
            content = bytes(obstore.get(self._store, _path_of(key)).bytes())
        except FileNotFoundError as error:
            raise StorageError(
                f"The blob {key[:12]} is missing from {self.name!r}. Restore it from a backup, or"
                " open the blob store that belongs to this database."
            ) from error
        except (BaseError, OSError) as error:
            raise StorageError(
                f"The blob {key[:12]} cannot be read from {self.name!r}: {_reason(error)}."
                " Correct that, and do it again."
            ) from error
        if hashlib.sha256(content).hexdigest() != key:
            raise FileFormatError(
                f"The blob {key[:12]} in {self.name!r} is damaged: its content does not match its"
                " digest. Restore it from a backup."
            )
        return content

    def _open(self, place: str) -> "ObjectStore":
        if self._folder:
            return LocalStore(self._folder, mkdir=True)
        return from_url(place, retry_config=RETRY)

    def _put_in_folder(self, folder: Path, path: str, content: bytes) -> None:
        """Temporary name, sync, rename, sync: the library itself leaves syncing to the system."""
        temporary = f"new/{secrets.token_hex(8)}"
        try:
            obstore.put(self._store, temporary, content)
            _sync(folder / temporary)
            obstore.rename(self._store, temporary, path)
            _sync((folder / path).parent)
            _sync(folder)
        except BaseException:
            with suppress(BaseError, OSError):
                (folder / temporary).unlink(missing_ok=True)
            raise


def _folder_of(place: str | Path) -> Path | None:
    """The folder that is meant, or None for a URL of another kind."""
    parts = urlsplit(str(place))
    if isinstance(place, Path) or "://" not in place:
        return Path(place).absolute()
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _path_of(key: str) -> str:
    """Few files a folder, for the sake of those who list it."""
    return f"{key[:2]}/{key}"


def _reason(error: Exception) -> str:
    """The cause alone: what stands before it names paths, and what stands after it internals."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if code := re.search(r"<Code>(\w+)</Code>", str(error)):  # as S3 calls it
        return code[1]
    return str(error).partition("\n")[0].rpartition(": ")[2].rstrip(".")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
