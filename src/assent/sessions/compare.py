"""One history through two methods: what would the other one have made of these answers?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.metrics import dice
from assent.core.prompts import Prompt
from assent.methods.protocol import FeedbackKind, Method
from assent.sessions.kinds import kind_of, kinds_of
from assent.sessions.session import Session


@dataclass(frozen=True)
class Comparison:
    """Two methods after the same answers.

    Attributes:
        dice_between: Dice of the two recommendations after 0, 1, 2, … answers; acceptance is
            not counted.
        dice_first: Dice of the first method's recommendations to the accepted mask, or None
            if nothing was accepted.
        dice_second: The same of the second method.
        skipped: Rounds whose answer the second method does not listen to.
    """

    dice_between: tuple[float, ...]
    dice_first: tuple[float, ...] | None
    dice_second: tuple[float, ...] | None
    skipped: tuple[int, ...]


def compare(session: Session, other: Method) -> Comparison:
    """Give the answers of a session to another method as well.

    Prompts carry over as they are. A pick or a judgement speaks of masks that only the first
    method showed, so it carries over as the taste behind it: the other method hears the answer
    of a person who wants the mask that was chosen, or the better one of the two judged.

    Args:
        session: The work as it was done; it is left untouched.
        other: The method to compare with; it gets the same context, without a profile, since
            a profile belongs to one method.

    Raises:
        InputError: If the other method cannot segment this image.
    """
    first = Session(
        session.method,
        session.image,
        context=session.context,
        prior=session.prior,
        seed=session.seed,
    )
    second = Session(other, session.image, context=session.context, seed=session.seed)
    shown = [(first.propose().recommended, second.propose().recommended)]
    skipped = []
    places: list[int | None] = []
    for answer in session.history:
        if isinstance(answer, Accept):
            break
        translated = _translate(answer, first, second, places)
        first.give(answer)
        if translated is None:
            skipped.append(answer.round)
        else:
            second.give(translated)
        shown.append((first.propose().recommended, second.propose().recommended))
    accepted = session.accepted
    return Comparison(
        dice_between=tuple(dice(a, b) for a, b in shown),
        dice_first=None if accepted is None else tuple(dice(a, accepted) for a, _ in shown),
        dice_second=None if accepted is None else tuple(dice(b, accepted) for _, b in shown),
        skipped=tuple(skipped),
    )


def _translate(
    answer: Feedback, first: Session, second: Session, places: list[int | None]
) -> Feedback | None:
    """The answer in terms of what the second session shows; None if it would not be heard."""
    heard = second.method.capabilities.feedback
    if isinstance(answer, Correct):
        return _translate_prompts(answer, heard, second.round, places)
    if not kinds_of(answer) <= heard:
        return None
    if isinstance(answer, Pick):
        return _translate_pick(answer, first.propose(answer.page), second.propose())
    if isinstance(answer, Judge):
        return _translate_judge(answer, first.propose(answer.page), second.propose())
    return None


def _translate_prompts(
    answer: Correct, heard: frozenset[FeedbackKind], round_: int, places: list[int | None]
) -> Correct | None:
    """The prompts that are heard. ``places`` maps positions of prompts, and grows here."""
    gone = [places[position] for position in answer.removed]
    given = sum(place is not None for place in places)
    prompts: list[Prompt] = []
    for prompt in answer.prompts:
        if kind_of(prompt) in heard:
            places.append(given + len(prompts))
            prompts.append(prompt)
        else:
            places.append(None)
    removed = tuple(place for place in gone if place is not None)
    return Correct(tuple(prompts), round_, removed) if prompts or removed else None


def _translate_pick(answer: Pick, then: Proposal, now: Proposal) -> Pick:
    if answer.candidate is None or len(now.alternatives) == 0:
        return Pick(None, now.round)
    wanted = then.alternatives[answer.candidate]
    likeness = [dice(mask, wanted) for mask in now.alternatives]
    return Pick(int(np.argmax(likeness)), now.round)


def _translate_judge(answer: Judge, then: Proposal, now: Proposal) -> Judge | None:
    if then.challenger is None or now.challenger is None:
        return None
    if answer.answer == "cannot_tell":
        return Judge("cannot_tell", now.round)
    better = answer.answer == "better"
    wanted = then.alternatives[then.challenger] if better else then.recommended
    return Judge("better" if _gains(now, now.challenger, wanted) else "worse", now.round)


def _gains(proposal: Proposal, challenger: int, wanted: NDArray[np.bool_]) -> bool:
    mask = proposal.alternatives[challenger]
    return bool(dice(mask, wanted) > dice(proposal.recommended, wanted))
