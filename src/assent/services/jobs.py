"""Long work: one job after the other, with progress, cancelled when asked, and never begun anew.

A job is a name and JSON arguments, and consists of steps whose results are kept. When the server
stops in the middle, of its own accord or killed, the next one goes on with the first step that is
not done.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from queue import SimpleQueue
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

from assent.core.errors import AssentError, StorageError
from assent.services.news import News
from assent.services.owner import is_gone, new_owner
from assent.storage.records import Job, JobState, UnfinishedJob
from assent.storage.store import Store

LOG = logging.getLogger(__name__)
FINAL: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})
CANCELLED = "Cancelled. What was done before is kept."

STORE_EVERY_S = 0.25
"""Progress is told at once, and stored this often."""

PAUSE_S = 0.1
"""Who follows a job is told of a change at most this often."""

BEAT_S = 5.0
"""How often a server says that it is alive, and looks for jobs of others that are not."""

MOST_ATTEMPTS = 3
"""How often a job may be begun without finishing a step: each time the server was gone."""

T = TypeVar("T")
Tell = Callable[[float, str], None]
"""Told the share that is done and what is being done; ends the job when that is asked for."""


class Step(Protocol):
    """Does part of a job, unless an earlier process did it already."""

    def __call__(self, name: str, do: Callable[[], T]) -> T:
        """What ``do`` returned, now or then.

        Args:
            name: The same in every process, and of no other step of the job.
            do: What is to be done; may happen again if the process is gone before it is noted.
                Returns something that JSON holds as it is.
        """


def at_once(name: str, do: Callable[[], T]) -> T:
    """A step of work that is no job: nothing is kept."""
    return do()


class CancelledError(Exception):
    """Somebody asked for the end of a job."""


class ClosingError(Exception):
    """The server stops; a later one goes on."""


class Run:
    """One process at work on a job: what is asked for, and what of it is done."""

    def __init__(self, jobs: "Jobs", left: UnfinishedJob, done: dict[str, Any]) -> None:
        """Begin, or go on.

        Args:
            jobs: Who asked.
            left: What is to be done.
            done: Results of the steps that are done, by name.
        """
        self.job_id, self.arguments = left.job.id, left.arguments
        self._jobs, self._steps = jobs, done
        self._told = (left.job.progress, left.job.detail)
        self._stored_at = -STORE_EVERY_S
        self._is_wary = left.attempts > 0
        self.tell(*self._told)

    def tell(self, done: float, detail: str) -> None:
        """Say how far it is.

        Args:
            done: The share that is done, in [0, 1].
            detail: What is being done.

        Raises:
            CancelledError: If somebody asked for the end.
            ClosingError: If the server stops.
            StorageError: If it cannot be stored.
        """
        self._jobs._check_wanted(self.job_id)
        self._told = (done, detail)
        if monotonic() - self._stored_at >= STORE_EVERY_S:
            self._store()
        self._jobs._tell(self.job_id, done, detail)

    def step(self, name: str, do: Callable[[], T]) -> T:
        """As ``Step`` says.

        Raises:
            CancelledError: If somebody asked for the end.
            ClosingError: If the server stops.
            StorageError: If it cannot be stored.
        """
        if name not in self._steps:
            self._jobs._check_wanted(self.job_id)
            if self._is_wary:  # Should this end the server again, it is known what did.
                self._store()
            result = do()
            self._jobs._store.jobs.add_step(self.job_id, name, result, owner=self._jobs._owner)
            self._steps[name] = result
            self._is_wary = False
        return cast("T", self._steps[name])

    def _store(self) -> None:
        self._jobs._report(self.job_id, "running", *self._told)
        self._stored_at = monotonic()


Do = Callable[[Run], str]
"""The work of a job; returns one sentence about what came of it."""


class Jobs:
    """One thread that works on jobs in order, and one that says that they are being worked on."""

    def __init__(self, store: Store, kinds: Mapping[str, Do]) -> None:
        """Begin.

        Args:
            store: Where jobs are kept.
            kinds: What to do, by the name of the kind of job; called by another thread.
        """
        self._store, self._kinds, self._owner = store, kinds, new_owner()
        self._news, self._streams = Condition(), News()
        self._live: dict[int, Job] = {}
        self._cancelled: set[int] = set()
        self._is_closing = self._takes_over = False
        self._closing = Event()
        self._queue: SimpleQueue[UnfinishedJob | None] = SimpleQueue()
        self._threads = [
            Thread(target=do, name=f"assent jobs: {do.__name__}", daemon=True)
            for do in (self._work, self._keep)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Begin a job as soon as those before it are done.

        Args:
            kind: Which of the kinds.
            arguments: What exactly is asked for, as JSON.

        Raises:
            StorageError: If it cannot be noted.
        """
        with self._news:
            job = self._store.jobs.add(kind, arguments, owner=self._owner)
            self._put(UnfinishedJob(job=job, arguments=arguments, is_cancelled=False, attempts=0))
        return job

    def resume(self) -> None:
        """Go on with what other servers left, and from now on with what they leave.

        Raises:
            StorageError: If what was left cannot be read, or its end cannot be noted.
        """
        self._takes_over = True
        self.tend()

    def tend(self) -> None:
        """Say that this server is alive, and go on with what is left by those that are not.

        Raises:
            StorageError: If that cannot be noted.
        """
        if self._live:
            asked = self._store.jobs.beat(self._owner)
            with self._news:
                self._cancelled |= asked & self._live.keys()
        if self._takes_over and (others := self._store.jobs.owners() - {self._owner}):
            for left in self._store.jobs.take(self._owner, [*filter(is_gone, others)]):
                self._resume(left)

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
        """Ask for the end of a job, whichever server does it; a finished one stays as it is.

        Raises:
            NotFoundError: If there is none.
            StorageError: If it cannot be noted.
        """
        job = self.get(job_id)
        if job.state not in FINAL:
            self._store.jobs.cancel(job_id)
            with self._news:
                self._cancelled.add(job_id)
        return job

    async def follow(self, job_id: int, *, idle_s: float = 15.0) -> AsyncIterator[Job | None]:
        """A job at once and at every change, until it is finished; holds no thread.

        Args:
            job_id: Which job.
            idle_s: After so long without a change, None is given.

        Raises:
            NotFoundError: If there is none.
        """
        with self._streams.heard() as news:
            job = await self._seen(job_id)
            yield job
            while job.state not in FINAL and not self._is_closing:
                await asyncio.sleep(PAUSE_S)
                try:
                    async with asyncio.timeout(idle_s):
                        await news.wait()
                except TimeoutError:
                    yield None
                news.clear()
                before, job = job, await self._seen(job_id)
                if job != before:
                    yield job

    def settle(self) -> None:
        """Wait until no job waits or runs."""
        with self._news:
            self._news.wait_for(lambda: not self._live)

    def close(self) -> None:
        """Stop after the present step; the next server goes on from there."""
        with self._news:
            self._is_closing = True
            self._tell_all()
        self._closing.set()
        self._queue.put(None)
        for thread in self._threads:
            thread.join()
        try:
            self._store.jobs.release(self._owner)
        except StorageError as error:
            LOG.warning("what is left is not released: %s", error)

    async def _seen(self, job_id: int) -> Job:
        """A job as it is now, for an event loop, which waits for no lock and no database."""
        live = self._live.get(job_id)
        return live if live is not None else await asyncio.to_thread(self.get, job_id)

    def _tell_all(self) -> None:
        """Wake whoever waits for a change; the lock is held."""
        self._news.notify_all()
        self._streams.tell()

    def _resume(self, left: UnfinishedJob) -> None:
        """Go on with what another server left, if that may help."""
        job = left.job
        if left.is_cancelled:
            self._report(job.id, "cancelled", job.progress, CANCELLED)
        elif left.attempts >= MOST_ATTEMPTS:
            LOG.warning("job %s ended the server %s times", job.id, left.attempts)
            told = (
                f"The server stopped {left.attempts} times in the same step of this"
                f"{f', at {job.detail}' if job.detail else ''}. See to its log and memory, then"
                " start this again."
            )
            self._report(job.id, "failed", job.progress, told)
        else:
            self._put(left)

    def _put(self, left: UnfinishedJob) -> None:
        with self._news:
            self._live[left.job.id] = left.job
        self._queue.put(left)

    def _work(self) -> None:
        while (left := self._queue.get()) is not None:
            if self._is_closing:
                continue
            job_id = left.job.id
            try:
                state, detail = self._done(left)
                if state == "waiting":
                    self._store.jobs.put_back(job_id, owner=self._owner)
                else:
                    progress = 1.0 if state == "done" else self.get(job_id).progress
                    self._report(job_id, state, progress, detail)
            except StorageError as error:
                LOG.warning("the end of job %s is not stored: %s", job_id, error)
            with self._news:
                self._live.pop(job_id, None)
                self._cancelled.discard(job_id)
                self._tell_all()

    def _keep(self) -> None:
        while not self._closing.wait(BEAT_S):
            try:
                self.tend()
            except StorageError as error:
                LOG.warning("no heartbeat of jobs is stored: %s", error)

    def _report(self, job_id: int, state: JobState, progress: float, detail: str) -> None:
        self._store.jobs.report(job_id, state, progress, detail, owner=self._owner)

    def _done(self, left: UnfinishedJob) -> tuple[JobState, str]:
        job = left.job
        try:
            do = self._kinds[job.kind]
            done = self._store.jobs.begin(job.id, owner=self._owner)
            return "done", do(Run(self, left, done))
        except CancelledError:
            return "cancelled", CANCELLED
        except ClosingError:
            return "waiting", ""
        except AssentError as error:
            return "failed", str(error)
        except Exception:
            LOG.exception("job %s failed", job.id)
            return (
                "failed",
                "Something went wrong that should not; the log of the server says what.",
            )

    def _check_wanted(self, job_id: int) -> None:
        if job_id in self._cancelled:
            raise CancelledError
        if self._is_closing:
            raise ClosingError

    def _tell(self, job_id: int, done: float, detail: str) -> None:
        with self._news:
            job = self._live[job_id]
            self._live[job_id] = replace(job, state="running", progress=done, detail=detail)
            self._tell_all()
