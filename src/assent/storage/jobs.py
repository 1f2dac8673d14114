"""Long work and how far it is."""

from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from assent.storage.database import Database, check_known, unknown
from assent.storage.records import Job, JobState
from assent.storage.tables import jobs


class Jobs:
    """What people see of long work; who does it, and resumes it, is not decided here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str) -> Job:
        """Note work that waits to be done.

        Args:
            kind: What kind of work, as in "propagate".
        """
        now = datetime.now(UTC)
        values = {"kind": kind, "state": "waiting", "progress": 0.0, "detail": ""}
        with self._database.writing() as connection:
            made = insert(jobs).values(**values, created_at=now, changed_at=now)
            return Job(**connection.execute(made.returning(*jobs.c)).one()._mapping)

    def report(self, job_id: int, state: JobState, progress: float, detail: str = "") -> None:
        """Say how far work is.

        Args:
            job_id: Which job.
            state: What it is doing.
            progress: Share done, in [0, 1].
            detail: One sentence for people.

        Raises:
            NotFoundError: If there is no such job.
        """
        values = {"state": state, "progress": progress, "detail": detail}
        with self._database.writing() as connection:
            check_known(connection, jobs, [job_id], "job")
            changed = update(jobs).where(jobs.c.id == job_id)
            connection.execute(changed.values(**values, changed_at=datetime.now(UTC)))

    def get(self, job_id: int) -> Job:
        """A job.

        Raises:
            NotFoundError: If there is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            if row is None:
                raise unknown(connection, jobs, job_id, "job")
            return Job(**row._mapping)

    def all(self) -> tuple[Job, ...]:
        """Every job, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(jobs).order_by(jobs.c.id.desc()))
            return tuple(Job(**row._mapping) for row in rows)
