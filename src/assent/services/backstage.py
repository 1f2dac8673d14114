"""Small work behind the scenes: nobody waits for it, and nobody misses it when it fails."""

import logging
from collections.abc import Callable, Hashable
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock, Thread

from assent.services.trim import trim

LOG = logging.getLogger(__name__)


class Backstage:
    """One thread that does one thing after the other."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._waiting: set[Hashable] = set()
        self._lock = Lock()
        self._is_closing = False
        self._thread = Thread(target=self._work, name="assent backstage", daemon=True)
        self._thread.start()

    def later(self, work: Callable[[], object]) -> None:
        """Do this when what was asked before is done; what waits already is done once.

        Args:
            work: Two are the same if they call the same with the same arguments.
        """
        # Many people finish images faster than what follows from it is done: the queue would grow.
        with self._lock:
            if _name(work) in self._waiting:
                return
            self._waiting.add(_name(work))
        self._queue.put(work)

    def settle(self) -> None:
        """Wait until everything that was asked so far is done."""
        done = Event()
        self.later(done.set)
        done.wait()

    def close(self) -> None:
        """Wait for what is being done now, and begin nothing of what waits."""
        self._is_closing = True
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._queue.get()) is not None and not self._is_closing:
            with self._lock:
                self._waiting.discard(_name(work))
            try:
                work()
            except Exception as error:
                LOG.warning("left undone behind the scenes: %s", error)
            trim()


def _name(work: Callable[[], object]) -> Hashable:
    return (work.func, work.args) if isinstance(work, partial) else work
