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


def test_at_the_end_what_runs_is_waited_for_and_what_waits_is_not_begun(monkeypatch):
    backstage, done, began, go = Backstage(), [], Event(), Event()

    def run():
        began.set()
        go.wait()
        done.append("ran")

    backstage.later(run)
    backstage.later(partial(done.append, "waited"))
    began.wait()
    join = backstage._thread.join
    monkeypatch.setattr(backstage._thread, "join", lambda: (go.set(), join()))
    backstage.close()
    assert done == ["ran"]
