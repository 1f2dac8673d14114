"""Long work goes on where it was, whatever became of the process that began it."""

import asyncio
import json
import math
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from signal import SIGKILL
from threading import Event

import pytest
from sqlalchemy import func, select

from assent.services import propagation
from assent.services.annotate import Annotate
from assent.services.engine import Engine
from assent.services.export import export_masks
from assent.services.jobs import MOST_ATTEMPTS, Jobs
from assent.services.originals import Originals
from assent.services.scan import scan
from assent.storage.tables import job_steps
from assent.testing.methods import ThresholdMethod
from interfaces.small_files import disc, write_picture
from services import working

NAMES = [f"{letter}.png" for letter in "abcdef"]
DONE, OPEN = NAMES[:3], NAMES[3:]


@pytest.fixture
def folder(tmp_path):
    for radius, name in enumerate(NAMES, start=4):
        write_picture(tmp_path / "images" / name, disc(radius))
    return tmp_path / "images"


@pytest.fixture
def begun(store, folder):
    """A project with three finished images and three open ones."""
    project = store.projects.add("study", str(folder))
    assert scan(store, Originals(), project, working.TARGET, lambda done, detail: None) == []
    for radius, task in enumerate(store.projects.queue(project.id, working.TARGET, limit=3), 4):
        store.masks.add(task.id, disc(radius)[None], person="ada")
    return store


