"""Long work, how far it is, and what of it need not be done again."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from assent.core.errors import StorageError
from assent.storage.database import Database, check_known, insert, unknown
from assent.storage.records import Job, JobState, UnfinishedJob
from assent.storage.tables import job_steps, jobs

UNFINISHED: tuple[JobState, ...] = ("waiting", "running")
WHOSE: dict[str, ColumnElement[Any]] = {
    "project_id": jobs.c.arguments["project_id"].as_integer(),
    "target": jobs.c.arguments["target"].as_string(),
}
"""What a job says of its arguments, which all kinds of work so far have."""
SHOWN = [
    WHOSE[name].label(name) if name in WHOSE else jobs.c[name] for name in Job.__dataclass_fields__
]
LEFT = [*SHOWN, jobs.c.arguments, jobs.c.is_cancelled, jobs.c.attempts]

SILENT_S = 30
"""After so long without a heartbeat the owner of a job is taken for dead."""


class TakenError(StorageError):
    """Another process took a job over."""


class Jobs:
    """What is kept of long work, and which process does it; when, is not decided here.

    An owner is a name of a process, or "" for none. What it does to a job that another process has
    taken over is refused.
    """

    def __init__(
        self, database: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._now = database, now

    def add(self, kind: str, arguments: Mapping[str, Any], *, owner: str = "") -> Job:
        """Note work that waits to be done.

        Args:
            kind: What kind of work, as in "propagate".
            arguments: What exactly is asked for, as JSON.
            owner: Who will do it.
        """
        now = self._now()
        values = {"kind": kind, "state": "waiting", "progress": 0.0, "detail": ""}
        asked = {"arguments": dict(arguments), "is_cancelled": False, "attempts": 0}
        whose = {"owner": owner, "heartbeat_at": now}
        with self._database.writing() as connection:
            made = insert(connection, jobs).values(
                **values, **asked, **whose, created_at=now, changed_at=now
            )
            return Job(**connection.execute(made.returning(*SHOWN)).one()._mapping)

    def report(
        self, job_id: int, state: JobState, progress: float, detail: str = "", *, owner: str = ""
    ) -> None:
        """Say how far work is; the steps of finished work are forgotten.

        Args:
            job_id: Which job.
            state: What it is doing.
            progress: Share done, in [0, 1].
            detail: One sentence for people.
            owner: Who does it.

        Raises:
            NotFoundError: If there is no such job.
            TakenError: If another process does it now.
        """
        values = {"state": state, "progress": progress, "detail": detail}
        with self._database.writing() as connection:
            self._change(connection, job_id, owner, **values)
            if state not in UNFINISHED:
                connection.execute(delete(job_steps).where(job_steps.c.job_id == job_id))

    def begin(self, job_id: int, *, owner: str = "") -> dict[str, Any]:
        """Say that a process begins or goes on with work.

        Returns:
            The results of the steps that are done, by name.

        Raises:
            NotFoundError: If there is no such job.
            TakenError: If another process does it now.
        """
        done = select(job_steps.c.name, job_steps.c.result).where(job_steps.c.job_id == job_id)
        with self._database.writing() as connection:
            more = jobs.c.attempts + 1
            self._change(connection, job_id, owner, state="running", attempts=more)
            return {row.name: row.result for row in connection.execute(done)}

    def put_back(self, job_id: int, *, owner: str = "") -> None:
        """Say that a process left off in good order; that attempt does not count.

        Raises:
            NotFoundError: If there is no such job.
            TakenError: If another process does it now.
        """
        with self._database.writing() as connection:
            fewer = jobs.c.attempts - 1
            self._change(connection, job_id, owner, state="waiting", attempts=fewer)

    def add_step(self, job_id: int, name: str, result: Any, *, owner: str = "") -> None:
        """Keep what came of a step; the attempts before it no longer count.

        Args:
            job_id: Which job.
            name: Which step of it.
            result: As JSON.
            owner: Who did it.

        Raises:
            NotFoundError: If there is no such job.
            TakenError: If another process does it now.
        """
        with self._database.writing() as connection:
            self._change(connection, job_id, owner, attempts=1)
            values = {"job_id": job_id, "name": name, "result": result}
            made = insert(connection, job_steps).values(values)
            connection.execute(made.on_conflict_do_nothing())

    def cancel(self, job_id: int) -> None:
        """Ask for the end of work, whichever process does it.

        Raises:
            NotFoundError: If there is no such job.
        """
        with self._database.writing() as connection:
            check_known(connection, jobs, [job_id], "job")
            asked = update(jobs).where(jobs.c.id == job_id)
            connection.execute(asked.values(is_cancelled=True, changed_at=self._now()))

    def owners(self) -> set[str]:
        """Who waits to do work or does it; "" where work is left to whoever comes."""
        listed = select(jobs.c.owner).where(jobs.c.state.in_(UNFINISHED)).distinct()
        with self._database.reading() as connection:
            return set(connection.scalars(listed))

    def beat(self, owner: str) -> set[int]:
        """Say that a process is alive.

        Returns:
            Which of its unfinished jobs somebody asked the end of.
        """
        mine = update(jobs).where(jobs.c.state.in_(UNFINISHED), jobs.c.owner == owner)
        told = mine.values(heartbeat_at=self._now()).returning(jobs.c.id, jobs.c.is_cancelled)
        with self._database.writing() as connection:
            return {row.id for row in connection.execute(told) if row.is_cancelled}

    def take(self, owner: str, gone: Collection[str] = ()) -> tuple[UnfinishedJob, ...]:
        """Take over what nobody does any more; of two who ask at once, one gets it.

        Args:
            owner: Who goes on with it.
            gone: Processes that have ended for certain. Others are taken for dead when they were
                silent for too long.

        Returns:
            What is to be done, oldest first.
        """
        now = self._now()
        is_free: ColumnElement[bool] = or_(
            jobs.c.owner.in_(["", *gone]), jobs.c.heartbeat_at < now - timedelta(seconds=SILENT_S)
        )
        left = update(jobs).where(jobs.c.state.in_(UNFINISHED), jobs.c.owner != owner, is_free)
        taken = left.values(owner=owner, heartbeat_at=now).returning(*LEFT)
        with self._database.writing() as connection:
            rows = [dict(row._mapping) for row in connection.execute(taken)]
        return tuple(
            UnfinishedJob(job=Job(**{c.name: row.pop(c.name) for c in SHOWN}), **row)
            for row in sorted(rows, key=lambda row: row["id"])
        )

    def release(self, owner: str) -> None:
        """Leave what a process has not finished to whoever comes."""
        mine = update(jobs).where(jobs.c.state.in_(UNFINISHED), jobs.c.owner == owner)
        with self._database.writing() as connection:
            connection.execute(mine.values(owner=""))

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

    def _change(self, connection: Connection, job_id: int, owner: str, **values: Any) -> None:
        check_known(connection, jobs, [job_id], "job")
        mine = update(jobs).where(jobs.c.id == job_id, jobs.c.owner == owner)
        if not connection.execute(mine.values(**values, changed_at=self._now())).rowcount:
            raise TakenError(
                f"Another server goes on with job {job_id}, for this one was not heard of for"
                f" {SILENT_S} seconds. See there how far it is."
            )
