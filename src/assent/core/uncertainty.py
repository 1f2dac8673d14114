"""Mean, entropy, variance and agreement of an ensemble, voxel by voxel."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from assent.core.errors import InputError


def mean_probability(
    probabilities: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Probability of the object under the whole ensemble.

    Args:
        probabilities: ``(N, ...)`` in [0, 1], one map for each member.
        weights: ``(N,)`` of 0 or more, normalised here; equal ones if None.

    Returns:
        ``(...)`` float32 in [0, 1].

    Raises:
        InputError: If there is no member, or the weights do not fit.
    """
    return _average(probabilities, _shares(probabilities, weights))


def entropy_bits(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Entropy of a yes-or-no answer.

    Args:
        probability: ``(...)`` in [0, 1]; of an ensemble, its ``mean_probability``. Values
            beyond by rounding count as 0 or 1.

    Returns:
        ``(...)`` float32 in bits: 0 where the answer is certain, 1 at one half.

    >>> entropy_bits(np.array([0.0, 0.5, 1.0], np.float32)).tolist()
    [0.0, 1.0, 0.0]
    """
    p = np.clip(probability, 0.0, 1.0).astype(np.float64)
    return np.asarray((entr(p) + entr(1.0 - p)) / np.log(2.0), dtype=np.float32)


def variance(
    probabilities: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Variance of the members' probabilities.

    Args:
        probabilities: ``(N, ...)`` in [0, 1].
        weights: ``(N,)`` of 0 or more, normalised here; equal ones if None.

    Returns:
        ``(...)`` float32 in [0, 0.25]; 0 where all members say the same, 0.25 where half of
        them say 0 and half 1.

    Raises:
        InputError: If there is no member, or the weights do not fit.
    """
    shares = _shares(probabilities, weights)
    return _average(np.square(probabilities - _average(probabilities, shares)), shares)


def agreement(
    probabilities: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Share of the members that are on the majority's side.

    Args:
        probabilities: ``(N, ...)`` in [0, 1]; a member says "object" from one half on.
        weights: ``(N,)`` of 0 or more, normalised here; equal ones if None.

    Returns:
        ``(...)`` float32 in [0.5, 1].

    Raises:
        InputError: If there is no member, or the weights do not fit.
    """
    votes = _average(probabilities >= 0.5, _shares(probabilities, weights))
    return np.asarray(np.maximum(votes, 1.0 - votes), dtype=np.float32)


def _average(
    values: NDArray[np.float32] | NDArray[np.bool_], shares: NDArray[np.float32]
) -> NDArray[np.float32]:
    mean = np.tensordot(shares, values.astype(np.float32, copy=False), axes=1)
    # Rounding of a long sum may leave the range of its terms.
    return np.asarray(np.clip(mean, 0.0, 1.0), dtype=np.float32)


def _shares(
    probabilities: NDArray[np.float32], weights: NDArray[np.float64] | None
) -> NDArray[np.float32]:
    count = len(probabilities)
    given = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    total = given.sum()
    if given.shape != (count,) or not (given >= 0).all() or not 0.0 < total < np.inf:
        raise InputError(
            f"An ensemble of {count} members needs at least one member and {count} weights of 0"
            f" or more with a positive sum; got weights of shape {given.shape} with sum"
            f" {total:g}. Give one weight for each member."
        )
    return np.asarray(given / total, dtype=np.float32)
