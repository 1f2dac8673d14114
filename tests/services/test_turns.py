"""Whoever waits longest goes next; work behind the scenes lets people go first, for a while."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from assent.services import turns
from assent.services.turns import Turns


@pytest.fixture
def gone(monkeypatch):
    """Who went in which order, having come one after the other while the lock was held."""

    def order(*comers, seconds_apart=1.0):
        now, lock, first, went = [0.0], Turns(), Event(), []
        monkeypatch.setattr(turns, "monotonic", lambda: now[0])
        monkeypatch.setattr(turns, "QUIET_S", 0.0)

        def go(name, is_patient):
            with lock.take(is_patient=is_patient):
                went.append(name)
                if name == "holder":
                    first.set()
                    proceed.wait(30)

        proceed = Event()
        with ThreadPoolExecutor(len(comers) + 1) as pool:
            tasks = [pool.submit(go, "holder", False)]
            first.wait(30)
            for number, (name, is_patient) in enumerate(comers, start=1):
                now[0] += seconds_apart
                tasks.append(pool.submit(go, name, is_patient))
                while len(lock._waiting) < number:
                    pass
            proceed.set()
            for task in tasks:
                task.result(30)
        return went[1:]

    return order


def test_those_who_wait_go_in_the_order_in_which_they_came(gone):
    comers = [(name, False) for name in "abcde"]
    assert gone(*comers) == list("abcde")


def test_a_person_goes_before_what_nobody_waits_for(gone):
    assert gone(("ahead", True), ("person", False)) == ["person", "ahead"]


def test_what_nobody_waits_for_has_its_turn_in_the_end(gone):
    comers = [("ahead", True), *((name, False) for name in "abcdefgh")]
    assert gone(*comers) == [*"abcd", "ahead", *"efgh"]


def test_what_nobody_waits_for_begins_when_nobody_has_asked_for_a_while(monkeypatch):
    now, lock, went = [100.0], Turns(), []
    monkeypatch.setattr(turns, "monotonic", lambda: now[0])
    monkeypatch.setattr(turns, "QUIET_S", 0.01)

    def go(name, is_patient):
        with lock.take(is_patient=is_patient):
            went.append(name)

    go("person", False)
    with ThreadPoolExecutor() as pool:
        ahead = pool.submit(go, "ahead", True)
        while not lock._waiting:
            pass
        go("again", False)
        now[0] += 0.02
        ahead.result(30)
    assert went == ["person", "again", "ahead"]


def test_an_error_lets_the_next_go():
    lock = Turns()
    with pytest.raises(ZeroDivisionError), lock.take():
        raise ZeroDivisionError
    with lock.take():
        pass


def test_a_lock_is_wanted_when_the_time_of_somebody_who_waits_has_come(monkeypatch):
    now, lock = [100.0], Turns()
    monkeypatch.setattr(turns, "monotonic", lambda: now[0])

    def go():
        with lock.take(is_patient=True):
            pass

    with ThreadPoolExecutor() as pool:
        with lock.take():
            waiting = pool.submit(go)
            while not lock._waiting:
                pass
            assert not lock.is_wanted()
            now[0] += turns.HEAD_START_S
            assert lock.is_wanted()
        waiting.result(30)
    assert not lock.is_wanted()
