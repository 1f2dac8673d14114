"""When a mask may be accepted without a look: a threshold that keeps a stated risk.

The risk is the share of *all* images of the folder that are accepted automatically and are bad.
It falls as the threshold rises, whatever the quality of the predictions, so that conformal risk
control applies: Angelopoulos, Bates, Fisch, Lei and Schuster, Conformal Risk Control (ICLR 2024).
The guarantee needs images in random order (exchangeable), and predictions that were made before
the person corrected anything.
"""

from math import ceil, floor, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from assent.core.errors import InputError

_ROUNDING = 1e-9
"""Slack for products such as 0.29 * 100, which is 28.999999999999996."""


def accept_threshold(
    predicted: ArrayLike,
    achieved: ArrayLike,
    *,
    risk: float = 0.05,
    bad_below: float = 0.85,
    confidence: float | None = None,
) -> float | None:
    """The lowest predicted Dice from which on masks may be accepted automatically.

    The loss of an image is 1 if its predicted Dice reaches the threshold and its achieved Dice
    is under ``bad_below``, else 0. Without a confidence, the threshold is the lowest one with
    (n R + 1) / (n + 1) <= risk, R being the mean loss of the n finished images; the expected
    loss of the next image is then at most ``risk``. With a confidence, it is the lowest one
    where an exact binomial test at that level rejects a true risk above ``risk`` (Bates et al.,
    Distribution-Free, Risk-Controlling Prediction Sets, 2021).

    Args:
        predicted: ``(n,)`` predicted Dice of finished images, before any correction.
        achieved: ``(n,)`` Dice of those predictions to what the person accepted in the end.
        risk: Largest share of bad automatic masks among all images, in (0, 1).
        bad_below: A mask whose Dice is lower is bad.
        confidence: How sure the bound has to be, in (0, 1); None bounds the expectation.

    Returns:
        Accept where predicted Dice is at least this. It may exceed every prediction, which
        then accepts nothing. None while there are fewer than ``images_needed`` images.

    Raises:
        InputError: If the lengths differ, a value is NaN, or a share is outside (0, 1).
    """
    sure, good = _checked(predicted, achieved)
    _check_share("risk", risk)
    allowed = _bad_images_allowed(len(sure), risk, confidence)
    if allowed < 0:
        return None
    bad = np.sort(sure[good < bad_below])[::-1]
    if len(bad) <= allowed:
        return 0.0
    # The next number above, as an image at the threshold itself is accepted.
    return max(0.0, float(np.nextafter(bad[allowed], np.inf)))


def images_needed(risk: float = 0.05, confidence: float | None = None) -> int:
    """How many finished images a stated risk takes before anything can be accepted.

    Args:
        risk: Largest share of bad automatic masks among all images, in (0, 1).
        confidence: How sure the bound has to be, in (0, 1); None bounds the expectation.

    Raises:
        InputError: If a share is outside (0, 1).

    >>> images_needed(0.05), images_needed(0.05, confidence=0.95)
    (19, 59)
    """
    _check_share("risk", risk)
    if confidence is None:
        return ceil(1.0 / risk - 1.0 - _ROUNDING)
    _check_share("confidence", confidence)
    return ceil(log1p(-confidence) / log1p(-risk) - _ROUNDING)


def _bad_images_allowed(count: int, risk: float, confidence: float | None) -> int:
    """How many of the finished images may be accepted and bad; -1 if even none is too many."""
    if count < images_needed(risk, confidence):
        return -1
    if confidence is None:
        return floor(risk * (count + 1) - 1.0 + _ROUNDING)
    numbers = np.arange(count + 1)
    chance = bdtr(numbers, count, risk)
    return int(np.count_nonzero(chance <= (1.0 - confidence) * (1.0 + _ROUNDING))) - 1


def _checked(
    predicted: ArrayLike, achieved: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sure = np.asarray(predicted, dtype=np.float64)
    good = np.asarray(achieved, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != good.shape or np.isnan(sure).any() or np.isnan(good).any():
        raise InputError(
            "Predicted and achieved Dice must be two equally long lists without NaN; got shapes"
            f" {sure.shape} and {good.shape}. Give both for every finished image."
        )
    return sure, good


def _check_share(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise InputError(f"{name} must lie between 0 and 1, both excluded; got {value}.")
