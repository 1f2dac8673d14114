"""Images that are sent to a project instead of lying in its folder: kept under their digest."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from assent.core.errors import InputError, StorageError
from assent.datasets.layout import PLAIN_TARGET
from assent.io.atomic import sync
from assent.io.sniff import fits_suffix, suffix_of_content
from assent.services.decoding import Decoded, decode
from assent.services.originals import UPLOADED
from assent.storage.records import FoundImage, StoredImage
from assent.storage.store import Store

MOST_BYTES = 2 * 2**30
"""Of one file, unless told otherwise."""

LONGEST_NAME = 200
LEFT_S = 86_400.0
"""After so long a file that was never finished is nobody's any more."""


class TooLargeError(InputError):
    """A file has more bytes than one may have."""


@dataclass
class Incoming:
    """A file on its way in; what was written of it is removed unless it is taken in."""

    path: Path
    most_bytes: int
    file: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLargeError: If there are more than one file may have.
            StorageError: If the disk does not take them.
        """
        self.size += len(chunk)
        check_size(self.size, self.most_bytes)
        with _storing():
            self.file.write(chunk)
        self.digest.update(chunk)


class Uploads:
    """The folder of what was sent; one file is looked at after the other."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        most_bytes: int = MOST_BYTES,
        decode: Callable[[Path, str], Decoded] = decode,
    ) -> None:
        """Begin.

        Args:
            store: Where images are noted.
            folder: Where their files are kept; made with the first of them.
            most_bytes: Of one file.
            decode: Reads a file, and refuses what is no image.
        """
        self._store, self._folder, self.most_bytes = store, folder, most_bytes
        self._decode, self._turn = decode, Lock()

    @contextmanager
    def receiving(self, project_id: int) -> Iterator[Incoming]:
        """A place for the bytes of a file that is sent to a project.

        Raises:
            NotFoundError: If there is no such project.
            StorageError: If the folder cannot be written.
        """
        self._store.projects.get(project_id)
        new = self._folder / "new"
        path = new / secrets.token_hex(8)
        with _storing():
            new.mkdir(parents=True, exist_ok=True)
            _sweep(new)
            file = path.open("xb")
        try:
            yield Incoming(path, self.most_bytes, file)
        finally:
            with suppress(OSError):
                file.close()
            path.unlink(missing_ok=True)

    def take_in(
        self, project_id: int, name: str, incoming: Incoming, target: str | None = None
    ) -> tuple[StoredImage, bool]:
        """Make a file that was sent whole part of a project, and put it into its queues.

        Args:
            project_id: Which project.
            name: By which people know the file; shown, never used as a path. It gets the ending
                that its content calls for if it has another.
            incoming: Its bytes.
            target: Into whose queue it goes, besides those of the project's other targets.

        Returns:
            The image, and whether it is new; a project holds the same image once.

        Raises:
            InputError: If it is no image, or one that cannot be used; then nothing has changed.
            StorageError: If it cannot be kept; then nothing has changed.
        """
        shown = shown_name(name)
        with _storing():
            incoming.file.flush()
            os.fsync(incoming.file.fileno())
        suffix = suffix_of_content(incoming.path, shown)
        shown = shown if fits_suffix(shown, suffix) else f"{shown}{suffix}"
        ready = incoming.path.with_name(incoming.path.name + suffix)
        file = f"{incoming.digest.hexdigest()}{suffix}"
        with self._turn:
            os.replace(incoming.path, ready)
            try:
                decoded = self._decode(ready, shown)
                there = self._there(project_id, decoded.digest)
                if there is None:
                    found = FoundImage(
                        path=f"{UPLOADED}/{file}/{shown}",
                        digest=decoded.digest,
                        shape_dhw=decoded.shape_dhw,
                        kind=suffix.lstrip("."),
                    )
                    self._keep(project_id, ready, self._folder / file, found)
            finally:
                ready.unlink(missing_ok=True)
            image = there or self._there(project_id, decoded.digest)
            assert image is not None
            self._put_into_queues(image, target)
        return image, there is None

    def _keep(self, project_id: int, ready: Path, file: Path, found: FoundImage) -> None:
        """The file first: a row never names one that is not there."""
        was_there = file.exists()
        with _storing():
            os.replace(ready, file)
            sync(self._folder)
        try:
            self._store.projects.add_images(project_id, [found])
        except BaseException:
            if not was_there:
                file.unlink(missing_ok=True)
            raise

    def _put_into_queues(self, image: StoredImage, target: str | None) -> None:
        projects = self._store.projects
        named = [target] if target else []
        for each in dict.fromkeys([*projects.targets(image.project_id), *named] or [PLAIN_TARGET]):
            projects.add_tasks([image.id], each)

    def _there(self, project_id: int, digest: str) -> StoredImage | None:
        images = self._store.projects.images(project_id)
        return next((image for image in images if image.digest == digest), None)


def check_size(size: int, most_bytes: int) -> None:
    """Refuse more bytes than one file may have.

    Raises:
        TooLargeError: If there are more.
    """
    if size > most_bytes:
        raise TooLargeError(
            f"The file is larger than {most_bytes / 2**30:g} GB, the most that one upload may have."
            " Crop it, or put it into the project's folder and scan that again."
        )


def shown_name(name: str) -> str:
    r"""A file's name as text on one line that leads nowhere.

    >>> shown_name("scan\n7.png"), shown_name("../../etc/passwd"), shown_name("..")
    ('scan 7.png', '.. .. etc passwd', 'image')
    """
    text = "".join(c if c.isprintable() and c not in "/\\" else " " for c in name)
    text = " ".join(text.split())[:LONGEST_NAME].strip()
    return text if text.strip(".") else "image"


@contextmanager
def _storing() -> Iterator[None]:
    """What the disk refuses, as one sentence; the temporary file is removed by its owner."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The upload cannot be kept: {error.strerror or 'the disk refused it'}. Nothing of it"
            " was stored. Make room or ask for permission, and send it again."
        ) from error


def _sweep(folder: Path) -> None:
    """Remove what a server left behind that was killed while it received."""
    before = time.time() - LEFT_S
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()
