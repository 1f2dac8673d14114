"""Work that is broken off anywhere leaves a session that goes on as if nothing had been."""

from functools import partial

import pytest
import torch

from assent.core.feedback import Correct, Pick
from assent.core.progress import stopping
from assent.core.prompts import Click
from assent.sessions.session import Session
from assent.testing.same import check_same
from methods.posterior.posterior_tiny import ball, scene, with_network


class TooLongError(Exception):
    pass


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def broken_off(work, after):
    """Whether the work was broken off, at the place that comes after so many others."""
    left = [after]

    def check():
        left[0] -= 1
        if left[0] < 0:
            raise TooLongError

    try:
        with stopping(check):
            work()
    except TooLongError:
        return True
    return False


@pytest.mark.parametrize(("make", "middle"), [(scene, (0, 18, 24)), (ball, (2, 19, 21))])
def test_a_session_is_whole_wherever_its_work_is_broken_off(make, middle):
    image, _ = make()
    session, other = (Session(with_network(), image) for _ in range(2))
    steps = [
        Session.propose,
        lambda of: of.give(Correct((Click(middle),), 0)),
        lambda of: of.give(Pick(0, 1)),
    ]
    for rounds, step in enumerate(steps):
        places = 0
        while broken_off(partial(step, session), places):
            assert session.round == max(0, rounds - 1)
            places += 1
        assert places > 1
        check_same(step(other), session.propose(), "the proposal")
