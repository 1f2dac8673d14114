"""From the posterior to one recommended mask, its uncertainty, and how good it will be.

The recommendation is the posterior mean probability, cut where the expected Dice over the
posterior is largest: the cut at one half would be best for pixel accuracy, not for overlap.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from assent.core.errors import InputError
from assent.methods.posterior.bases import Bases
from assent.methods.posterior.particles import Particles

THRESHOLDS: tuple[float, ...] = (*(float(t) for t in np.linspace(0.02, 0.98, 33)), 1.0)
"""Cuts that are tried; the last leaves an empty mask."""

Calibration = tuple[float, float]
"""Offset and slope of the logit of predicted Dice; the slope is positive."""

IDENTITY: Calibration = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Decision:
    """What is recommended on the particle grid.

    Attributes:
        probability: ``(P,)`` float32, posterior mean probability of the object.
        threshold: The mask is where the probability exceeds this.
        mask: ``(P,)`` bool.
        expected_dice: Expected Dice of the mask under the posterior, not yet calibrated.
    """

    probability: NDArray[np.float32] = field(repr=False)
    threshold: float
    mask: NDArray[np.bool_] = field(repr=False)
    expected_dice: float


def decide(bases: Bases, particles: Particles) -> Decision:
    """The mask of largest expected Dice among the cuts of the mean probability."""
    probability = mean_probability(bases, particles)
    cuts = probability > np.array(THRESHOLDS, np.float32)[:, None]
    scores = expected_dice(bases, particles, cuts)
    best = int(np.argmax(scores))
    return Decision(probability, THRESHOLDS[best], cuts[best], float(scores[best]))


def mean_probability(bases: Bases, particles: Particles) -> NDArray[np.float32]:
    """Posterior mean of the sigmoid of the logits, ``(P,)``, on any grid of bases."""
    total = np.zeros(bases.mean.size, np.float32)
    weights = particles.weights.astype(np.float32)
    for part in bases.in_chunks(len(weights)):
        logits = bases.logits(particles.z[part])
        np.clip(logits, -60, 60, out=logits)
        np.negative(logits, out=logits)
        np.exp(logits, out=logits)
        logits += 1
        np.reciprocal(logits, out=logits)
        total += weights[part] @ logits
    return np.asarray(np.clip(total, 0, 1))


def expected_dice(
    bases: Bases, particles: Particles, masks: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Expected Dice of masks ``(M, P)`` with the hard masks of the particles, as ``(M,)``."""
    # Weights sum to one up to rounding only.
    return np.asarray(np.minimum(particles.weights @ bases.dice(particles.z, masks), 1.0))


def calibrate(expected: float, coefficients: Calibration = IDENTITY) -> float:
    """Predicted Dice: sigmoid(offset + slope * logit(expected)), which keeps the order.

    Args:
        expected: Expected Dice under the posterior, in [0, 1].
        coefficients: Of ``fit_calibration``.

    >>> calibrate(0.8)
    0.8
    """
    offset, slope = coefficients
    if coefficients == IDENTITY:
        return expected
    return float(expit(offset + slope * logit(np.clip(expected, 1e-6, 1 - 1e-6))))


def fit_calibration(expected: NDArray[np.float64], achieved: NDArray[np.float64]) -> Calibration:
    """Coefficients that bring expected to achieved Dice, by logistic regression.

    Args:
        expected: ``(N,)`` expected Dice of recommendations, in [0, 1].
        achieved: ``(N,)`` Dice that they had, in [0, 1].

    Returns:
        Offset and slope. A weak pull towards the identity keeps few images from deciding much.

    Raises:
        InputError: If the two differ in length, are empty, or leave [0, 1].
    """
    both = np.stack(np.broadcast_arrays(expected, achieved)) if len(expected) else np.empty((2, 0))
    if len(expected) != len(achieved) or not both.size or not ((both >= 0) & (both <= 1)).all():
        raise InputError(
            f"Calibration needs as many expected as achieved Dice values, all within [0, 1];"
            f" got {len(expected)} and {len(achieved)}."
        )
    x = logit(np.clip(both[0], 1e-6, 1 - 1e-6))

    def loss(c: NDArray[np.float64]) -> float:
        score = c[0] + c[1] * x
        fit = np.logaddexp(0, score) - both[1] * score
        return float(fit.sum() + 0.05 * (c[0] ** 2 + (c[1] - 1) ** 2))

    found = minimize(loss, np.array(IDENTITY), bounds=[(-10, 10), (0.05, 20)], method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])
