"""Simulated annotators: what they answer to what they see, knowing what they want."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assent.bench.config import AnnotatorKind
from assent.core import simulate
from assent.core.candidates import Proposal
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.metrics import dice
from assent.core.prompts import Prompt, Scribble
from assent.core.scribbles import ScribbleKind
from assent.methods.protocol import FeedbackKind

MIXED_GAIN = 0.01
"""An alternative is worth a pick if it beats the recommendation by this much Dice."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What the annotator wants, hidden from the method, and how they go about it.

    Attributes:
        reference: ``(D, H, W)`` bool.
        spacing_zyx_mm: Edge lengths of a voxel.
        heard: The kinds of answers the method listens to.
        lapse: Probability of a careless pick, or of a flipped judgement.
        rng: Of careless answers and ties, and of how scribbles run.
        scribble_kind: How they scribble.
        strokes: What somebody drew by hand on this image.
    """

    reference: NDArray[np.bool_]
    spacing_zyx_mm: tuple[float, float, float]
    heard: frozenset[FeedbackKind]
    lapse: float
    rng: np.random.Generator
    scribble_kind: ScribbleKind = "centreline"
    strokes: tuple[Scribble, ...] = ()


def answer(kind: AnnotatorKind, shown: Proposal, wish: Wish) -> Feedback | None:
    """The next answer to what is shown; None if this annotator has nothing to say."""
    return _ANSWERS[kind](shown, wish)


def accept(shown: Proposal, wish: Wish) -> Accept:
    """Acceptance of the best mask on screen; the recommendation, if it is as good."""
    masks = [shown.recommended, *shown.alternatives]
    best = simulate.best_candidate(masks, wish.reference)
    return Accept("recommended" if best == 0 else best - 1, shown.round)


def _pick(shown: Proposal, wish: Wish) -> Feedback | None:
    if len(shown.alternatives) == 0:
        return None
    choice = simulate.pick(shown.alternatives, wish.reference, rng=wish.rng, lapse=wish.lapse)
    return Pick(choice, shown.round, shown.page)


def _judge(shown: Proposal, wish: Wish) -> Feedback | None:
    if shown.challenger is None:
        return None
    challenger = shown.alternatives[shown.challenger]
    verdict = simulate.judge(
        shown.recommended, challenger, wish.reference, rng=wish.rng, flip=wish.lapse
    )
    return Judge(verdict, shown.round, shown.page)


def _click(shown: Proposal, wish: Wish) -> Feedback | None:
    click = simulate.next_click(
        shown.recommended, wish.reference, rng=wish.rng, spacing_zyx_mm=wish.spacing_zyx_mm
    )
    return _drawn(click, shown)


def _scribble(shown: Proposal, wish: Wish) -> Feedback | None:
    scribble = simulate.next_scribble(
        shown.recommended, wish.reference, wish.scribble_kind, rng=wish.rng
    )
    return _drawn(scribble, shown)


def _mixed(shown: Proposal, wish: Wish) -> Feedback | None:
    if "pick" in wish.heard and len(shown.alternatives):
        best = max(dice(mask, wish.reference) for mask in shown.alternatives)
        if best >= dice(shown.recommended, wish.reference) + MIXED_GAIN:
            return _pick(shown, wish)
    nothing_right = shown.round == 0 and not (shown.recommended & wish.reference).any()
    if nothing_right and "box" in wish.heard:
        return _drawn(simulate.tight_box(wish.reference), shown)
    return _click(shown, wish)


def _hand(shown: Proposal, wish: Wish) -> Feedback | None:
    """All that was drawn, at once: nobody saw a mask while drawing it."""
    return Correct(wish.strokes, shown.round) if wish.strokes and shown.round == 0 else None


def _drawn(prompt: Prompt | None, shown: Proposal) -> Feedback | None:
    return None if prompt is None else Correct((prompt,), shown.round)


_ANSWERS: dict[AnnotatorKind, Callable[[Proposal, Wish], Feedback | None]] = {
    "pick": _pick,
    "judge": _judge,
    "click": _click,
    "scribble": _scribble,
    "mixed": _mixed,
    "hand": _hand,
}
