"""Simulated people: what they do next with what they are shown."""

from random import Random

from ledger import Act

from assent.client.values import Proposal
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.prompts import Click

LONG = 8
"""Answers after which a person accepts."""


def choose(shown: Proposal, chance: Random) -> Act | None:
    """The next act; None when the work on the image is done.

    Mostly picks and judgements, a click now and then, a step back in one of ten; about six acts an
    image. The first click of an empty proposal falls near the middle.
    """
    if shown.is_accepted:
        return Act("reopen") if chance.random() < 0.1 else None
    if shown.is_empty:
        return Act("answer", Correct((_click(shown, chance, share=0.1),), shown.round))
    roll = chance.random()
    if shown.round and roll < 0.1:
        return Act("undo")
    if shown.rounds > shown.round and roll < 0.2:
        return Act("redo")
    return Act("answer", _answer(shown, chance))


def _answer(shown: Proposal, chance: Random) -> Feedback:
    roll = chance.random()
    if roll < 0.15 or shown.round >= LONG or not shown.alternatives:
        return Accept("recommended", shown.round)
    if roll < 0.3:
        return Correct((_click(shown, chance, share=0.9),), shown.round)
    if roll < 0.45 and shown.challenger is not None:
        return Judge(chance.choice(("better", "worse")), shown.round)
    choices = [None, *(each.index for each in shown.alternatives)]
    return Pick(chance.choice(choices), shown.round)


def _click(shown: Proposal, chance: Random, *, share: float) -> Click:
    """Somewhere in the middle share of the image, of the sign that the recommendation has there."""
    _, height, width = shown.image.shape_dhw
    y, x = (int(side * (0.5 + share * (chance.random() - 0.5))) for side in (height, width))
    return Click((0, y, x), positive=shown.is_empty or bool(shown.recommended[y, x]))
