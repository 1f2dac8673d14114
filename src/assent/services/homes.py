"""Where work is kept: for whom nothing is said, and so that nobody else can read it."""

import os
from pathlib import Path

from assent.services.originals import UPLOADED
from assent.storage.store import open_store

HOME = Path("assent-work")
"""Where work is kept unless told otherwise, in the folder in which the server is started."""

OWN = ".assent"
"""A folder that has a folder of this name keeps the work on it in there, as samples do."""

FILE, FILES = "assent.db", "blobs"
"""Database and blobs in such a place."""


def home_for(folder: Path) -> Path:
    """Where the work on a folder is kept unless told otherwise.

    That is ``HOME``, or the folder's own place if it has one. Work on it that was begun in ``HOME``
    before it had one goes on there.
    """
    own = folder / OWN
    if not own.is_dir():
        return HOME
    return HOME if not (own / FILE).is_file() and _is_known_at(HOME, folder) else own


def uploads_at(home: Path, store: str) -> Path:
    """The folder of images that were sent, in a home that several databases may share.

    Args:
        home: Where work is kept.
        store: Id of the database.
    """
    return (home / UPLOADED / store).absolute()


def make_private(folder: Path) -> None:
    """Make a folder that only the person who runs this can open; one that is there stays as it is.

    Raises:
        OSError: If it cannot be made.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def make_private_file(file: Path) -> None:
    """Make an empty file that only the person who runs this can read; one that is there stays.

    SQLite takes it for a new database, and gives the files that it puts beside it the same rights.

    Raises:
        OSError: If it cannot be made.
    """
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _is_known_at(home: Path, folder: Path) -> bool:
    if not (home / FILE).is_file():
        return False
    top = folder.resolve()
    with open_store(str(home / FILE), str(home / FILES)) as store:
        return any(Path(project.root).is_relative_to(top) for project in store.projects.all())
