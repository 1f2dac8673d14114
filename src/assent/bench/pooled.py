"""Paired differences of rows, and one figure over several of them, with its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.bench.curves import Curve, Curves
from assent.core.intervals import (
    Interval,
    group_sums,
    paired_difference_interval,
    percentile_interval,
)

DRAWS = 2000


@dataclass(frozen=True, eq=False)
class Paired:
    """Values of the views of a row, and what is subtracted from each.

    Attributes:
        values: ``(N,)``, at least one.
        minus: ``(N,)``; zeros where nothing is subtracted.
        groups: Dataset and case, or what a volume belongs to, of each: drawn together.
    """

    values: NDArray[np.float64] = field(repr=False)
    minus: NDArray[np.float64] = field(repr=False)
    groups: Sequence[tuple[str, str]] = field(repr=False)

    @property
    def difference(self) -> float:
        """Mean of what is left."""
        return float(self.values.mean() - self.minus.mean())


Value = Callable[[Curve], float | None]


def plain(found: Curves, value: Value) -> Paired | None:
    """A value of all views that have it; None without any."""
    known = [(v, curve.group) for curve in found.values() if (v := value(curve)) is not None]
    if not known:
        return None
    values = np.array([v for v, _ in known], np.float64)
    return Paired(values, np.zeros_like(values), [group for _, group in known])


def paired(
    first: Curves, second: Curves, value: Value, other: Value | None = None
) -> Paired | None:
    """Values of the views that two rows have, the second to be subtracted; None without any.

    Args:
        first: Curves of one row.
        second: Curves of another on the same cases, or the same ones.
        value: What is compared.
        other: What is subtracted, if that is something else of the second curve.
    """
    known = []
    for key in sorted(first.keys() & second.keys()):
        left, right = value(first[key]), (other or value)(second[key])
        if left is not None and right is not None:
            known.append((left, right, first[key].group))
    if not known:
        return None
    values, minus = np.array([pair[:2] for pair in known], np.float64).T
    return Paired(values, minus, [group for *_, group in known])


def pooled(parts: Sequence[Paired], *, relative: bool = False, seed: int = 0) -> Interval | None:
    """The mean difference over several rows, with a bootstrap interval.

    Every row counts once, however many values it has. A draw takes from every row as many groups
    as it has, with replacement.

    Args:
        parts: At least one.
        relative: Whether the difference is told as a share of the mean of what is subtracted.
        seed: Of the draws.

    Returns:
        The difference; None if it is relative to 0.
    """
    if len(parts) == 1 and not relative:
        (part,) = parts
        return paired_difference_interval(part.values, part.minus, part.groups, seed=seed)
    rng = np.random.default_rng(seed)
    drawn = np.mean([_draws(part, rng) for part in parts], axis=0)
    value, minus = np.mean([(part.values.mean(), part.minus.mean()) for part in parts], axis=0)
    if not relative:
        return percentile_interval(value - minus, drawn[0] - drawn[1])
    if minus <= 0.0:
        return None
    usable = drawn[:, drawn[1] > 0.0]
    return percentile_interval(value / minus - 1.0, usable[0] / usable[1] - 1.0)


def _draws(part: Paired, rng: np.random.Generator) -> NDArray[np.float64]:
    """``(2, DRAWS)`` means of values and of what is subtracted."""
    values, counts = group_sums(part.values, part.groups)
    minus, _ = group_sums(part.minus, part.groups)
    drawn = rng.integers(len(counts), size=(DRAWS, len(counts)))
    sums = np.stack([values, minus])[:, drawn].sum(axis=2)
    return np.asarray(sums / counts[drawn].sum(axis=1))
