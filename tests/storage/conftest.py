"""Every test of storage runs on SQLite and, where its programs are found, on PostgreSQL."""

from collections.abc import Iterator
from itertools import count

import pytest

from assent.storage.store import Store, open_store
from storage.cluster import find_programs, new_schema, running

NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database of our own, for the whole run."""
    pytest.importorskip("psycopg", reason="no driver: pip install 'assent[postgres]'")
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server programs (initdb, pg_ctl): apt-get install postgresql")
    with running(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request, tmp_path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/assent.db"
    return new_schema(request.getfixturevalue("postgres"), f"test{next(NUMBERS)}")


@pytest.fixture
def store(database, tmp_path) -> Iterator[Store]:
    with open_store(database, tmp_path / "blobs") as opened:
        yield opened
