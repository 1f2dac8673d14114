"""Equality to the last bit, whatever a value is built of."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

Parts = list[tuple[str, Any, Any]]


def check_same(expected: Any, found: Any, what: str) -> None:
    """Make sure that two values are equal to the last bit.

    Dataclass fields that take no part in comparison are derived from the others and left out.

    Args:
        expected: A value of dataclasses, mappings, sequences, arrays, tensors and plain values.
        found: What should equal it.
        what: Name of the value in the message.

    Raises:
        AssertionError: Naming what differs, and where in it.
    """
    where = _difference(expected, found)
    if where is not None:
        raise AssertionError(f"{what} differs{where}")


def _difference(a: Any, b: Any) -> str | None:
    """Where two values differ, as in ".particles[2]"; None where they are the same."""
    if a is b:
        return None
    if type(a) is not type(b):
        return f": {type(a).__name__} is not {type(b).__name__}"
    parts = _parts(a, b)
    if parts is None:
        return None if _equal(a, b) else ""
    return _first(parts)


def _parts(a: Any, b: Any) -> Parts | None:
    """What two values of one type are built of, side by side; None for plain values."""
    if is_dataclass(a):
        names = [field.name for field in fields(a) if field.compare]
        return [(f".{name}", getattr(a, name), getattr(b, name)) for name in names]
    if isinstance(a, dict):
        keys = sorted(a.keys() | b.keys(), key=repr)
        return [(f"[{key!r}]", a.get(key), b.get(key)) for key in keys]
    if isinstance(a, list | tuple):
        items = [(f"[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b, strict=False))]
        return [(" in length", len(a), len(b)), *items]
    return None


def _first(parts: Iterable[tuple[str, Any, Any]]) -> str | None:
    for name, a, b in parts:
        inner = _difference(a, b)
        if inner is not None:
            return name + inner
    return None


def _equal(a: Any, b: Any) -> bool:
    if hasattr(a, "__array__"):
        x, y = np.asarray(a), np.asarray(b)
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
    return bool(a == b)
