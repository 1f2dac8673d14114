"""What is on offer in a round: which particles and variants are shown beside the recommendation."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from assent.core.mask import components
from assent.core.progress import may_stop
from assent.methods.posterior.bases import Bases, dice_between, reduce_points
from assent.methods.posterior.choose import choose
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import Decision, decide
from assent.methods.posterior.grid import WorkingGrid
from assent.methods.posterior.state import PosteriorState, block_of, particle_side

LEVELS: tuple[float, ...] = (0.1, 0.25, 0.4, 0.6, 0.75, 0.9)
"""Level sets of the posterior mean that may be shown besides particles."""


@dataclass(frozen=True, eq=False)
class FromParticle:
    """The mask of one particle."""

    z: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True)
class FromLevel:
    """The posterior mean cut at another level."""

    level: float


@dataclass(frozen=True, eq=False)
class WithoutPart:
    """The recommendation without one of its components.

    Attributes:
        part: ``(D, h, w)`` bool, that component on the particle grid.
    """

    part: NDArray[np.bool_] = field(repr=False)


Source = FromParticle | FromLevel | WithoutPart


@dataclass(frozen=True, eq=False)
class Offer:
    """The recommendation's cut, and where each alternative comes from.

    Attributes:
        decision: The recommendation on the particle grid.
        choices: One source per alternative.
        scores: Expected Dice of each alternative.
        judged_bits: How much a judgement of each against the recommendation would tell.
    """

    decision: Decision
    choices: tuple[Source, ...]
    scores: tuple[float, ...]
    judged_bits: tuple[float, ...]

    @property
    def challenger(self) -> int | None:
        """Position of the alternative to judge, whose judgement tells most; None without any."""
        return int(np.argmax(self.judged_bits)) if self.choices else None


def make_offer(
    state: PosteriorState, grid: WorkingGrid, page: int, config: PosteriorConfig
) -> Offer:
    """The alternatives of one page for a state; none that an earlier page shows.

    Behind a page without any, every page is empty.
    """
    key = ("offer", page)
    if key not in state.memo:
        shown: list[Source] = []
        for before in range(page):
            earlier = make_offer(state, grid, before, config)
            if not earlier.choices:
                return earlier
            shown += earlier.choices
        state.memo[key] = _distinct(state, _chosen(state, page, config), shown, grid, config)
    offer: Offer = state.memo[key]
    return offer


def _chosen(state: PosteriorState, page: int, config: PosteriorConfig) -> Offer:
    bases, particles = state.bases, state.particles
    decision = state.memo.get("decision") or decide(bases, particles)
    state.memo["decision"] = decision
    may_stop()
    heavy = particles.heaviest(config.heaviest)
    sources, extras = _variants(bases, decision)
    fine = np.concatenate([bases.masks(heavy.z), extras, decision.mask[None]])
    masks, weight = _compared(fine, bases, config)
    count = len(heavy.z)
    choice = choose(
        masks[:count],
        heavy.weights,
        masks[count:-1],
        masks[-1],
        config,
        page=page,
        point_weight=weight,
    )
    choices: list[Source] = [
        FromParticle(heavy.z[k]) if k < count else sources[k - count] for k in choice.shown
    ]
    scores = (
        particles.weights @ bases.dice(particles.z, fine[list(choice.shown)]) if choices else ()
    )
    return Offer(decision, tuple(choices), tuple(float(s) for s in scores), choice.judged_bits)


def _compared(
    fine: NDArray[np.bool_], bases: Bases, config: PosteriorConfig
) -> tuple[NDArray[np.bool_], NDArray[np.float32] | None]:
    """Masks and weights of points on the grid on which alternatives are chosen.

    It covers what any mask holds: the rest changes no Dice, and a small object keeps its shape.

    Args:
        fine: ``(M, P)`` masks on the particle grid.
        bases: Of that grid.
        config: Settings.
    """
    maps: NDArray[np.bool_] = fine.reshape(len(fine), *bases.shape)
    used = np.logical_or.reduce(maps.reshape(-1, *bases.shape[1:]))
    if used.any():
        rows, columns = np.flatnonzero(used.any(1)), np.flatnonzero(used.any(0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    else:
        box = slice(None), slice(None)
    maps = maps[:, :, *box]
    shape = (maps.shape[1], maps.shape[2], maps.shape[3])
    side = min(config.choose_side, max(shape[1:]))
    masks = reduce_points(maps.reshape(len(fine), -1), shape, side)[0] > 0.5
    if bases.weight is None:
        return masks, None
    weight = bases.weight.reshape(bases.shape)[:, *box]
    return masks, reduce_points(weight.reshape(1, -1), shape, side)[0][0]


RENDERING = 0.01
"""How much more alike (Dice) two masks may be when rendered than they were when chosen."""


def _distinct(
    state: PosteriorState,
    offer: Offer,
    earlier: Sequence[Source],
    grid: WorkingGrid,
    config: PosteriorConfig,
) -> Offer:
    """The offer without alternatives that look like another mask once they are rendered.

    They were compared on a coarse grid, where a border moves by whole points only. What earlier
    pages show counts as shown.
    """
    mean_on_grid(state)  # Kept for the rendering that follows.
    every = replace(offer, choices=(*earlier, *offer.choices))
    planes = [_seen(state, every, index, grid) for index in state.slices]
    flat = np.stack(planes, axis=1).reshape(1 + len(every.choices), -1)
    flat = flat[:, flat.any(0)]
    # An enlarged image is rendered here as it will be: nothing is left to chance.
    more = 0.0 if grid.is_enlarged else RENDERING
    alike = dice_between(flat, flat) > config.max_similarity + more
    first = 1 + len(earlier)
    kept = list(range(first))
    for index in range(first, len(flat)):
        if not alike[index, kept].any():
            kept.append(index)
    places = [index - first for index in kept[first:]]
    return Offer(
        offer.decision,
        tuple(offer.choices[k] for k in places),
        tuple(offer.scores[k] for k in places),
        tuple(offer.judged_bits[k] for k in places),
    )


def _seen(state: PosteriorState, offer: Offer, index: int, grid: WorkingGrid) -> NDArray[np.bool_]:
    """Masks of one slice on the working grid, or on the image's own where that is coarser."""
    logits = working_logits(state, offer, index)
    if grid.is_enlarged:
        logits = grid.restore(torch.from_numpy(logits)[None])[0].numpy()
    else:
        logits = logits[:, : grid.inner_hw[0], : grid.inner_hw[1]]
    return np.asarray(logits > 0)


