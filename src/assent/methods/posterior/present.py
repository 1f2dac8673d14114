"""Render what is on offer at native resolution, with tags and uncertainty."""

from assent.core.candidates import Proposal
from assent.methods.posterior.decide import calibrate
from assent.methods.posterior.draw import draw
from assent.methods.posterior.offer import Offer
from assent.methods.posterior.shipped import Constants
from assent.methods.posterior.state import PosteriorEmbedding, PosteriorState
from assent.methods.posterior.tags import tags


def present(
    embedding: PosteriorEmbedding,
    state: PosteriorState,
    offer: Offer,
    page: int,
    constants: Constants,
) -> Proposal:
    """The proposal of a state: masks and maps on the native grid."""
    drawn = draw(state, offer, embedding.grid)
    recommended, alternatives = drawn.masks[0], drawn.masks[1:]
    challenger = offer.challenger
    calibration = constants.calibration if _has_answers(state) else constants.context_calibration
    if state.accepted is not None:
        recommended, alternatives, challenger = state.accepted, alternatives[:0], None
    geometry = embedding.image.geometry
    return Proposal(
        recommended=recommended,
        alternatives=alternatives,
        tags=tags(
            alternatives, recommended, geometry.spacing_zyx_mm, calibrated=geometry.calibrated
        ),
        probability=drawn.probability,
        uncertainty=drawn.uncertainty,
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
