"""All that is kept, opened together."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from assent.storage.audit import Audit
from assent.storage.blobs import Blobs
from assent.storage.database import Database
from assent.storage.jobs import Jobs
from assent.storage.masks import Masks
from assent.storage.migrate import upgrade
from assent.storage.profiles import Profiles
from assent.storage.projects import Projects
from assent.storage.sessions import Sessions


@dataclass(frozen=True)
class Store:
    """One database and one blob store; use it in a ``with`` block, or close it."""

    database: Database
    blobs: Blobs
    projects: Projects
    sessions: Sessions
    masks: Masks
    profiles: Profiles
    jobs: Jobs
    audit: Audit

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(database: str | Path, blobs: str | Path) -> Store:
    """Open what was kept, or begin; tables of an earlier version are brought up to date.

    Args:
        database: A file, or a URL as ``sqlite:///file.db`` or ``postgresql://user@host/name``.
        blobs: A folder, or a URL as ``s3://bucket/prefix``.

    Raises:
        ConfigError: If the database URL is not understood.
        MissingExtraError: If PostgreSQL is asked for without its driver.
        InputError: If one of them cannot be reached or written, or the database is of a newer
            version than this one.
    """
    base = Database(database)
    try:
        files = Blobs(blobs)
        upgrade(base)
    except BaseException:
        base.close()
        raise
    return Store(
        database=base,
        blobs=files,
        projects=Projects(base),
        sessions=Sessions(base, files),
        masks=Masks(base, files),
        profiles=Profiles(base),
        jobs=Jobs(base),
        audit=Audit(base),
    )
