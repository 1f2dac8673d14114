"""Originals: files inside one folder, only ever read, and recognised by their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assent.core.errors import ChangedError, ForbiddenError, NotFoundError
from assent.core.image import Image
from assent.io.formats import read_image
from assent.services.recent import Recent
from assent.storage.records import StoredImage

UPLOADED = ".uploads"
"""First part of the path of an image that was sent: ``.uploads/FILE/NAME``. No scan finds such a
path, for hidden folders are passed over. FILE lies in the folder of uploads; NAME is only shown."""

KEPT_VOXELS = 120e6
"""Voxels of originals that stay in memory: half a gigabyte as float32."""

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of change and size of each file of an image."""


@dataclass(frozen=True)
class Original:
    """Where an image lies, and which content it had when it was taken in.

    Attributes:
        root: Folder of the project, or of uploads.
        path: From there, with forward slashes.
        digest: ``Image.content_id``; "" before it is known.
    """

    root: str
    path: str
    digest: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, eq=False)
class _Read:
    image: Image
    stamp: Stamp


class Originals:
    """Reads originals, and notices when one is not what it was."""

    def __init__(self, uploads: Path | None = None, served: Path | None = None) -> None:
        """Nothing is read yet.

        Args:
            uploads: The folder of what was sent, if there is one. What was sent before each
                database had one of its own lies in the folder above it.
            served: The folder outside of which no project is; None for any.
        """
        self._uploads = uploads
        self._served = None if served is None else served.resolve()
        self._kept = Recent[tuple[str, str], _Read](KEPT_VOXELS, lambda r: r.image.voxels.size)
        self._checked = Recent[Original, Stamp](100_000, lambda _: 1)

    def of(self, root: str, image: StoredImage) -> Original:
        """Where an image lies that belongs to the project in ``root``.

        Raises:
            NotFoundError: If that project is not served.
        """
        if self._served is not None and not Path(root).is_relative_to(self._served):
            raise NotFoundError("image", str(image.id), known=())
        if self._uploads is not None and image.path.startswith(f"{UPLOADED}/"):
            file = image.path.split("/")[1]
            is_earlier = not (self._uploads / file).exists()
            is_earlier = is_earlier and (self._uploads.parent / file).exists()
            root = str(self._uploads.parent if is_earlier else self._uploads)
        return Original(root, image.path, image.digest)

    def read(self, original: Original) -> Image:
        """The image, as it was taken in.

        Raises:
            ChangedError: If its files were changed, moved or deleted.
            ForbiddenError: If its path leads out of the project's folder.
            InputError: If it cannot be read.
        """
        place = path_of(original)
        stamp = _stamp(place, original)
        key = (original.root, original.path)
        kept = self._kept.get(key)
        if kept is None or kept.stamp != stamp:
            kept = _Read(read_image(place), stamp)
            self._kept.put(key, kept)
        if original.digest and kept.image.content_id != original.digest:
            raise ChangedError(
                f"{original.name} was changed since it was taken in: its content is another."
                " Put the earlier file back, or look again to work on the new one."
            )
        self._checked.put(original, stamp)
        return kept.image

    def check(self, original: Original) -> None:
        """See, without reading it again if its files look untouched, that it is what it was.

        Raises:
            ChangedError: As for ``read``.
            ForbiddenError: As for ``read``.
        """
        if self._checked.get(original) != _stamp(path_of(original), original):
            self.read(original)


def stamp_of(original: Original) -> str:
    """A word that is another one when a file of an image was changed, without reading it.

    Raises:
        ChangedError: If it is not there.
        ForbiddenError: As for ``path_of``.
    """
    stamp = _stamp(path_of(original), original)
    return hashlib.sha256(repr(stamp).encode()).hexdigest()[:32]


def path_of(original: Original) -> Path:
    """Where an original lies.

    Raises:
        ForbiddenError: If that, or a file of a series there, is outside its project's folder,
            through ".." or a link.
    """
    parts = original.path.split("/")
    is_sent = parts[0] == UPLOADED and len(parts) == 3
    place = inside(Path(original.root), parts[1] if is_sent else original.path)
    if place.is_dir():
        for file in place.iterdir():
            if file.is_symlink():
                inside(Path(original.root), f"{original.path}/{file.name}")
    return place


def inside(root: Path, path: str) -> Path:
    """A path below a folder, links followed.

    Raises:
        ForbiddenError: If it leads out of the folder.
    """
    top = root.resolve()
    try:
        place = (top / path).resolve()
        place.exists()  # a name that no system takes is noticed here
        is_below = place.is_relative_to(top) and not Path(path).is_absolute()
    except (OSError, ValueError):
        is_below = False
    if not is_below:
        raise ForbiddenError(
            f"The path {path[:200]!r} leads out of the folder {top.name!r}, and only what lies in"
            " it is served. Name a path below it."
        )
    return place


def _stamp(place: Path, original: Original) -> Stamp:
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    try:
        facts = [(file.name, file.stat()) for file in files]
    except OSError as error:
        if original.path.startswith(f"{UPLOADED}/"):
            raise ChangedError(
                f"{original.name} was sent to the server, and its file is not here: it was deleted,"
                " or sent to another server that shares the database but not the folder of"
                " uploads. Put it back, or open it there."
            ) from error
        raise ChangedError(
            f"{original.name} was moved or deleted since it was taken in."
            " Put it back, then look again."
        ) from error
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in facts)
