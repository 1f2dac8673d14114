"""Long work, how far it is, and what of it need not be done again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from assent.storage.database import Database, check_known, insert, unknown
from assent.storage.records import Job, JobState, UnfinishedJob
from assent.storage.tables import job_steps, jobs

UNFINISHED: tuple[JobState, ...] = ("waiting", "running")
SHOWN = [jobs.c[name] for name in Job.__dataclass_fields__]


class Jobs:
    """What is kept of long work; who does it, and when, is not decided here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Note work that waits to be done.

        Args:
            kind: What kind of work, as in "propagate".
            arguments: What exactly is asked for, as JSON.
        """
        now = datetime.now(UTC)
        values = {"kind": kind, "state": "waiting", "progress": 0.0, "detail": ""}
        asked = {"arguments": dict(arguments), "is_cancelled": False, "attempts": 0}
        with self._database.writing() as connection:
            made = insert(connection, jobs).values(
                **values, **asked, created_at=now, changed_at=now
            )
            return Job(**connection.execute(made.returning(*SHOWN)).one()._mapping)

    def report(self, job_id: int, state: JobState, progress: float, detail: str = "") -> None:
        """Say how far work is; the steps of finished work are forgotten.

        Args:
            job_id: Which job.
            state: What it is doing.
            progress: Share done, in [0, 1].
            detail: One sentence for people.

        Raises:
            NotFoundError: If there is no such job.
        """
        with self._database.writing() as connection:
            _change(connection, job_id, state=state, progress=progress, detail=detail)
            if state not in UNFINISHED:
                connection.execute(delete(job_steps).where(job_steps.c.job_id == job_id))

    def begin(self, job_id: int) -> dict[str, Any]:
        """Say that a process begins or goes on with work.

        Returns:
            The results of the steps that are done, by name.

        Raises:
            NotFoundError: If there is no such job.
        """
        done = select(job_steps.c.name, job_steps.c.result).where(job_steps.c.job_id == job_id)
        with self._database.writing() as connection:
            _change(connection, job_id, state="running", attempts=jobs.c.attempts + 1)
            return {row.name: row.result for row in connection.execute(done)}

    def put_back(self, job_id: int) -> None:
        """Say that a process left off in good order; that attempt does not count.

        Raises:
            NotFoundError: If there is no such job.
        """
        with self._database.writing() as connection:
            _change(connection, job_id, state="waiting", attempts=jobs.c.attempts - 1)

    def add_step(self, job_id: int, name: str, result: Any) -> None:
        """Keep what came of a step; the attempts before it no longer count.

        Args:
            job_id: Which job.
            name: Which step of it.
            result: As JSON.

        Raises:
            NotFoundError: If there is no such job.
        """
        with self._database.writing() as connection:
            _change(connection, job_id, attempts=1)
            values = {"job_id": job_id, "name": name, "result": result}
            made = insert(connection, job_steps).values(values)
            connection.execute(made.on_conflict_do_nothing())

    def cancel(self, job_id: int) -> None:
        """Ask for the end of work, whichever process does it.

        Raises:
            NotFoundError: If there is no such job.
        """
        with self._database.writing() as connection:
            _change(connection, job_id, is_cancelled=True)

    def unfinished(self) -> tuple[UnfinishedJob, ...]:
        """What waits or was left, oldest first."""
        listed = select(jobs).where(jobs.c.state.in_(UNFINISHED)).order_by(jobs.c.id)
        with self._database.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(listed)]
        return tuple(
            UnfinishedJob(job=Job(**{c.name: row.pop(c.name) for c in SHOWN}), **row)
            for row in rows
        )

    def get(self, job_id: int) -> Job:
        """A job.

        Raises:
            NotFoundError: If there is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(*SHOWN).where(jobs.c.id == job_id)).one_or_none()
            if row is None:
                raise unknown(connection, jobs, job_id, "job")
            return Job(**row._mapping)

    def all(self) -> tuple[Job, ...]:
        """Every job, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*SHOWN).order_by(jobs.c.id.desc()))
            return tuple(Job(**row._mapping) for row in rows)


def _change(connection: Connection, job_id: int, **values: Any) -> None:
    check_known(connection, jobs, [job_id], "job")
    changed = update(jobs).where(jobs.c.id == job_id)
    connection.execute(changed.values(**values, changed_at=datetime.now(UTC)))
