"""Render what is on offer at native resolution, with tags and uncertainty."""

import numpy as np
import torch
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.uncertainty import entropy_bits
from assent.methods.posterior.decide import calibrate
from assent.methods.posterior.offer import Offer, mean_on_grid, working_logits
from assent.methods.posterior.shipped import Constants
from assent.methods.posterior.state import PosteriorEmbedding, PosteriorState
from assent.methods.posterior.tags import tag


def present(
    embedding: PosteriorEmbedding,
    state: PosteriorState,
    offer: Offer,
    page: int,
    constants: Constants,
) -> Proposal:
    """The proposal of a state: masks and maps on the native grid."""
    probability = _restored(embedding, mean_on_grid(state)[:, None])[:, 0]
    masks = np.stack(
        [
            _restored(embedding, working_logits(state, offer, index)[None])[0] > 0
            for index in range(len(state.solved.mean))
        ],
        axis=1,
    )
    recommended, alternatives = masks[0], masks[1:]
    challenger = offer.challenger
    calibration = constants.calibration if _has_answers(state) else constants.context_calibration
    if state.accepted is not None:
        recommended, alternatives, challenger = state.accepted, masks[:0], None
    geometry = embedding.image.geometry
    tags = tuple(
        tag(mask, recommended, geometry.spacing_zyx_mm, geometry.calibrated)
        for mask in alternatives
    )
    return Proposal(
        recommended=recommended,
        alternatives=alternatives,
        tags=tags,
        probability=probability,
        uncertainty=entropy_bits(probability),
        predicted_dice=calibrate(_expected(state, offer), calibration),
        scores=tuple(calibrate(s, calibration) for s in offer.scores[: len(alternatives)]),
        round=state.round,
        page=page,
        challenger=challenger,
    )


def _has_answers(state: PosteriorState) -> bool:
    """Whether the person said anything about this image."""
    return bool(state.prompts) or any(item.answer != "cannot_tell" for item in state.shown)


def _expected(state: PosteriorState, offer: Offer) -> float:
    """Expected Dice of the recommendation.

    Particles that nobody told anything may agree on a mask; that is no knowledge.
    """
    is_told = bool(state.prompts or state.context or state.shown)
    return offer.decision.expected_dice if is_told else 0.0


def _restored(embedding: PosteriorEmbedding, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(embedding.grid.restore(torch.from_numpy(planes)).numpy(), np.float32)
