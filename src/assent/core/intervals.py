"""How sure a mean is: 95 % bootstrap intervals that resample cases, not records.

Records of one case (raters, targets, repeats) rise and fall together. Resampling them one by
one would make an interval look narrower than it is, so whole groups are drawn.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assent.core.errors import InputError

_TAILS = (0.025, 0.975)
_CHUNK = 2**22
"""Drawn numbers held at a time."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval.

    Attributes:
        mean: Mean over all records.
        low: 2.5th percentile of the bootstrap means.
        high: 97.5th percentile of the bootstrap means.
    """

    mean: float
    low: float
    high: float


def mean_interval(
    values: ArrayLike,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    draws: int = 2000,
) -> Interval:
    """Mean of records and its percentile bootstrap interval (Efron, 1979).

    Args:
        values: ``(N,)`` numbers, at least one; inf is allowed, NaN is not.
        groups: N names of what is drawn together, usually cases; each record by itself if
            None. A draw takes as many groups as there are, with replacement, and averages over
            all of their records.
        seed: Seed of the draws.
        draws: Number of bootstrap means.

    Returns:
        The interval. With one group it has no width, which then says nothing.

    Raises:
        InputError: If there are no values, a value is NaN, the lengths of values and groups
            differ, or ``draws`` is not positive.

    >>> mean_interval([2.0, 2.0, 2.0])
    Interval(mean=2.0, low=2.0, high=2.0)
    """
    numbers = _checked(values)
    if draws < 1:
        raise InputError(f"An interval needs at least one draw; got {draws}.")
    sums, counts = group_sums(numbers, groups)
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(sums))
    means = []
    for start in range(0, draws, step):
        drawn = rng.integers(len(sums), size=(min(step, draws - start), len(sums)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return percentile_interval(sums.sum() / counts.sum(), np.concatenate(means))


def paired_difference_interval(
    a: ArrayLike,
    b: ArrayLike,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    draws: int = 2000,
) -> Interval:
    """Mean of a - b over records that belong together, with its bootstrap interval.

    Args:
        a: ``(N,)`` numbers.
        b: ``(N,)`` numbers; item n is about the same case, target and rater as item n of a.
        groups: N names of what is drawn together, as in ``mean_interval``.
        seed: Seed of the draws.
        draws: Number of bootstrap means.

    Returns:
        The interval of the difference; equal infinite values differ by 0.

    Raises:
        InputError: As ``mean_interval``, or if a and b differ in length.
    """
    left, right = _checked(a), _checked(b)
    if len(left) != len(right):
        raise InputError(
            f"A paired difference needs two equally long lists; got {len(left)} and {len(right)}"
            " values. Keep only the records that both sides have."
        )
    difference = np.zeros(len(left))
    np.subtract(left, right, out=difference, where=left != right)
    return mean_interval(difference, groups, seed=seed, draws=draws)


def percentile_interval(mean: float, means: NDArray[np.float64]) -> Interval:
    """A mean with the percentiles of its bootstrap means.

    Args:
        mean: Over all records.
        means: ``(draws,)``; inf is allowed.
    """
    # Values that occurred, as interpolation between finite and infinite ones is undefined.
    low, high = np.quantile(means, _TAILS, method="inverted_cdf")
    return Interval(float(mean), float(low), float(high))


def group_sums(
    numbers: NDArray[np.float64], groups: Sequence[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and number of the records of each group, ``(G,)`` each, in the order of the groups.

    Args:
        numbers: ``(N,)``.
        groups: N names of what is drawn together; each record by itself if None.

    Raises:
        InputError: If the lengths differ.
    """
    if groups is None:
        return numbers, np.ones(len(numbers))
    if len(groups) != len(numbers):
        raise InputError(
            f"Every value needs its group; got {len(numbers)} values and {len(groups)} groups."
            " Name one group for each value."
        )
    position: dict[Hashable, int] = {}
    members = np.array([position.setdefault(group, len(position)) for group in groups])
    sums = np.bincount(members, weights=numbers).astype(np.float64)
    return sums, np.bincount(members).astype(np.float64)


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size == 0 or np.isnan(numbers).any():
        missing = int(np.isnan(numbers).sum())
        raise InputError(
            "A mean needs a list of at least one number without NaN; got shape"
            f" {numbers.shape} with {missing} NaN. Leave out records without a value."
        )
    return numbers
