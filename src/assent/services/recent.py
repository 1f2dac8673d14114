"""What was used last stays, within a budget: computing it again costs time, keeping it memory."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key; those not used for longest go when their sizes exceed the budget.

    The newest value stays, however large it is.

    >>> kept = Recent[str, bytes](4, len)
    >>> kept.put("a", b"123")
    >>> kept.put("b", b"12")
    >>> kept.get("a"), kept.get("b")
    (None, b'12')
    """

    def __init__(self, budget: float, size_of: Callable[[V], float]) -> None:
        self._budget, self._size_of = budget, size_of
        self._values: OrderedDict[K, V] = OrderedDict()
        self._size = 0.0
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value in place of the one before."""
        with self._lock:
            self._forget(key)
            self._values[key] = value
            self._size += self._size_of(value)
            while self._size > self._budget and len(self._values) > 1:
                self._forget(next(iter(self._values)))

    def drop(self, key: K) -> None:
        """Forget a value; without one, do nothing."""
        with self._lock:
            self._forget(key)

    def _forget(self, key: K) -> None:
        if key in self._values:
            self._size -= self._size_of(self._values.pop(key))
