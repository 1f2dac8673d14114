"""The process that computes, as a real process."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread

import pytest

from assent.core.errors import InputError, NotFoundError, OverdueError, WorkerError
from assent.core.feedback import Correct, Pick
from assent.core.progress import may_stop
from assent.core.prompts import Click
from assent.io.formats import read_image
from assent.services import turns
from assent.services import worker as workers
from assent.services.engine import Work
from assent.services.originals import Original
from assent.services.worker import STOP, EngineSpec, Worker, serve
from assent.sessions.record import SessionRecord
from interfaces.small_files import disc, write_picture


@dataclass(frozen=True)
class Notes:
    """What an engine did, as files that the test sees."""

    folder: Path

    def write(self, name):
        (self.folder / f"{name} {len(self.read(name))}").touch()

    def read(self, name):
        return sorted(self.folder.glob(f"{name} *"))

    def wait_for(self, name):
        while not self.read(name):
            pass


class Slow(EngineSpec):
    """Whose engine works on and on unless it is broken off."""

    def build(self):
        return SlowEngine(Notes(Path(self.blobs)))


class SlowEngine:
    def __init__(self, notes):
        self.notes = notes

    def rehearse(self):
        self.notes.write("rehearsed")

    def work(self):
        self.notes.write("begun")
        while len(self.notes.read("begun")) == 1 and not self.notes.read("go"):
            may_stop()
        may_stop()
        return "done"

    def ask(self):
        return "told"


@pytest.fixture
def slow(tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "QUIET_S", 0.0)
    worker = Worker(Slow("none", str(tmp_path)))
    yield worker
    worker.close()


class Deadly:
    """Ends the process that unpacks it."""

    def __reduce__(self):
        return os._exit, (1,)


@pytest.fixture
def worker(tmp_path):
    worker = Worker(EngineSpec("geodesic", str(tmp_path / "blobs")))
    yield worker
    worker.close()


def work(tmp_path, facts, *history):
    file = write_picture(tmp_path / "a.png", disc(9))
    original = Original(str(tmp_path), "a.png", read_image(file).content_id)
    record = SessionRecord(
        image_id=original.digest,
        method=facts.method.name,
        weights_digest=facts.method.weights,
        settings_digest=facts.settings_digest,
        seed=0,
        history=history,
    )
    return Work(7, original, record, ())


def test_a_killed_process_costs_one_clear_error_and_no_answer(worker, tmp_path):
    click = Correct((Click((0, 24, 24)),), 0)
    begun = work(tmp_path, worker.call("facts"))
    shown = worker.call("answer", begun, click)
    assert shown.recommended.plane(0)[24, 24]
    os.kill(worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    again = worker.call("see", work(tmp_path, worker.call("facts"), click), 0)
    assert worker.starts == 2
    assert (again.recommended.bits == shown.recommended.bits).all()


def test_a_process_that_dies_at_work_says_so_and_the_next_call_works(worker, tmp_path):
    facts = worker.call("facts")
    with pytest.raises(WorkerError, match="stopped, perhaps for lack of memory"):
        worker.call("see", Deadly(), 0)
    assert worker.call("see", work(tmp_path, facts), 0).is_empty


def test_errors_come_through_as_what_they_are(worker, tmp_path):
    begun = work(tmp_path, worker.call("facts"))
    with pytest.raises(InputError, match="was not on offer"):
        worker.call("answer", begun, Pick(9, 0))
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError, match="moved or deleted"):
        worker.call("see", begun, 0)
    assert worker.starts == 1


def test_a_method_that_cannot_be_built_is_told(tmp_path):
    worker = Worker(EngineSpec("nothing", str(tmp_path / "blobs")))
    with pytest.raises(NotFoundError, match="no method named 'nothing'"):
        worker.call("facts")
    assert worker.state == "stopped"


def test_a_process_that_does_not_start_in_time_is_no_fault_of_what_was_asked(worker, monkeypatch):
    with monkeypatch.context() as hasty:
        hasty.setattr(workers, "LIMIT_S", 0.0)
        with pytest.raises(WorkerError, match="did not start within 0 seconds") as raised:
            worker.call("facts")
    assert not isinstance(raised.value, OverdueError)
    assert worker.state == "stopped"
    assert worker.call("facts").method.name == "geodesic"


def test_work_that_nobody_waits_for_is_broken_off_for_a_person_and_done_after(slow, tmp_path):
    notes = Notes(tmp_path)
    with ThreadPoolExecutor() as pool:
        ahead = pool.submit(slow.call, "work", is_patient=True)
        notes.wait_for("begun")
        assert slow.call("ask") == "told"
        assert ahead.result() == "done"
    assert len(notes.read("begun")) == 2
    assert slow.starts == 1


def test_such_work_is_not_broken_off_for_ever(slow, tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "HEAD_START_S", 0.0)
    notes = Notes(tmp_path)
    with ThreadPoolExecutor() as pool:
        ahead = pool.submit(slow.call, "work", is_patient=True)
        notes.wait_for("begun")
        person = pool.submit(slow.call, "ask")
        while not slow._turns.is_wanted():
            pass
        notes.write("go")
        assert (ahead.result(), person.result()) == ("done", "told")
    assert len(notes.read("begun")) == 1


def test_a_wish_to_break_off_that_comes_too_late_disturbs_nobody(tmp_path):
    here, there = Pipe()
    process = Thread(target=serve, args=(there, Slow("none", str(tmp_path))))
    process.start()
    for message in (("ask", (), True), STOP, ("ask", (), True)):
        here.send(message)
    replies = [here.recv() for _ in range(3)]
    here.close()
    process.join()
    assert replies == [(True, None), (True, "told"), (True, "told")]


def test_a_process_whose_server_is_gone_ends_without_a_word(tmp_path, caplog):
    notes = Notes(tmp_path)
    here, there = Pipe()
    process = Thread(target=serve, args=(there, Slow("none", str(tmp_path))))
    process.start()
    here.send(("work", (), True))
    notes.wait_for("begun")
    here.close()
    process.join()
    assert caplog.records == []


def test_nobody_waits_for_a_server_that_ends_in_the_middle_of_work_behind_the_scenes(
    slow, tmp_path
):
    notes = Notes(tmp_path)
    with ThreadPoolExecutor() as pool:
        ahead = pool.submit(slow.call, "work", is_patient=True)
        notes.wait_for("begun")
        slow.close()
        with pytest.raises(WorkerError, match="The server is ending"):
            ahead.result()
    assert (slow.starts, slow.state) == (1, "stopped")
