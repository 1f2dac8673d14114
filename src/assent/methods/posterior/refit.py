"""The classifier that is refitted to each image after every prompt.

Prompts label pixels of *this* image. A logistic regression over the network's decoder features,
colour and the two classical margins is fitted to them in milliseconds by Newton steps, each prompt
counting the same however large it is, and its logit is added to the network's. It knows nothing of
the network's own logit: fitted to what that leaves unexplained, it learns to undo the network far
from the prompts, which measured worse. A pure function of image, prompts and features.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float32]

EVIDENCE = 4.0
"""How many independent pixels one prompt counts for."""

LIMIT = 6.0
"""Largest logit the classifier may claim: away from all prompts it only extrapolates."""

_STEPS = 8


def refit(
    features: Plane,
    positive: NDArray[np.bool_],
    negative: NDArray[np.bool_],
) -> Plane:
    """Logit of the object on one slice, from its prompts alone.

    Args:
        features: ``(F, h, w)`` float32, of any scale.
        positive: ``(h, w)`` bool, prompted inside.
        negative: ``(h, w)`` bool, prompted outside.

    Returns:
        ``(h, w)`` float32 within +-``LIMIT``; zeros without prompts. After prompts of one sign
        only, it says what looks like them and leaves the rest open.
    """
    groups = [(index, 1.0) for index in _prompts(positive)]
    groups += [(index, -1.0) for index in _prompts(negative)]
    if not groups:
        return np.zeros(positive.shape, np.float32)
    flat = features.reshape(len(features), -1)
    centre, spread = flat.mean(1, keepdims=True), flat.std(1, keepdims=True) + 1e-4
    pixels = np.concatenate([index for index, _ in groups])
    known = np.ones((len(flat) + 1, len(pixels)))
    known[:-1] = (flat[:, pixels] - centre) / spread
    sign = np.concatenate([np.full(len(index), value) for index, value in groups])
    weight = np.concatenate([np.full(len(index), EVIDENCE / len(index)) for index, _ in groups])
    coefficients = _newton(known, sign, weight)
    slope = (coefficients[:-1, None] / spread).astype(np.float32)
    offset = float(coefficients[-1] - (slope * centre).sum())
    logit = np.clip(slope[:, 0] @ flat + offset, -LIMIT, LIMIT)
    return np.asarray(logit.reshape(positive.shape), np.float32)


def trust(positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> float:
    """How far the classifier is believed, in [0, 1), by the number of prompts on a slice.

    Nothing after one prompt, which the network was trained to understand; more with each.
    """
    count = count_prompts(positive, negative)
    return max(0, count - 1) / (count + 2)


def count_prompts(positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> int:
    """Connected marks on a slice, of either sign."""
    return len(_prompts(positive)) + len(_prompts(negative))


def _prompts(drawn: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Flat pixel indices of every connected mark."""
    labels, count = ndimage.label(drawn)
    return [np.flatnonzero(labels == k) for k in range(1, count + 1)]


def _newton(
    known: NDArray[np.float64], sign: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logistic regression under a standard normal prior; ``known`` is ``(F, n)``."""
    coefficients = np.zeros(len(known))
    identity = np.eye(len(known))
    for _ in range(_STEPS):
        wrong = 1.0 / (1.0 + np.exp(np.clip(sign * (coefficients @ known), -30, 30)))
        gradient = known @ (weight * sign * wrong) - coefficients
        curvature = (known * (weight * wrong * (1.0 - wrong))) @ known.T + identity
        coefficients = coefficients + np.linalg.solve(curvature, gradient)
    return coefficients
