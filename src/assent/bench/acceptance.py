"""From which predicted Dice on a mask may be accepted without a look, as finished images say."""

from collections.abc import Sequence
from math import inf

from assent.bench.chance import seed_of
from assent.core.context import ContextEntry
from assent.core.metrics import dice
from assent.core.risk import accept_threshold
from assent.methods.protocol import Memory, Method
from assent.sessions.session import Session


def accept_from(
    method: Method,
    entries: Sequence[ContextEntry],
    memory: Sequence[Memory],
    *,
    risk: float,
    seed: int,
) -> float:
    """The threshold that keeps a risk; every finished image is predicted from all others.

    Args:
        method: Predicts.
        entries: Finished images.
        memory: How the method remembers them, in the same order.
        risk: Share of all images that are accepted and bad, in (0, 1).
        seed: Of the run.

    Returns:
        Predicted Dice; infinite where there are too few finished images.
    """
    predicted, achieved = [], []
    for number, entry in enumerate(entries):
        session = Session(
            method,
            entry.image,
            context=[*entries[:number], *entries[number + 1 :]],
            memory=[*memory[:number], *memory[number + 1 :]],
            seed=seed_of(seed, "acceptance", entry.id),
        )
        shown = session.propose()
        predicted.append(shown.predicted_dice)
        achieved.append(float(dice(shown.recommended, entry.mask)))
    threshold = accept_threshold(predicted, achieved, risk=risk)
    return inf if threshold is None else threshold