def _variants(bases: Bases, decision: Decision) -> tuple[list[Source], NDArray[np.bool_]]:
    sources: list[Source] = [FromLevel(level) for level in LEVELS]
    masks = [decision.probability > level for level in LEVELS]
    labels, count = components(decision.mask.reshape(bases.shape))
    sizes = np.bincount(labels.ravel())[1:]
    if 2 <= count <= 8:
        for k in np.argsort(sizes)[:4] + 1:
            part = labels.ravel() == k
            sources.append(WithoutPart(part.reshape(bases.shape)))
            masks.append(decision.mask & ~part)
    kept = [k for k, mask in enumerate(masks) if mask.any()]
    extras = np.array([masks[k] for k in kept], bool).reshape(len(kept), decision.mask.size)
    return [sources[k] for k in kept], extras


def mean_on_grid(state: PosteriorState) -> NDArray[np.float32]:
    """Posterior mean probability of every working pixel, ``(D, h, w)``."""
    if "mean" not in state.memo:
        state.memo["mean"] = np.stack(
            [mean_of_slice(state, index) for index in range(len(state.solved.mean))]
        )
    mean: NDArray[np.float32] = state.memo["mean"]
    return mean


def mean_of_slice(state: PosteriorState, index: int) -> NDArray[np.float32]:
    """Posterior mean probability of one working slice, ``(h, w)``.

    Logits are linear in z, so mean and covariance of all particles give the mean m and variance v
    of every pixel's logit, and for a normal number the mean of its sigmoid is close to
    sigmoid(m / sqrt(1 + pi v / 8)). An average over as few particles as cost the same is rougher:
    its border lies 2 % of Dice away from that of all particles, this one 0.1 %.
    """
    particles, where = state.particles, state.solved.extent(index)
    probability = expit(state.solved.mean[index])
    mean = state.solved.mean[index][where]
    directions = state.solved.directions[:, index][:, *where].reshape(state.solved.latent, -1)
    # The little added keeps the covariance of particles that agree positive definite.
    root = np.linalg.cholesky(particles.covariance() + 1e-9 * np.eye(state.solved.latent))
    moved = np.vstack([particles.mean(), root.T]).astype(np.float32) @ directions.astype(np.float32)
    middle = mean.ravel() + moved[0]
    variance = np.square(moved[1:]).sum(0)
    probability[where] = expit(middle / np.sqrt(1 + np.pi / 8 * variance)).reshape(mean.shape)
    return np.asarray(probability, np.float32)


