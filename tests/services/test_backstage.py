"""Work behind the scenes: in order, and what waits already is done once."""

from functools import partial
from threading import Event

import pytest

from assent.services.backstage import Backstage


@pytest.fixture
def backstage():
    backstage = Backstage()
    yield backstage
    backstage.close()


def test_what_waits_already_is_done_once_and_what_began_is_done_again(backstage):
    done, began, go = [], Event(), Event()

    def hold():
        began.set()
        go.wait()

    backstage.later(hold)
    began.wait()
    for person in ("ada", "ben", "ada"):
        backstage.later(partial(done.append, person))
    backstage.later(hold)  # the first one runs: this one is not the same wait
    go.set()
    backstage.settle()
    assert done == ["ada", "ben"]
    backstage.later(partial(done.append, "ada"))
    backstage.settle()
    assert done == ["ada", "ben", "ada"]


def test_what_fails_is_left_undone_and_does_not_stop_the_rest(backstage, caplog):
    done = []
    backstage.later(partial(int, "seven"))
    backstage.later(partial(done.append, 1))
    backstage.settle()
    assert done == [1]
    assert "left undone" in caplog.text
