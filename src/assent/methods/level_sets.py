"""Answers to level sets: one probability map, cut where the annotator likes it.

Level sets are nested, so the Dice of two of them follows from their sizes alone, and clearly
different alternatives are found by counting: from the recommendation outwards and inwards,
each the first whose Dice to its neighbour is at most ``DISTINCT_DICE``.
"""

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.prompts import Prompt
from assent.core.uncertainty import entropy_bits
from assent.methods.answers import check_answer
from assent.methods.posterior.tags import tags

DISTINCT_DICE = 0.97
"""Two masks at least this alike are not worth a choice."""

LEVELS = 256
"""Thresholds are multiples of 1 / LEVELS."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LevelState:
    """One annotator's work with a method that offers level sets.

    Attributes:
        probability: ``(D, H, W)`` float32 in [0, 1], under the prompts that hold.
        spacing_zyx_mm: Edge lengths of a voxel, or None when unknown.
        choices: Alternatives on a page.
        round: How many answers were given.
        threshold: The recommendation is where the probability exceeds it.
        prompts: All prompts of the history in the order given, removed ones included.
        removed: Positions in ``prompts`` that no longer hold.
        refused: Judgements and picks in a row that moved nothing; turns the challenger.
    """

    probability: NDArray[np.float32] = field(repr=False)
    spacing_zyx_mm: tuple[float, float, float] | None
    choices: int = 4
    round: int = 0
    threshold: float = 0.5
    prompts: tuple[Prompt, ...] = ()
    removed: frozenset[int] = frozenset()
    refused: int = 0

    @property
    def active_prompts(self) -> tuple[Prompt, ...]:
        """The prompts that still hold, in the order given."""
        return tuple(p for i, p in enumerate(self.prompts) if i not in self.removed)


S = TypeVar("S", bound=LevelState)


def propose(state: LevelState, *, page: int = 0) -> Proposal:
    """The level set at the state's threshold, and distinct tighter and looser ones."""
    probability = state.probability
    recommended = probability > state.threshold
    thresholds = alternative_thresholds(state, page=page)
    masks = [probability > threshold for threshold in thresholds]
    alternatives = np.stack(masks) if masks else np.zeros((0, *recommended.shape), np.bool_)
    return Proposal(
        recommended=recommended,
        alternatives=alternatives,
        tags=tags(
            alternatives,
            recommended,
            state.spacing_zyx_mm or (1.0, 1.0, 1.0),
            calibrated=state.spacing_zyx_mm is not None,
        ),
        probability=probability,
        uncertainty=entropy_bits(probability),
        predicted_dice=expected_dice(probability, recommended),
        scores=tuple(expected_dice(probability, mask) for mask in masks),
        round=state.round,
        page=page,
        challenger=state.refused % len(masks) if masks else None,
    )


def hear(state: S, feedback: Feedback) -> S:
    """The state after an answer; new prompts are noted, the probability stays as it is.

    Raises:
        StaleError: If the answer belongs to another round.
        InputError: If it refers to something that was not on offer or outside the image.
    """
    check_answer(
        state.round,
        feedback,
        lambda page: len(alternative_thresholds(state, page=page)),
        state.probability.shape,
        prompts_given=len(state.prompts),
    )
    heard = replace(state, round=state.round + 1)
    match feedback:
        case Pick(candidate=int(index)) | Accept(choice=int(index)):
            return _move(heard, state, index, feedback.page)
        case Judge(answer="better"):
            thresholds = alternative_thresholds(state, page=feedback.page)
            return _move(heard, state, state.refused % len(thresholds), feedback.page)
        case Pick() | Judge():
            return replace(heard, refused=state.refused + 1)
        case Correct():
            return replace(
                heard,
                prompts=state.prompts + feedback.prompts,
                removed=state.removed | frozenset(feedback.removed),
            )
        case Accept():
            return heard


def alternative_thresholds(state: LevelState, *, page: int) -> tuple[float, ...]:
    """Thresholds of the alternatives on a page, nearest to the recommendation first."""
    sizes = _sizes(state.probability)
    here = round(state.threshold * LEVELS)
    tighter = _distinct(sizes, here, range(here + 1, LEVELS))
    looser = _distinct(sizes, here, range(here - 1, 0, -1))
    paired = zip(tighter, looser, strict=False)
    both = min(len(tighter), len(looser))
    order = [level for pair in paired for level in pair] + tighter[both:] + looser[both:]
    shown = order[page * state.choices : (page + 1) * state.choices]
    return tuple(level / LEVELS for level in shown)


def expected_dice(probability: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Dice that a mask may expect if every voxel is the object with its own probability.

    The ratio of expectations, close to the expected ratio for all but tiny objects. 1.0 where
    mask and probability are both empty.
    """
    total = float(probability.sum(dtype=np.float64)) + float(np.count_nonzero(mask))
    if total == 0.0:
        return 1.0
    return min(1.0, 2.0 * float(probability.sum(dtype=np.float64, where=mask)) / total)


def _move(heard: S, asked: S, index: int, page: int) -> S:
    threshold = alternative_thresholds(asked, page=page)[index]
    return replace(heard, threshold=threshold, refused=0)


def _sizes(probability: NDArray[np.float32]) -> NDArray[np.int64]:
    """Voxels above each of the thresholds k / LEVELS, k = 0 .. LEVELS; exact."""
    steps = np.ceil(probability.ravel() * np.float32(LEVELS)).astype(np.int64)
    counts = np.bincount(steps, minlength=LEVELS + 1)
    return np.asarray(counts[::-1].cumsum()[::-1] - counts, dtype=np.int64)


def _distinct(sizes: NDArray[np.int64], here: int, levels: range) -> list[int]:
    """Levels in the order walked, each clearly different from the one before."""
    found: list[int] = []
    last = int(sizes[here])
    for level in levels:
        size = int(sizes[level])
        if size and 2.0 * min(size, last) <= DISTINCT_DICE * (size + last):
            found.append(level)
            last = size
    return found
