"""One history through two methods."""

from dataclasses import replace

import pytest

from assent.core.feedback import Accept, Correct
from assent.sessions.compare import compare
from assent.sessions.session import Session
from assent.testing import ThresholdMethod
from assent.testing.data import answer, blob, prompt

EXAMPLE = blob((1, 21, 25))


def work(kinds, method=None):
    session = Session(method or ThresholdMethod(), EXAMPLE.image)
    for kind in kinds:
        session.give(answer(kind, session.propose(), EXAMPLE.reference))
    return session


@pytest.mark.parametrize("kinds", [[], ["pick", "judge", "click"], ["box", "none", "accept"]])
def test_a_method_agrees_with_itself(kinds):
    session = work(kinds)
    found = compare(session, ThresholdMethod())
    answered = [k for k in kinds if k != "accept"]
    assert found.dice_between == (1.0,) * (len(answered) + 1)
    assert found.skipped == ()
    assert found.dice_first == found.dice_second
    assert (found.dice_first is not None) == ("accept" in kinds)


def test_the_compared_session_stays_as_it_is():
    session = work(["pick", "click"])
    shown = session.propose()
    compare(session, ThresholdMethod(choices=2))
    assert session.propose() is shown
    assert session.round == 2


class ClicksOnly(ThresholdMethod):
    capabilities = replace(ThresholdMethod.capabilities, feedback=frozenset({"click"}))


def test_answers_that_are_not_heard_are_skipped():
    found = compare(work(["pick", "click", "judge"]), ClicksOnly())
    assert found.skipped == (0, 2)
    assert len(found.dice_between) == 4


def test_removals_find_their_prompt_when_others_were_skipped():
    session = Session(ThresholdMethod(), EXAMPLE.image)
    click, box = (prompt(kind, EXAMPLE.reference) for kind in ("click", "box"))
    session.give(Correct((box,), 0))
    session.give(Correct((box, click), 1))
    session.give(Correct((), 2, removed=(2,)))
    session.give(Correct((), 3, removed=(0,)))
    session.give(Accept("recommended", 4))
    found = compare(session, ClicksOnly())
    assert found.skipped == (0, 3)
    assert found.dice_second[2] != found.dice_second[0]
    assert found.dice_second[1] == found.dice_second[3] == found.dice_second[0]
