"""Who or what accepted what, with which method and weights: written once, never changed."""

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, literal, select

from assent.storage.database import Database
from assent.storage.records import AuditEvent, AuditKind
from assent.storage.tables import audit, images, tasks


class Audit:
    """The log; the database itself refuses to change or delete its rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(self, *, image_digest: str | None = None) -> tuple[AuditEvent, ...]:
        """What happened, oldest first.

        Args:
            image_digest: Only what happened to this image.
        """
        listed = select(audit).order_by(audit.c.id)
        if image_digest is not None:
            listed = listed.where(audit.c.image_digest == image_digest)
        with self._database.reading() as connection:
            return tuple(AuditEvent(**row._mapping) for row in connection.execute(listed))


def note(
    connection: Connection, event: AuditKind, task_id: int, **facts: str | float | None
) -> None:
    """Write what happens, in the transaction in which it happens.

    Args:
        connection: Of that transaction.
        event: What happens.
        task_id: To which image and target.
        facts: The other columns of the log.
    """
    values = {"at": datetime.now(UTC), "event": event, **facts}
    seen = select(
        images.c.digest,
        tasks.c.target,
        *(literal(value, audit.c[name].type) for name, value in values.items()),
    )
    of_task = seen.join_from(tasks, images).where(tasks.c.id == task_id)
    connection.execute(insert(audit).from_select(["image_digest", "target", *values], of_task))
