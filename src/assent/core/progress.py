"""Progress of one long answer, told to whoever listens.

What works deep inside reports; an interface listens around the call. The layers between need not
hand a callback on, and a method that reports nothing is a method all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float, str], None]
"""Told the share of a stretch of work that is done, in [0, 1], and what that work is."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear what is reported within the block, in this thread.

    Args:
        listener: Called often. What it raises stops the work where it is; sessions stay whole.

    >>> with listening(lambda done, text: print(f"{done:.0%} {text}")):
    ...     report(0.5, "following the object")
    50% following the object
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def report(done: float, text: str) -> None:
    """Tell the share of the present work that is done; nothing happens where nobody listens."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, text)
