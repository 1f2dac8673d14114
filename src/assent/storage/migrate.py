"""The tables of one version become those of the next, in one transaction."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from assent.core.errors import InputError
from assent.storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"

Steps = Callable[[tuple[str, ...], MigrationContext], Any]

# Migrations speak through a name of the library that is the same for all threads.
_ONE_AT_A_TIME = Lock()
_TURN = 0xA55E27
"""Any number that other users of the same PostgreSQL server do not lock."""


def upgrade(database: Database, folder: Path = MIGRATIONS) -> None:
    """Bring the tables up to the newest version; when they are, nothing is written.

    Args:
        database: What is brought up to date.
        folder: Where the migrations lie.

    Raises:
        InputError: If the database is of a newer version than this one, or cannot be written.
    """
    scripts = _scripts(folder)
    newest = scripts.get_current_head()
    with database.reading() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    _run(database, lambda now, _: scripts._upgrade_revs("head", _known(now, scripts, database)))


def check_newest(database: Database, folder: Path = MIGRATIONS) -> None:
    """Refuse tables that are not of this version, where they cannot be brought up to it.

    Args:
        database: What is only read.
        folder: Where the migrations lie.

    Raises:
        InputError: If they are of another version.
    """
    scripts = _scripts(folder)
    with database.reading() as connection:
        now = MigrationContext.configure(connection).get_current_heads()
    if _known(now, scripts, database) != (scripts.get_current_head(),):
        raise InputError(
            f"The database {database.name!r} is of an earlier version of assent, and cannot be"
            " brought up to date where it cannot be written. Copy it with its blobs to where you"
            " may write, and open the copy."
        )


def downgrade(database: Database, to: str, folder: Path = MIGRATIONS) -> None:
    """Go back to the tables of an earlier version; what only later ones hold is lost.

    Args:
        database: What is brought back.
        to: A revision, or "base" for no tables at all.
        folder: Where the migrations lie.
    """
    scripts = _scripts(folder)
    _run(database, lambda now, _: scripts._downgrade_revs(to, _known(now, scripts, database)))


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def _known(now: tuple[str, ...], scripts: ScriptDirectory, database: Database) -> Any:
    """The revision of the database, if this version has heard of it."""
    known = {script.revision for script in scripts.walk_revisions()}
    if unknown := sorted(set(now) - known):
        raise InputError(
            f"The database {database.name!r} was written by a newer version of assent: its tables"
            f" are of revision {unknown[0]}, and this version knows them up to"
            f" {scripts.get_current_head()}. Install that version, or open another database."
        )
    return now


def _run(database: Database, steps: Steps) -> None:
    with (
        _ONE_AT_A_TIME,
        closing(Database(database.url, foreign_keys=False)) as other,
        other.writing() as connection,
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        context = MigrationContext.configure(connection, opts={"fn": steps})
        with Operations.context(context):
            context.run_migrations()
        _check_references(connection)


def _check_references(connection: Connection) -> None:
    """See that every reference leads somewhere, where keys were not watched."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"a migration broke references of the table {broken[0][0]!r}")
