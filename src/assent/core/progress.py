"""Progress of one long answer, the slice that is looked at first, and places to break off.

What works deep inside reports; an interface listens around the call. The layers between need not
hand a callback on, and a method that reports nothing is a method all the same. Nobody's listening
or watching changes an answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Listener = Callable[[float, str], None]
"""Told the share of a stretch of work that is done, in [0, 1], and what that work is."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@dataclass(frozen=True, eq=False)
class Glimpse:
    """One slice of a volume's answer, before the whole of it is there.

    Attributes:
        index: The slice.
        masks: ``(1 + K, H, W)`` bool, the recommendation and K alternatives; not to be changed.
        is_final: Whether the whole answer will say the same of this slice. What is not is a first
            look, without alternatives.
    """

    index: int
    masks: NDArray[np.bool_] = field(repr=False)
    is_final: bool


_CHECK: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)

Viewer = Callable[[Glimpse], None]
"""Shown the watched slice as soon as there is something to see, and again whenever that is new."""

_VIEWER: ContextVar[tuple[int, Viewer] | None] = ContextVar("viewer", default=None)


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
    may_stop()
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, text)


@contextmanager
def stopping(check: Callable[[], None]) -> Iterator[None]:
    """Ask, again and again within the block, whether the work shall stop, in this thread.

    Args:
        check: Called every few hundredths of a second. What it raises stops the work where it is;
            sessions stay whole.

    >>> def check() -> None:
    ...     raise TimeoutError("somebody waits")
    >>> with stopping(check):
    ...     may_stop()
    Traceback (most recent call last):
    TimeoutError: somebody waits
    """
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def may_stop() -> None:
    """A place where work may be broken off; nothing happens where nobody asks for that."""
    check = _CHECK.get()
    if check is not None:
        check()


@contextmanager
def watching(index: int, viewer: Viewer) -> Iterator[None]:
    """See one slice of a volume before the others, within the block, in this thread.

    Args:
        index: The slice that is on the screen.
        viewer: Called a few times for each answer. What it raises stops the work where it is.

    >>> with watching(3, lambda seen: print(seen.index, seen.is_final)):
    ...     show(Glimpse(3, np.zeros((1, 4, 4), bool), is_final=True))
    3 True
    """
    token = _VIEWER.set((index, viewer))
    try:
        yield
    finally:
        _VIEWER.reset(token)


def watched() -> int | None:
    """The slice that somebody watches, if any: what is asked for first."""
    watcher = _VIEWER.get()
    return None if watcher is None else watcher[0]


def show(glimpse: Glimpse) -> None:
    """Show a slice; nothing happens where nobody watches that one."""
    watcher = _VIEWER.get()
    if watcher is not None and watcher[0] == glimpse.index:
        watcher[1](glimpse)
