"""Services are tested on the databases of storage."""

from storage.conftest import database, postgres, store

__all__ = ["database", "postgres", "store"]
