"""How persons draw, as numbers that a method learned."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select

from assent.storage.database import Database, insert
from assent.storage.records import StoredProfile
from assent.storage.tables import masks, profiles, sessions


class Profiles:
    """One profile for each person, method and set of weights."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self, person: str, method: str, weights_digest: str, numbers: Mapping[str, Any]
    ) -> None:
        """Keep a profile in place of the one before.

        Args:
            person: Whose.
            method: Which method learned it.
            weights_digest: "" without weights.
            numbers: What ``learn`` of the method returned; JSON-able and finite.
        """
        key = {"person": person, "method": method, "weights_digest": weights_digest}
        news = {"numbers": dict(numbers), "saved_at": datetime.now(UTC)}
        with self._database.writing() as connection:
            made = insert(connection, profiles).values(**key, **news)
            connection.execute(made.on_conflict_do_update(index_elements=list(key), set_=news))

    def get(self, person: str, method: str, weights_digest: str) -> StoredProfile | None:
        """A profile, or None before there is one; other weights do not understand it."""
        with self._database.reading() as connection:
            found = select(profiles).where(_is(person, method, weights_digest))
            row = connection.execute(found).one_or_none()
        return None if row is None else StoredProfile(**row._mapping)

    def behind(self, method: str, weights_digest: str) -> tuple[str, ...]:
        """People who finished an image since their profile was saved, by name.

        Args:
            method: With this method.
            weights_digest: And these weights.
        """
        theirs = and_(sessions.c.method == method, sessions.c.weights_digest == weights_digest)
        never = profiles.c.saved_at.is_(None)
        found = (
            select(sessions.c.person)
            .distinct()
            .join_from(sessions, masks)
            .join(profiles, _is(sessions.c.person, method, weights_digest), isouter=True)
            .where(theirs, masks.c.withdrawn_at.is_(None))
            .where(or_(never, masks.c.made_at > profiles.c.saved_at))
            .order_by(sessions.c.person)
        )
        with self._database.reading() as connection:
            return tuple(connection.scalars(found))

    def reset(self, person: str, method: str, weights_digest: str) -> None:
        """Forget a profile; without one, do nothing."""
        with self._database.writing() as connection:
            connection.execute(delete(profiles).where(_is(person, method, weights_digest)))


def _is(person: str | ColumnElement[str], method: str, weights_digest: str) -> ColumnElement[bool]:
    return and_(
        profiles.c.person == person,
        profiles.c.method == method,
        profiles.c.weights_digest == weights_digest,
    )
