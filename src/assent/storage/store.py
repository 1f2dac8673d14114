"""All that is kept, opened together."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sqlalchemy import select

from assent.core.errors import OtherStoreError
from assent.storage.audit import Audit
from assent.storage.blobs import Blobs
from assent.storage.database import Database, file_to_read
from assent.storage.jobs import Jobs
from assent.storage.masks import Masks
from assent.storage.migrate import check_newest, upgrade
from assent.storage.profiles import Profiles
from assent.storage.projects import Projects
from assent.storage.sessions import Sessions
from assent.storage.tables import identity


@dataclass(frozen=True)
class Store:
    """One database and one blob store; use it in a ``with`` block, or close it.

    Attributes:
        id: Of the database, as it was drawn when its tables were made; a copy has the same.
    """

    id: str
    database: Database
    blobs: Blobs
    projects: Projects
    sessions: Sessions
    masks: Masks
    profiles: Profiles
    jobs: Jobs
    audit: Audit

    def check(self, meant: str) -> None:
        """Refuse what is meant for another database: its rows bear the same numbers.

        Raises:
            OtherStoreError: If ``meant`` is not the id of this one.
        """
        if meant != self.id:
            raise OtherStoreError(
                "This was meant for another database than the one that is served here now, so"
                " nothing was changed. Load the page again, or serve that database again."
            )

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


def open_store(database: str | Path, blobs: str | Path, *, read_only: bool = False) -> Store:
    """Open what was kept, or begin; tables of an earlier version are brought up to date.

    Args:
        database: A file, or a URL as ``sqlite:///file.db`` or ``postgresql://user@host/name``.
        blobs: A folder, or a URL as ``s3://bucket/prefix``.
        read_only: Whether the database is a file that nobody writes to; then nothing is.

    Raises:
        ConfigError: If the database URL is not understood.
        MissingExtraError: If PostgreSQL is asked for without its driver.
        InputError: If one of them cannot be reached or written, or the database is of a newer
            version than this one; or of an earlier one, and only to be read.
    """
    base = Database(file_to_read(Path(database)) if read_only else database)
    try:
        files = Blobs(blobs)
        if read_only:
            check_newest(base)
        else:
            upgrade(base)
        with base.reading() as connection:
            named = connection.execute(select(identity.c.store)).scalar_one()
    except BaseException:
        base.close()
        raise
    return Store(
        id=named,
        database=base,
        blobs=files,
        projects=Projects(base),
        sessions=Sessions(base, files),
        masks=Masks(base, files),
        profiles=Profiles(base),
        jobs=Jobs(base),
        audit=Audit(base),
    )
