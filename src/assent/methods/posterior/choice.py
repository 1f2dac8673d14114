"""The choice model: how likely each answer is, given the Dice of what is wanted to what is shown.

With S particles y_s as hypotheses of what the person wants, K masks r_k on offer, sharpness
``beta``, threshold t (``none_at``) and lapse e:

* pick: (1 - e) softmax(beta Dice(y_s, r_k), beta t) + e / (K + 1); without a button for
  "none of these" the last term is absent and the lapse is e / K;
* judge: better has (1 - e) sigmoid(beta (Dice to challenger - Dice to incumbent)) + e / 2, worse
  its complement, and "cannot tell" says nothing;
* a drawn pixel: (1 - e_c) p_s(label) + e_c / 2, a mean over the n pixels of a prompt, times g;
* accept: (1 - e) (Dice(y_s, accepted) / reach) ** beta_a + e, reach being the Dice that readings
  of this image can reach.

All functions work on logarithms and never return NaN; an impossible answer has -inf.
"""

import numpy as np
from numpy.typing import NDArray

from assent.core.feedback import Answer as Judgement
from assent.methods.posterior.config import PosteriorConfig

Floats = NDArray[np.float64]


def log_answers(dice: Floats, config: PosteriorConfig, *, none_offered: bool = True) -> Floats:
    """Log-probability of every possible pick.

    Args:
        dice: ``(S, K)`` Dice of what is wanted to each mask on offer.
        config: Constants of the choice model.
        none_offered: Whether "none of these" could be answered.

    Returns:
        ``(S, K + 1)``, the last column for "none of these"; ``(S, K)`` without it.
    """
    utility = config.beta * np.asarray(dice, np.float64)
    if none_offered:
        none = np.full((len(utility), 1), config.beta * config.none_at)
        utility = np.concatenate([utility, none], axis=1)
    log_share = utility - np.logaddexp.reduce(utility, axis=1, keepdims=True)
    return _lapse(log_share, config.lapse, utility.shape[1])


def answer_probabilities(
    dice: Floats, config: PosteriorConfig, *, none_offered: bool = True
) -> Floats:
    """Probability of every possible pick, rows summing to one; shapes as in ``log_answers``."""
    return np.asarray(np.exp(log_answers(dice, config, none_offered=none_offered)))


def log_judgement(gain: Floats, judgement: Judgement, config: PosteriorConfig) -> Floats:
    """Log-likelihood of better or worse.

    Args:
        gain: Dice to the challenger minus Dice to the incumbent, any shape.
        judgement: "better", "worse" or "cannot_tell", which says nothing.
        config: Constants of the choice model.

    Returns:
        The shape of ``gain``.
    """
    if judgement == "cannot_tell":
        return np.zeros_like(gain, dtype=np.float64)
    sign = 1.0 if judgement == "better" else -1.0
    return _lapse(-np.logaddexp(0.0, -sign * config.beta * np.asarray(gain)), config.lapse, 2)


def log_label(signed_logits: NDArray[np.float32], config: PosteriorConfig) -> NDArray[np.float32]:
    """Log-likelihood of labelled pixels.

    Args:
        signed_logits: Logits of the object at the pixels, negated where the label is background.
        config: Constants of the choice model.

    Returns:
        The shape of ``signed_logits``, float32.
    """
    error = np.float32(config.prompt_lapse)
    if error == 0:
        return np.asarray(-np.logaddexp(np.float32(0), -signed_logits))
    # Below -80 the lapse decides alone, and exp would leave float32.
    share = 1 / (1 + np.exp(-np.maximum(signed_logits, np.float32(-80))))
    return np.asarray(np.log((1 - error) * share + error / 2))


def log_touch(touched: NDArray[np.bool_], config: PosteriorConfig) -> Floats:
    """Log-likelihood of the sides of a box, given which of them the object touches."""
    with np.errstate(divide="ignore"):
        error = np.log(config.prompt_lapse)
    return np.asarray(np.where(touched, np.log1p(-config.prompt_lapse), error))


def log_accept(dice: Floats, config: PosteriorConfig) -> Floats:
    """Log-likelihood of an acceptance, given the Dice to the accepted mask as a share of reach."""
    with np.errstate(divide="ignore"):
        power = config.accept_power * np.log(dice) if config.accept_power else np.zeros_like(dice)
        return np.asarray(np.logaddexp(np.log1p(-config.lapse) + power, np.log(config.lapse)))


def _lapse(log_share: Floats, error: float, answers: int) -> Floats:
    if error == 0:
        return log_share
    return np.asarray(np.logaddexp(np.log1p(-error) + log_share, np.log(error / answers)))
