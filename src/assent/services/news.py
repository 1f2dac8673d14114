"""Coroutines hear from other threads that something changed; none of them holds a thread."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock


class News:
    """Whoever listens, in whichever event loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: set[Callable[[], object]] = set()

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that every change sets, for the time of the block, in a running loop."""
        event = asyncio.Event()
        hear = partial(asyncio.get_running_loop().call_soon_threadsafe, event.set)
        with self._lock:
            self._listeners.add(hear)
        try:
            yield event
        finally:
            with self._lock:
                self._listeners.remove(hear)

    def tell(self) -> None:
        """Something changed; from any thread."""
        with self._lock:
            for hear in self._listeners:
                with suppress(RuntimeError):  # its loop is closed
                    hear()
