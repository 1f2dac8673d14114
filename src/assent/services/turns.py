"""Who may go next where one goes at a time: whoever waits longest, with a head start for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from math import inf
from threading import Condition
from time import monotonic

HEAD_START_S = 5.0
"""How much longer than a person's request work behind the scenes may wait. It is no more than
that, so that such work goes on where people ask without a pause."""

QUIET_S = 1.0
"""How long nobody may have asked before such work begins: who answers quickly asks again soon, and
what has begun is not broken off."""


def due_time(*, is_patient: bool) -> float:
    """From when on a request that comes now waits for nobody who comes later."""
    return monotonic() + (HEAD_START_S if is_patient else 0.0)


class Turns:
    """A lock that is handed on in the order in which it was asked for, but for a head start."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._is_taken = False
        self._quiet_since = -inf

    @contextmanager
    def take(self, *, is_patient: bool = False, due: float | None = None) -> Iterator[None]:
        """Hold the lock for the time of a ``with`` block.

        Args:
            is_patient: Let others go first who ask before ``due``, and wait for ``QUIET_S`` after
                the last of them, but no longer.
            due: From when on this one waits for nobody who comes later, in ``monotonic`` seconds;
                for patient work ``HEAD_START_S`` from now unless it was asked for before.
        """
        if due is None:
            due = due_time(is_patient=is_patient)
        with self._changed:
            ticket = (due, next(self._numbers))
            self._waiting.append(ticket)
            try:
                while (pause := self._pause(due)) or not self._may_go(ticket):
                    self._changed.wait(pause or None)
                self._is_taken = True
            finally:
                self._waiting.remove(ticket)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                if not is_patient:
                    self._quiet_since = monotonic()
                self._changed.notify_all()

    def is_wanted(self) -> bool:
        """Whether somebody waits for the lock whose time has come."""
        with self._changed:
            return any(due <= monotonic() for due, _ in self._waiting)

    def _may_go(self, ticket: tuple[float, int]) -> bool:
        return not self._is_taken and ticket == min(self._waiting)

    def _pause(self, due: float) -> float:
        """How many seconds what is due then should still wait for quiet: 0 where it is due now."""
        return max(0.0, min(self._quiet_since + QUIET_S, due) - monotonic())