def shown_probability(state: PosteriorState, index: int) -> NDArray[np.float32]:
    """The same, from what is known already where the whole image was shown."""
    return mean_on_grid(state)[index] if "mean" in state.memo else mean_of_slice(state, index)


def shown_masks(
    state: PosteriorState, offer: Offer, grid: WorkingGrid, config: PosteriorConfig
) -> NDArray[np.bool_]:
    """Recommendation and alternatives on the particle grid of all slices, ``(1 + K, D, h, w)``."""
    depth = len(state.solved.mean)
    side = particle_side(grid, depth, config)
    planes = [working_masks(state, offer, index) for index in range(depth)]
    stacked = np.stack(planes, axis=1).astype(np.float32)
    points, shape = reduce_points(stacked.reshape(len(stacked), -1), stacked.shape[1:], side)
    return points.reshape(len(points), *shape) > 0.5


def working_masks(state: PosteriorState, offer: Offer, index: int) -> NDArray[np.bool_]:
    """Recommendation and alternatives on one working slice, ``(1 + K, h, w)``."""
    logits = working_logits(state, offer, index)
    return np.asarray(logits > 0)


def working_logits(state: PosteriorState, offer: Offer, index: int) -> NDArray[np.float32]:
    """The same as logits that are positive inside, ``(1 + K, h, w)``.

    A cut of the mean at level t becomes the mean's logit less the logit of t, so that masks can
    be enlarged smoothly.
    """
    score = _logit(shown_probability(state, index))
    recommended = score - _logit(np.float32(offer.decision.threshold))
    planes = [recommended]
    drawn = [source.z for source in offer.choices if isinstance(source, FromParticle)]
    particles = iter(state.solved.logits(np.array(drawn), index) if drawn else ())
    for source in offer.choices:
        match source:
            case FromParticle():
                planes.append(next(particles))
            case FromLevel(level):
                planes.append(score - _logit(np.float32(level)))
            case WithoutPart(part):
                planes.append(_without(state, recommended, part, index))
    return np.stack(planes).astype(np.float32)


def _logit(p: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside) - np.log1p(-inside), np.float32)


def _without(
    state: PosteriorState, recommended: NDArray[np.float32], part: NDArray[np.bool_], index: int
) -> NDArray[np.float32]:
    """The recommendation's logits with one component pushed out, on one slice."""
    if index not in state.slices:
        return recommended
    height, width = recommended.shape
    block = block_of(state.bases, (height, width))
    coarse = part[state.slices.index(index)]
    here = coarse.repeat(block, axis=0).repeat(block, axis=1)[:height, :width]
    labels, count = components((recommended > 0)[None])
    # Finer edges than those of the particle grid: what lies mostly in the part goes with it.
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    within = np.bincount(labels[0][here], minlength=count + 1)
    goes = 2 * within > sizes
    goes[0] = False
    return np.where(goes[labels[0]], -np.abs(recommended), recommended).astype(np.float32)
