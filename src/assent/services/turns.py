"""Who may go next where one goes at a time: whoever waits longest, with a head start for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition
from time import monotonic

HEAD_START_S = 5.0
"""How much longer than a person's request work behind the scenes may wait. It is no more than
that, so that such work goes on where people ask without a pause."""


class Turns:
    """A lock that is handed on in the order in which it was asked for, but for a head start."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._is_taken = False

    @contextmanager
    def take(self, *, is_patient: bool = False) -> Iterator[None]:
        """Hold the lock for the time of a ``with`` block.

        Args:
            is_patient: Let others go first who asked up to ``HEAD_START_S`` seconds later.
        """
        due = monotonic() + (HEAD_START_S if is_patient else 0.0)
        with self._changed:
            ticket = (due, next(self._numbers))
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: not self._is_taken and ticket == min(self._waiting))
                self._is_taken = True
            finally:
                self._waiting.remove(ticket)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()
