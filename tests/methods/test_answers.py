import numpy as np
import pytest

from assent.core.errors import InputError, StaleError
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.prompts import BoundingBox, Click
from assent.methods.answers import check_answer

SHAPE = (1, 8, 9)


def check(feedback, *, shown=2, offered=3, prompts=1):
    check_answer(
        shown, feedback, lambda page: offered if page == 0 else 0, SHAPE, prompts_given=prompts
    )


@pytest.mark.parametrize(
    "feedback",
    [
        Pick(0, 2),
        Pick(2, 2),
        Pick(None, 2, page=7),
        Judge("cannot_tell", 2),
        Correct((Click((0, 7, 8)), BoundingBox((0, 0, 0), (1, 8, 9))), 2, removed=(0,)),
        Correct((), 2),
        Accept("recommended", 2),
        Accept(1, 2),
        Accept("edited", 2, edited=np.ones(SHAPE, bool)),
    ],
)
def test_a_fitting_answer_passes(feedback):
    check(feedback)


@pytest.mark.parametrize(
    ("feedback", "says"),
    [
        (Pick(3, 2), "0 to 2"),
        (Pick(-1, 2), "Alternative -1"),
        (Pick(0, 2, page=1), "page 1 of this round shows none"),
        (Pick(0, 2, page=-1), "count from 0"),
        (Judge("better", 2, page=1), "no alternative to judge"),
        (Correct((Click((0, 8, 0)),), 2), "outside the image"),
        (Correct((), 2, removed=(1,)), "1 prompts were given"),
        (Accept(3, 2), "not on offer"),
        (Accept("edited", 2, edited=np.ones((1, 9, 8), bool)), "grid of the image"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_one_sentence(feedback, says):
    with pytest.raises(InputError, match=says):
        check(feedback)


@pytest.mark.parametrize("shown", [0, 1, 3])
def test_the_round_is_checked_before_everything_else(shown):
    with pytest.raises(StaleError, match=f"round 2, but round {shown} is shown"):
        check(Pick(99, 2), shown=shown)