@pytest.fixture
def work(database, folder, tmp_path):
    """Let servers work, one after the other; returns how they ended."""

    def run(kinds, *deaths):
        told = subprocess.run(
            [sys.executable, working.__file__, database, tmp_path, folder, kinds, *deaths],
            env={**os.environ, "PYTHONPATH": str(Path(working.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return [int(line) for line in told.stdout.splitlines()]

    return run


def log_of(folder):
    return (folder / "log").read_text().splitlines()


def steps_in(store):
    with store.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(job_steps))


def test_killed_in_every_kind_of_job_nothing_is_done_twice(begun, work, tmp_path):
    ended = work("scan,propagate,export", "scan c.png", "see e.png", "export b.png", "")
    assert ended == [-SIGKILL, -SIGKILL, -SIGKILL, 0]
    wanted = [*(f"scan {name}" for name in NAMES), *(f"see {name}" for name in OPEN)]
    assert Counter(log_of(tmp_path)) == Counter([*wanted, *(f"export {name}" for name in DONE)])
    export, propagated, scanned = begun.jobs.all()
    assert (scanned.state, scanned.detail) == ("done", "6 images.")
    assert propagated.detail.startswith("3 images predicted, 0 accepted.")
    assert (export.state, export.detail) == ("done", "3 masks written.")
    assert steps_in(begun) == 0
    exports = tmp_path / "exports" / begun.id
    archive = zipfile.ZipFile(exports / f"export-{export.id}.zip")
    rows = json.loads(archive.read("provenance.json"))["masks"]
    assert set(archive.namelist()) == {"provenance.json", *(row["mask"] for row in rows)}
    assert [row["image"] for row in rows] == DONE
    assert [row["voxels"] for row in rows] == [int(disc(radius).sum()) for radius in (4, 5, 6)]
    assert list(exports.iterdir()) == [Path(archive.filename)]


def test_a_job_cancelled_before_the_server_was_killed_stays_cancelled(begun, work, tmp_path):
    assert work("propagate,export", "cancel see e.png", "") == [-SIGKILL, 0]
    assert [job.state for job in begun.jobs.all()] == ["cancelled", "cancelled"]
    assert log_of(tmp_path) == ["see d.png"]
    predicted = [task.predicted_dice for task in begun.projects.queue(1, working.TARGET)]
    assert sum(dice is not None for dice in predicted) == 1


def test_a_step_that_ends_every_server_fails_its_job_and_no_other(begun, work):
    death = "see e.png"
    ended = work("propagate,export", *[death] * (MOST_ATTEMPTS + 1))
    assert ended == [*[-SIGKILL] * MOST_ATTEMPTS, 0]
    export, propagated = begun.jobs.all()
    assert propagated.state == "failed"
    assert "stopped 3 times in the same step of this, at e.png." in propagated.detail
    assert (export.state, export.detail) == ("done", "3 masks written.")


def test_what_was_accepted_just_before_the_server_was_gone_is_counted(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(propagation, "_threshold", lambda *_: (0.0, "All are accepted."))
    engine = Engine(ThresholdMethod(), str(tmp_path / "blobs"))
    worker = working.Worker(engine, working.Watched(tmp_path / "log", ""))
    annotate = Annotate(begun, worker, Originals())

    def gone_after_the_first(name, do):
        result = do()
        if name.startswith("task"):
            raise KeyboardInterrupt
        return result

    def run(step):
        rest = propagation.Rest(1, working.TARGET, "ada", 0.05)
        return propagation.propagate(begun, worker, annotate, rest, lambda *_: None, step)

    chosen = [task.id for task in begun.projects.queue(1, working.TARGET)]
    with pytest.raises(KeyboardInterrupt):
        run(gone_after_the_first)
    told = run(lambda name, do: chosen if name == "chosen" else do())
    assert told == "3 images predicted, 3 accepted. All are accepted."
    assert log_of(tmp_path) == [f"see {name}" for name in OPEN]


def test_what_a_rule_accepted_says_how_in_storage_audit_and_export(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(propagation, "_threshold", lambda *_: (0.125, "Most are accepted."))
    worker = working.Worker(
        Engine(ThresholdMethod(), str(tmp_path / "blobs")), working.Watched(tmp_path / "log", "")
    )
    annotate = Annotate(begun, worker, Originals())
    rest = propagation.Rest(1, working.TARGET, "ada", 0.05)
    propagation.propagate(begun, worker, annotate, rest, lambda *_: None)
    facts = annotate.facts
    made = {
        "person": "ada",
        "method": facts.method.name,
        "weights": facts.method.weights,
        "settings": facts.settings_digest,
        "threshold": 0.125,
        "risk": 0.05,
    }
    rows = {
        row["image"]: row
        for row in export_masks(begun, Originals(), 1, working.TARGET, tmp_path / "out").masks
    }
    events = {event.blob: event for event in begun.audit.events()}
    for task in begun.projects.queue(1, working.TARGET, state="accepted"):
        mask = begun.masks.holding(task.id)
        row = rows[begun.projects.image(task.image_id).path]
        if row["image"] in DONE:
            assert (row["origin"], row["method"], row["risk"]) == ("import", "", None)
            continue
        sure = begun.projects.task(task.id).predicted_dice
        assert {**row, **made, "origin": "rule", "predicted_dice": sure} == row
        assert row["accepted_at"] == mask.made_at.isoformat()
        event = events[mask.blob]
        assert (event.event, event.settings_digest) == ("accepted by rule", made["settings"])
        assert (event.predicted_dice, event.threshold, event.risk) == (sure, 0.125, 0.05)
    assert sum(row["origin"] == "rule" for row in rows.values()) == len(OPEN)


def test_a_closed_server_stops_at_the_next_step_and_the_next_one_goes_on(store):
    begun, done = Event(), []

    def long(run):
        done.append(run.step("first", lambda: [run.arguments["number"], "first"]))
        begun.set()
        while True:
            run.tell(0.5, "second")

    def short(run):
        done.append(run.step("first", lambda: ["again"]))
        done.append(run.step("second", lambda: "second"))
        return "both"

    jobs = Jobs(store, {"count": long})
    job, behind = (jobs.start("count", {"number": number}) for number in (7, 8))
    begun.wait()
    jobs.close()
    assert {store.jobs.get(each.id).state for each in (job, behind)} == {"waiting"}
    jobs = Jobs(store, {"count": short})
    own = jobs.start("count", {})
    jobs.resume()
    jobs.settle()
    again = [["again"], "second"]
    assert done == [[7, "first"], *again, [7, "first"], "second", *again]
    assert [(each.id, each.detail) for each in jobs.all()] == [
        (each.id, "both") for each in (own, behind, job)
    ]
    jobs.close()


def test_attempts_count_until_a_step_is_done_and_not_when_the_server_was_closed(store):
    many, stepped, closed = (store.jobs.add("count", {}) for _ in range(3))
    for job in (many, stepped, closed):
        for _ in range(MOST_ATTEMPTS):
            store.jobs.begin(job.id)
    store.jobs.add_step(stepped.id, "first", None)
    store.jobs.put_back(closed.id)
    jobs = Jobs(store, {"count": lambda run: "counted"})
    jobs.resume()
    jobs.settle()
    assert [jobs.get(job.id).state for job in (many, stepped, closed)] == ["failed", "done", "done"]
    jobs.close()


def test_after_a_crash_it_is_stored_what_is_done_before_it_is_done(store):
    stored = []

    def look(run, name, do):
        run.tell(0.1, name)
        return run.step(name, do)

    def note():
        stored.append(store.jobs.all()[0].detail)

    def count(run):
        return look(run, "all", lambda: look(run, "b.png", note)) or "counted"

    store.jobs.begin(store.jobs.add("count", {}).id)
    jobs = Jobs(store, {"count": count})
    jobs.resume()
    jobs.settle()
    assert (stored, jobs.all()[0].detail) == (["b.png"], "counted")
    jobs.close()


def test_a_waiting_job_that_is_cancelled_does_nothing(store):
    may_end, begun, done = Event(), Event(), []

    def do(run):
        begun.set()
        may_end.wait()
        done.append(run.job_id)
        return ""

    jobs = Jobs(store, {"count": do})
    first, second = jobs.start("count", {}), jobs.start("count", {})
    begun.wait()
    jobs.cancel(second.id)
    may_end.set()
    jobs.settle()
    assert (done, jobs.get(second.id).state) == ([first.id], "cancelled")
    jobs.close()


def test_who_follows_a_job_that_nobody_here_works_on_waits_for_news(store):
    jobs = Jobs(store, {})
    job = store.jobs.add("count", {})

    async def follow():
        following = jobs.follow(job.id, idle_s=0.0)
        told = [await anext(following), await anext(following)]
        store.jobs.report(job.id, "done", 1.0, "counted")
        return told, [told.detail async for told in following]

    assert asyncio.run(follow()) == ([job, None], ["counted"])
    jobs.close()


def test_a_change_wakes_who_follows_and_the_end_of_the_server_ends_it(store):
    may_tell, may_end = Event(), Event()

    def do(run):
        may_tell.wait()
        run.tell(0.5, "half")
        may_end.wait()
        return "counted"

    jobs = Jobs(store, {"count": do, "other": lambda run: "done"})
    first, other = jobs.start("count", {}), jobs.start("other", {})

    async def follow():
        following = jobs.follow(first.id, idle_s=math.inf)
        waiting = jobs.follow(other.id, idle_s=math.inf)
        await anext(following)
        await anext(waiting)
        may_tell.set()
        told = await anext(following)
        while told.progress < 0.5:
            told = await anext(following)
        closing = asyncio.get_running_loop().run_in_executor(None, jobs.close)
        ends = [left async for left in waiting]  # told of no change, as there was none
        may_end.set()
        await closing
        return told.detail, ends

    assert asyncio.run(follow()) == ("half", [])
    assert not jobs._streams._listeners
