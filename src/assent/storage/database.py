"""What SQLite and PostgreSQL each need, so that a commit is a promise on both."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, ProgrammingError

from assent.core.errors import ConfigError, MissingExtraError, NotFoundError, StorageError

BUSY_S = 10.0
"""How long a writer waits for another one before it gives up."""

NAMED = 5
"""How many known ids an error names."""

MOST = 10_000
"""Values in one statement; the databases take no more than 32,766 and 65,535."""

# Mistakes of ours, not of the disk or the server: they must surface as what they are.
BUGS = (IntegrityError, ProgrammingError, DataError)


class Database:
    """Connections to one database, as transactions that read or write."""

    def __init__(self, place: str | Path | URL, *, foreign_keys: bool = True) -> None:
        """Name the database; nothing is opened yet.

        Args:
            place: A file, or a URL as ``sqlite:///file.db`` or ``postgresql://user@host/name``.
            foreign_keys: False while a migration rebuilds tables that others refer to; SQLite
                would take the rebuilding for a deletion.

        Raises:
            ConfigError: If the URL is not understood or names another kind of database.
            MissingExtraError: If PostgreSQL is asked for without its driver.
        """
        self.url = place if isinstance(place, URL) else _url_of(place)
        self.name = Path(self.url.database or "").name
        self._engine = _engine_of(self.url, foreign_keys=foreign_keys)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database.

        Raises:
            StorageError: If the database cannot be reached or read.
        """
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds as a whole, on disk when the block ends, or not at all.

        Raises:
            StorageError: If the disk, its permissions or the server do not let it.
        """
        engine = self._engine.execution_options(assent_writes=True)
        with self._told(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file or the server."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what a disk or server refused into one sentence."""
        try:
            yield
        except BUGS:
            raise
        except (DatabaseError, sqlite3.Error) as error:
            # Of the driver's message the first line: further ones may quote what was stored.
            reason = str(getattr(error, "orig", error)).strip().partition("\n")[0].rstrip(".")
            raise StorageError(
                f"The database {self.name!r} cannot be used: {reason}. Nothing was acknowledged:"
                " see to its disk, its permissions or its server, and do it again."
            ) from error


def file_to_read(file: Path) -> URL:
    """The URL of an SQLite file that nobody writes to: nothing is made beside it, nor locked."""
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    return URL.create("sqlite", database=file.absolute().as_uri(), query=query)


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do about a row that is there already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def check_known(connection: Connection, table: Table, ids: Sequence[int], kind: str) -> None:
    """Refuse an id that no row has.

    Raises:
        NotFoundError: Naming the first such id, and the newest that exist.
    """
    known: set[int] = set()
    for start in range(0, len(ids), MOST):
        some = table.c.id.in_(ids[start : start + MOST])
        known.update(connection.scalars(select(table.c.id).where(some)))
    for id_ in ids:
        if id_ not in known:
            raise unknown(connection, table, id_, kind)


def unknown(connection: Connection, table: Table, id_: int, kind: str) -> NotFoundError:
    """What to raise when no row has an id; it names a few that exist."""
    newest = select(table.c.id).order_by(table.c.id.desc()).limit(NAMED + 1)
    names = [str(name) for name in connection.scalars(newest)]
    return NotFoundError(kind, str(id_), known=[*names[:NAMED], *("…" for _ in names[NAMED:])])


def _url_of(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        # The text may hold a password: it is not repeated.
        raise ConfigError(
            "The database URL cannot be understood. Write it as sqlite:///file.db or"
            " postgresql://user@host/name."
        ) from error
    kind = url.get_backend_name()
    if kind not in {"sqlite", "postgresql", "postgres"}:
        raise ConfigError(
            f"A database of the kind {kind!r} cannot be used. Expected sqlite:///file.db or"
            " postgresql://user@host/name."
        )
    return url if kind == "sqlite" else url.set(drivername="postgresql+psycopg")


def _engine_of(url: URL, *, foreign_keys: bool) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    if not is_sqlite and find_spec("psycopg") is None:
        raise MissingExtraError(
            "PostgreSQL needs 'psycopg', which is not installed. Install it: pip install"
            " 'assent[postgres]'. Or use a file: sqlite:///file.db."
        )
    engine = create_engine(
        url,
        json_serializer=partial(json.dumps, allow_nan=False),
        hide_parameters=True,
        pool_pre_ping=not is_sqlite,
        connect_args={"timeout": BUSY_S} if is_sqlite else {},
    )
    if is_sqlite:
        is_read_only = url.query.get("mode") == "ro"
        _prepare_sqlite(engine, foreign_keys=foreign_keys, is_read_only=is_read_only)
    return engine


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool, is_read_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: object) -> None:
        if not is_read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # The driver would begin at the first write, after the reads that the write depends on.
        # A writer takes its turn at once: one that had only read could no longer wait for it.
        writes = connection.get_execution_options().get("assent_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
