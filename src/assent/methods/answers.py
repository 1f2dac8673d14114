"""Refuse an answer that does not fit what was shown: the same check for every method."""

from collections.abc import Callable

from assent.core.errors import InputError, StaleError
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.prompts import check_inside


def check_answer(
    current_round: int,
    feedback: Feedback,
    on_offer: Callable[[int], int],
    shape_dhw: tuple[int, int, int],
    *,
    prompts_given: int | None = None,
) -> None:
    """Let an answer pass that fits the proposal it answers.

    Args:
        current_round: How many answers were given before.
        feedback: The answer.
        on_offer: Number of alternatives on a page; asked only where the answer names one.
        shape_dhw: Size of the image.
        prompts_given: How many prompts the history holds, removed ones included; None where a
            method keeps no prompts.

    Raises:
        StaleError: If the answer belongs to another round.
        InputError: If it names an alternative that was not on offer, a place outside the image,
            a prompt that was never given, or a mask of another size.
    """
    if feedback.round != current_round:
        raise StaleError(
            f"The answer belongs to round {feedback.round}, but round {current_round} is shown."
            " Look at the current proposal and answer that."
        )
    match feedback:
        case Pick(candidate=int(index)):
            _check_offered(index, feedback.page, on_offer)
        case Judge():
            _check_challenger(feedback.page, on_offer)
        case Correct():
            _check_correction(feedback, shape_dhw, prompts_given)
        case Accept(choice=int(index)):
            _check_offered(index, feedback.page, on_offer)
        case Accept(edited=edited) if edited is not None and edited.shape != shape_dhw:
            raise InputError(
                f"The edited mask has (D, H, W) = {edited.shape}, the image {shape_dhw}."
                " Send a mask on the grid of the image."
            )


def _check_offered(index: int, page: int, on_offer: Callable[[int], int]) -> None:
    count = _count(page, on_offer)
    if not 0 <= index < count:
        choices = f"0 to {count - 1}" if count else "none"
        raise InputError(
            f"Alternative {index} was not on offer; page {page} of this round shows {choices}."
            " Pick one that is shown, or none of them."
        )


def _check_challenger(page: int, on_offer: Callable[[int], int]) -> None:
    if _count(page, on_offer) == 0:
        raise InputError(
            f"Page {page} of this round has no alternative to judge against the recommendation."
            " Accept the recommendation, or place a click."
        )


def _count(page: int, on_offer: Callable[[int], int]) -> int:
    if page < 0:
        raise InputError(f"Page {page} does not exist; pages count from 0.")
    return on_offer(page)


def _check_correction(
    feedback: Correct, shape_dhw: tuple[int, int, int], prompts_given: int | None
) -> None:
    for prompt in feedback.prompts:
        check_inside(prompt, shape_dhw)
    if prompts_given is None:
        return
    unknown = [position for position in feedback.removed if not 0 <= position < prompts_given]
    if unknown:
        raise InputError(
            f"Prompt {unknown[0]} cannot be removed: {prompts_given} prompts were given so far,"
            " counted from 0."
        )
