"""Of several servers on one database, one works on a job, and another goes on when it is gone."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest

from assent.services import jobs as served
from assent.services.jobs import MOST_ATTEMPTS, Jobs
from assent.services.owner import is_gone, new_owner
from assent.storage.database import Database
from assent.storage.jobs import SILENT_S, TakenError
from assent.storage.jobs import Jobs as Kept
from assent.storage.migrate import downgrade, upgrade


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def passes(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch):
    """Time passes when the test says so, and servers look around when it asks them to."""
    monkeypatch.setattr(served, "BEAT_S", 3600.0)
    return Clock()


@pytest.fixture
def kept(store, clock):
    return replace(store, jobs=Kept(store.database, now=clock))


class Long:
    """Work that stands still in its only step until it may go on."""

    def __init__(self):
        self.begun, self.may_end, self.ended = Event(), Event(), []

    def __call__(self, run):
        run.step("only", self.stand_still)
        self.ended.append(run.job_id)
        return "here"

    def stand_still(self):
        self.begun.set()
        self.may_end.wait()


def test_a_running_server_takes_over_only_what_was_silent_for_too_long(kept, clock):
    long = Long()
    first = Jobs(kept, {"count": long})
    job, behind = first.start("count", {}), first.start("count", {})
    long.begun.wait()
    second = Jobs(kept, {"count": lambda run: "there"})
    second.resume()
    clock.passes(SILENT_S - 1)
    first.tend()
    clock.passes(SILENT_S - 1)
    second.tend()
    assert {second.get(each.id).state for each in (job, behind)} == {"running", "waiting"}
    clock.passes(2)
    second.tend()
    second.settle()
    long.may_end.set()
    first.settle()  # too late: it finds that another one went on
    assert long.ended == []
    assert [kept.jobs.get(each.id).detail for each in (job, behind)] == ["there", "there"]
    first.close()
    second.close()


def test_what_a_closed_server_left_is_taken_at_once_by_one_that_runs(kept, clock):
    long = Long()
    first = Jobs(kept, {"count": long})
    job, behind = first.start("count", {}), first.start("count", {})
    long.begun.wait()
    second = Jobs(kept, {"count": lambda run: "there"})
    closing = Thread(target=first.close)
    closing.start()
    first._closing.wait()
    long.may_end.set()
    closing.join()
    second.tend()
    assert kept.jobs.owners() == {""}  # it does not listen yet
    second.resume()
    second.settle()
    assert [kept.jobs.get(each.id).detail for each in (job, behind)] == ["here", "there"]
    second.close()


def test_the_end_of_a_job_can_be_asked_of_another_server(kept):
    long = Long()
    first, second = Jobs(kept, {"count": long}), Jobs(kept, {})
    running, waiting = first.start("count", {}), first.start("count", {})
    long.begun.wait()
    second.cancel(waiting.id)
    first.tend()
    long.may_end.set()
    first.settle()
    assert [kept.jobs.get(each.id).state for each in (running, waiting)] == ["done", "cancelled"]
    first.close()
    second.close()


def test_of_many_that_ask_at_once_each_job_goes_to_one(store, database):
    ids = {store.jobs.add("count", {}).id for _ in range(5)}
    at_once, taken = Barrier(4), []

    def take(name):
        base = Database(database)
        at_once.wait()
        taken.extend((left.job.id, name) for left in Kept(base).take(name))
        base.close()

    threads = [Thread(target=take, args=(f"server {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), {job for job, _ in taken}) == (5, ids)
    assert store.jobs.owners() == {name for _, name in taken}


def test_what_another_process_does_is_refused_to_all_others(kept, clock):
    job = kept.jobs.add("count", {}, owner="one")
    assert (kept.jobs.take("two"), kept.jobs.take("two", ["three"])) == ((), ())
    clock.passes(SILENT_S + 1)
    (left,) = kept.jobs.take("two")
    for late in (
        lambda: kept.jobs.report(job.id, "done", 1.0, "one", owner="one"),
        lambda: kept.jobs.begin(job.id, owner="one"),
        lambda: kept.jobs.put_back(job.id, owner="one"),
        lambda: kept.jobs.add_step(job.id, "only", None, owner="one"),
    ):
        with pytest.raises(TakenError, match=f"Another server goes on with job {job.id}"):
            late()
    assert (left.job, kept.jobs.begin(job.id, owner="two")) == (job, {})
    kept.jobs.release("one")
    assert kept.jobs.take("three") == ()
    (left,) = kept.jobs.take("three", ["two"])
    assert left.attempts == 1 < MOST_ATTEMPTS


def test_jobs_of_a_version_without_owners_belong_to_nobody(store):
    job = store.jobs.add("count", {}, owner="one")
    downgrade(store.database, "0004")
    upgrade(store.database)
    assert [left.job.id for left in store.jobs.take("two")] == [job.id]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it cannot be told who is gone")
def test_an_owner_is_gone_when_its_process_ended_or_its_number_was_given_anew():
    said = "from assent.services.owner import new_owner; print(new_owner())"
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert is_gone(told.stdout.strip())
    mine = new_owner()
    place, pid, started, word = mine.split(" ")
    assert (is_gone(mine), mine != new_owner()) == (False, True)
    assert is_gone(" ".join([place, pid, f"{int(started) - 1}", word]))
    other = told.stdout.strip().replace(place, "elsewhere")
    assert not is_gone(other)
    assert not is_gone("")
