"""Images that are sent to a project instead of lying in its folder: kept under their digest."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from assent.core.errors import ForbiddenError, InputError, StorageError
from assent.datasets.layout import PLAIN_TARGET
from assent.io.atomic import sync
from assent.io.sniff import fits_suffix, suffix_of_content
from assent.services.decoding import Decoded, decode, unpack
from assent.services.naming import shown_name
from assent.services.originals import UPLOADED
from assent.services.scan import Problem
from assent.services.series import Ready, look
from assent.storage.records import FoundImage, StoredImage
from assent.storage.store import Store

MOST_BYTES = 2 * 2**30
"""Of one file, unless told otherwise."""

LEFT_S = 86_400.0
"""After so long a file that was never finished is nobody's any more."""


@dataclass(frozen=True)
class Rules:
    """What holds for every file that is sent.

    Attributes:
        most_bytes: Of one file.
        deidentify: Whether DICOM is kept de-identified, and shown under a neutral name.
    """

    most_bytes: int = MOST_BYTES
    deidentify: bool = False

    def decode(self) -> Callable[[Path, str], Decoded]:
        """A reader of images that follows them; its UIDs are replaced alike as long as it lives."""
        return partial(decode, key=secrets.token_bytes(32) if self.deidentify else b"")


AS_SENT = Rules()


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


@dataclass(frozen=True)
class Taken:
    """What came of an archive.

    Attributes:
        images: One a series, those that the project had already among them.
        is_new: Whether any of them is new.
        problems: Series that could not be used, and why.
    """

    images: tuple[StoredImage, ...]
    is_new: bool
    problems: tuple[Problem, ...]


class Uploads:
    """The folder of what was sent; one file is looked at after the other."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        most_bytes: int = MOST_BYTES,
        decode: Callable[[Path, str], Decoded] = decode,
        added: Callable[[int], None] = lambda image_id: None,
    ) -> None:
        """Begin.

        Args:
            store: Where images are noted.
            folder: Where their files are kept; made with the first of them.
            most_bytes: Of one file.
            decode: Reads a file or a series, and refuses what is no image.
            added: Told the id of each image that is new, once it is in its queues.
        """
        self._store, self._folder, self.most_bytes = store, folder, most_bytes
        self._decode, self._added, self._turn = decode, added, Lock()

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
                if decoded.neutral_name:
                    shown = f"{decoded.neutral_name}{suffix}"
                    file = f"{decoded.digest}-deidentified{suffix}"
                if there is None:
                    found = FoundImage(
                        path=f"{UPLOADED}/{file}/{shown}",
                        digest=decoded.digest,
                        shape_dhw=decoded.shape_dhw,
                        kind=suffix.lstrip("."),
                    )
                    self._keep(project_id, [Ready(ready, found)])
            finally:
                ready.unlink(missing_ok=True)
            image = self._queued(project_id, decoded.digest, target, is_new=there is None)
        return image, there is None

    def take_in_series(
        self, project_id: int, name: str, incoming: Incoming, target: str | None = None
    ) -> Taken:
        """Make each DICOM series of an archive an image of a project, and put it into its queues.

        Args:
            project_id: Which project.
            name: By which people know the archive, or its folder; as in ``take_in``.
            incoming: The bytes of a ZIP or TAR file.
            target: As in ``take_in``.

        Raises:
            InputError: If it is no archive, or no series in it can be used; then nothing has
                changed.
            StorageError: If it cannot be kept; then nothing has changed.
        """
        name = shown_name(name.removesuffix(".zip").removesuffix(".tar"))
        place = incoming.path.with_name(f"{incoming.path.name}-files")
        with self._turn:
            try:
                with _storing():
                    incoming.file.flush()
                    place.mkdir()
                unpacked = unpack(incoming.path, place, name, self.most_bytes)
                with _storing():
                    ready, problems = look(place, unpacked, name, self._decode)
                if not ready:
                    raise InputError(problems[0].detail)
                there = [digest for digest in ready if self._there(project_id, digest)]
                self._keep(project_id, [r for digest, r in ready.items() if digest not in there])
            finally:
                shutil.rmtree(place, ignore_errors=True)
            images = [
                self._queued(project_id, digest, target, is_new=digest not in there)
                for digest in ready
            ]
        return Taken(tuple(images), len(there) < len(ready), tuple(problems))

    def take_back(self, image_id: int) -> None:
        """Remove an image that was sent, with its file, while nobody worked on it.

        Raises:
            NotFoundError: If there is no such image.
            ForbiddenError: If it lies in the project's folder, which is only read.
            InputError: If it has answers or a mask.
            StorageError: If its file cannot be deleted.
        """
        image = self._store.projects.image(image_id)
        top, _, rest = image.path.partition("/")
        if top != UPLOADED:
            raise ForbiddenError(
                f"{image.path.rpartition('/')[2]} lies in the project's folder, which is only read."
                " Only an image that was sent to the server can be removed."
            )
        with self._turn:
            self._store.projects.remove_image(image_id)
            file = rest.partition("/")[0]
            if not self._is_used(file):
                _delete(self._folder / file)

    def _keep(self, project_id: int, sent: Sequence[Ready]) -> None:
        """The files first: a row never names one that is not there."""
        new = [self._folder / each.kept_as for each in sent]
        new = [place for place in new if not place.exists()]
        try:
            with _storing():
                for each in sent:
                    _move(each.place, self._folder / each.kept_as)
                sync(self._folder)
            self._store.projects.add_images(project_id, [each.found for each in sent])
        except BaseException:
            for place in new:
                with suppress(StorageError):
                    _delete(place)
            raise

    def _queued(
        self, project_id: int, digest: str, target: str | None, *, is_new: bool
    ) -> StoredImage:
        image = self._there(project_id, digest)
        assert image is not None
        self._put_into_queues(image, target)
        if is_new:
            self._added(image.id)
        return image

    def _put_into_queues(self, image: StoredImage, target: str | None) -> None:
        projects = self._store.projects
        named = [target] if target else []
        for each in dict.fromkeys([*projects.targets(image.project_id), *named] or [PLAIN_TARGET]):
            projects.add_tasks([image.id], each)

    def _there(self, project_id: int, digest: str) -> StoredImage | None:
        images = self._store.projects.images(project_id)
        return next((image for image in images if image.digest == digest), None)

    def _is_used(self, file: str) -> bool:
        """Whether an image of any project lies in a file."""
        projects = self._store.projects
        listed = (image for each in projects.all() for image in projects.images(each.id))
        return any(image.path.startswith(f"{UPLOADED}/{file}/") for image in listed)


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


def _move(place: Path, to: Path) -> None:
    """Put a file, or the folder of a series, where it stays; a series there already is the same."""
    if not place.is_dir():
        os.replace(place, to)
    elif not to.exists():
        for file in place.iterdir():
            sync(file)
        sync(place)
        os.replace(place, to)


def _delete(place: Path) -> None:
    """Remove the file or folder of an image that is no longer listed."""
    try:
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The image is removed, but its file {place.name} cannot be deleted:"
            f" {error.strerror or 'the disk refused it'}. Delete it in the folder {UPLOADED!r}."
        ) from error


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
                shutil.rmtree(path) if path.is_dir() else path.unlink()
