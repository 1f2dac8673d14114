"""Long work: one job after the other, with progress, and cancelled when asked.

Every kind of job may simply be started again: it redoes nothing that holds already, or takes
seconds. What a stopped server left unfinished is therefore marked as failed, not resumed.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import SimpleQueue
from threading import Condition, Thread
from time import monotonic

from assent.core.errors import AssentError, StorageError
from assent.storage.records import Job, JobState
from assent.storage.store import Store

LOG = logging.getLogger(__name__)
FINAL: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})

STORE_EVERY_S = 0.25
"""Progress is told at once, and stored this often."""

Tell = Callable[[float, str], None]
"""Told the share that is done and what is being done; ends the job if it was cancelled."""

Do = Callable[[Job, Tell], str]
"""The work of a job; returns one sentence about what came of it."""


class CancelledError(Exception):
    """Somebody asked for the end of a job."""


class Jobs:
    """One thread that works on jobs in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = Condition()
        self._live: dict[int, Job] = {}
        self._cancelled: set[int] = set()
        self._is_closing = False
        self._queue: SimpleQueue[tuple[int, Do] | None] = SimpleQueue()
        for job in store.jobs.all():
            if job.state not in FINAL:
                store.jobs.report(
                    job.id, "failed", job.progress, "The server stopped. Start this again."
                )
        self._thread = Thread(target=self._work, name="assent jobs", daemon=True)
        self._thread.start()

    def start(self, kind: str, do: Do) -> Job:
        """Begin a job as soon as those before it are done.

        Raises:
            StorageError: If it cannot be noted.
        """
        job = self._store.jobs.add(kind)
        with self._news:
            self._live[job.id] = job
        self._queue.put((job.id, do))
        return job

    def get(self, job_id: int) -> Job:
        """A job as it is now.

        Raises:
            NotFoundError: If there is none.
        """
        with self._news:
            live = self._live.get(job_id)
        return live or self._store.jobs.get(job_id)

    def all(self) -> tuple[Job, ...]:
        """Every job, newest first."""
        with self._news:
            live = dict(self._live)
        return tuple(live.get(job.id, job) for job in self._store.jobs.all())

    def cancel(self, job_id: int) -> Job:
        """Ask for the end of a job; a finished one stays as it is.

        Raises:
            NotFoundError: If there is none.
        """
        job = self.get(job_id)
        if job.state not in FINAL:
            with self._news:
                self._cancelled.add(job_id)
        return job

    def follow(self, job_id: int, *, idle_s: float = 15.0) -> Iterator[Job | None]:
        """A job at once and at every change, until it is finished.

        Args:
            job_id: Which job.
            idle_s: After so long without a change, None is given.

        Raises:
            NotFoundError: If there is none.
        """
        job = self.get(job_id)
        yield job
        while job.state not in FINAL and not self._is_closing:
            before = job
            with self._news:
                if self._live.get(job_id) == before and not self._is_closing:
                    self._news.wait(idle_s)
            job = self.get(job_id)
            yield None if job == before else job

    def settle(self) -> None:
        """Wait until no job waits or runs."""
        with self._news:
            self._news.wait_for(lambda: not self._live)

    def close(self) -> None:
        """Stop after the present step; what waits is failed at the next start."""
        with self._news:
            self._is_closing = True
            self._cancelled.update(self._live)
            self._news.notify_all()
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            job_id, do = item
            state, detail = self._done(job_id, do)
            try:
                progress = 1.0 if state == "done" else self.get(job_id).progress
                self._store.jobs.report(job_id, state, progress, detail)
            except StorageError as error:
                LOG.warning("the end of job %s is not stored: %s", job_id, error)
            with self._news:
                self._live.pop(job_id, None)
                self._cancelled.discard(job_id)
                self._news.notify_all()

    def _done(self, job_id: int, do: Do) -> tuple[JobState, str]:
        stored_at = -STORE_EVERY_S

        def tell(done: float, detail: str) -> None:
            nonlocal stored_at
            if job_id in self._cancelled:
                raise CancelledError
            now = monotonic()
            if now - stored_at >= STORE_EVERY_S:
                self._store.jobs.report(job_id, "running", done, detail)
                stored_at = now
            self._tell(job_id, done, detail)

        try:
            tell(0.0, "")
            return "done", do(self.get(job_id), tell)
        except CancelledError:
            return "cancelled", "Cancelled. What was done before is kept."
        except AssentError as error:
            return "failed", str(error)
        except Exception:
            LOG.exception("job %s failed", job_id)
            return (
                "failed",
                "Something went wrong that should not; the log of the server says what.",
            )

    def _tell(self, job_id: int, done: float, detail: str) -> None:
        with self._news:
            job = self._live[job_id]
            self._live[job_id] = replace(job, state="running", progress=done, detail=detail)
            self._news.notify_all()
