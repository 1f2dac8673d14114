"""Which alternatives to show: those whose answer would tell most about what is wanted.

Hypotheses are the masks of the heaviest particles. The pool of masks that may be shown holds
these and extra ones of the caller (level sets, components in or out). One at a time, the mask is
added that raises the mutual information between the answer and the hypothesis most, and then
each is exchanged for a better one while there is any. Of three or more, one is a contrarian, so
that a posterior that is wrong can be told so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assent.core.shapes import check_shape
from assent.methods.posterior.bases import dice_between
from assent.methods.posterior.choice import answer_probabilities, log_judgement
from assent.methods.posterior.config import PosteriorConfig

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]

_EXCHANGES = 3
"""Most passes in which every mask of a page may be exchanged."""


@dataclass(frozen=True)
class Choice:
    """What to show.

    Attributes:
        shown: Positions in the pool: below H a hypothesis, from H on an extra mask.
        judged_bits: Of each mask shown: mutual information of z and the answer whether it is
            better or worse than the recommendation.
        information_bits: Mutual information of the pick (with "none of these") and z.
    """

    shown: tuple[int, ...]
    judged_bits: tuple[float, ...]
    information_bits: float


def choose(
    hypotheses: Masks,
    weights: Floats,
    extras: Masks,
    recommended: Masks,
    config: PosteriorConfig,
    *,
    page: int = 0,
    point_weight: NDArray[np.float32] | None = None,
) -> Choice:
    """The alternatives of one page.

    Args:
        hypotheses: ``(H, Q)`` masks of the heaviest particles on the choosing grid.
        weights: ``(H,)`` their weights, summing to one.
        extras: ``(M, Q)`` further masks that may be shown; M may be 0.
        recommended: ``(Q,)``, shown beside the alternatives.
        config: Settings.
        page: 0 for the first set; each further page leaves out what earlier pages showed.
        point_weight: ``(Q,)`` how much each point counts in Dice, or None.

    Returns:
        Up to ``config.candidates`` alternatives, fewer when fewer distinct and plausible masks
        exist. Later pages may be empty.
    """
    sizes = check_shape("hypotheses", hypotheses, "H Q")
    check_shape("weights", weights, "H", **sizes)
    check_shape("extras", extras, "M Q", **sizes)
    check_shape("recommended", recommended, "Q", **sizes)
    pool = _Pool.of(hypotheses, weights, extras, recommended, config, point_weight)
    free = pool.eligible.copy()
    shown: list[int] = []
    for _ in range(page + 1):
        shown = _page(pool, free)
        for index in shown:
            free &= pool.similarity[:, index] <= config.max_similarity
    if not shown:
        return Choice((), (), 0.0)
    judged = judge_information_bits(pool.dice[:, shown], pool.to_recommended, weights, config)
    bits = information_bits(pool.dice[:, shown], weights, config)
    return Choice(tuple(shown), tuple(float(b) for b in judged), bits)


def information_bits(
    dice: Floats, weights: Floats, config: PosteriorConfig, *, none_offered: bool = True
) -> float:
    """Mutual information of a pick among K masks and the hypothesis, in bits.

    Args:
        dice: ``(H, K)`` Dice of each hypothesis with each mask.
        weights: ``(H,)``, summing to one.
        config: Constants of the choice model.
        none_offered: Whether "none of these" can be answered.
    """
    answers = answer_probabilities(dice, config, none_offered=none_offered)
    return float(_entropy_bits(weights @ answers) - weights @ _entropy_bits(answers))


def judge_information_bits(
    dice: Floats, incumbent: Floats, weights: Floats, config: PosteriorConfig
) -> Floats:
    """Mutual information of better-or-worse and the hypothesis, for each challenger.

    Args:
        dice: ``(H, M)`` Dice of each hypothesis with each challenger.
        incumbent: ``(H,)`` Dice of each hypothesis with the recommendation.
        weights: ``(H,)``, summing to one.
        config: Constants of the choice model.

    Returns:
        ``(M,)`` bits.
    """
    better = np.exp(log_judgement(dice - incumbent[:, None], "better", config))
    answers = np.stack([better, 1 - better], axis=-1)
    marginal = np.einsum("h,hma->ma", weights, answers)
    return np.asarray(_entropy_bits(marginal) - weights @ _entropy_bits(answers))


@dataclass(frozen=True, eq=False)
class _Pool:
    """Precomputed Dice: hypotheses x pool, pool x pool, hypotheses x recommendation."""

    dice: Floats
    similarity: Floats
    to_recommended: Floats
    near: Floats
    support: Floats
    eligible: NDArray[np.bool_]
    weights: Floats
    config: PosteriorConfig

    @classmethod
    def of(
        cls,
        hypotheses: Masks,
        weights: Floats,
        extras: Masks,
        recommended: Masks,
        config: PosteriorConfig,
        point_weight: NDArray[np.float32] | None,
    ) -> "_Pool":
        masks = np.concatenate([hypotheses, extras])
        table = dice_between(masks, np.concatenate([masks, recommended[None]]), point_weight)
        count = len(hypotheses)
        dice, near = table[:count, :-1], table[:, -1]
        # The share of the posterior that looks like a mask, under the choice model's sharpness.
        support = weights @ np.exp(config.beta * (dice - 1))
        eligible = (near <= config.max_similarity) & (support >= config.support_floor)
        return cls(dice, table[:, :-1], table[:count, -1], near, support, eligible, weights, config)


def _page(pool: _Pool, free: NDArray[np.bool_]) -> list[int]:
    """One page among the free masks, best supported first, with one that lies far out."""
    shown: list[int] = []
    while len(shown) < pool.config.candidates:
        added = _best_with(pool, free, shown)
        if added is None:
            break
        shown.append(added)
    shown = _exchanged(pool, free, shown)
    shown = _with_contrarian(pool, free, shown)
    return sorted(shown, key=lambda index: -pool.support[index])


def _with_contrarian(pool: _Pool, free: NDArray[np.bool_], shown: list[int]) -> list[int]:
    """Unless one is far out already, replace the mask that is missed least."""
    far = _far(pool, free)
    if len(shown) < 3 or far[shown].any():
        return shown
    rests = [[index for index in shown if index != old] for old in shown]
    scores = [information_bits(pool.dice[:, rest], pool.weights, pool.config) for rest in rests]
    rest = rests[int(np.argmax(scores))]
    outlying = far & _compatible(pool, free, rest)
    if not outlying.any():
        return shown
    return [*rest, int(np.argmax(np.where(outlying, pool.support, -1.0)))]


def _exchanged(pool: _Pool, free: NDArray[np.bool_], shown: list[int]) -> list[int]:
    """Replace one mask after the other while the page as a whole tells more.

    A mask alone is compared with "none of these" only, so the first greedy one tends to be an
    outlier that tells little beside the others.
    """
    shown = list(shown)
    for _ in range(_EXCHANGES):
        before = list(shown)
        for old in before:
            others = [index for index in shown if index != old]
            best = _best_with(pool, free, others)
            shown = [*others, old if best is None else best]
        if set(before) == set(shown):
            break
    return shown


def _best_with(pool: _Pool, free: NDArray[np.bool_], shown: Sequence[int]) -> int | None:
    allowed = _compatible(pool, free, shown)
    if not allowed.any():
        return None
    return int(np.argmax(np.where(allowed, _information_with(pool, shown), -1.0)))


def _compatible(pool: _Pool, free: NDArray[np.bool_], shown: Sequence[int]) -> NDArray[np.bool_]:
    """Free masks that differ enough from everything shown."""
    close = pool.similarity[:, list(shown)] > pool.config.max_similarity
    return np.asarray(free & ~close.any(1))


def _far(pool: _Pool, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The quarter of the free masks with the lowest Dice to the recommendation."""
    if not free.any():
        return free
    return np.asarray(free & (pool.near <= np.quantile(pool.near[free], 0.25)))


def _information_with(pool: _Pool, shown: Sequence[int]) -> Floats:
    """Information in bits of the page when each mask of the pool is added to what is shown."""
    config, count = pool.config, len(shown) + 2
    # Utilities lie in [0, beta]; relative to beta nothing overflows.
    added = np.exp(config.beta * (pool.dice - 1))
    none = np.full((len(added), 1), np.exp(config.beta * (config.none_at - 1)))
    fixed = np.concatenate([added[:, list(shown)], none], axis=1)
    total = fixed.sum(1, keepdims=True) + added
    answers = np.concatenate([fixed.T[:, :, None] / total, (added / total)[None]])
    answers = (1 - config.lapse) * answers + config.lapse / count
    marginal = np.einsum("h,ahm->am", pool.weights, answers)
    conditional = np.einsum("h,ahm->am", pool.weights, _surprise(answers))
    return np.asarray((_surprise(marginal) - conditional).sum(0))


def _entropy_bits(probabilities: Floats) -> Floats:
    return np.asarray(_surprise(probabilities).sum(-1))


def _surprise(probabilities: Floats) -> Floats:
    return np.asarray(-probabilities * np.log2(np.maximum(probabilities, 1e-300)))
