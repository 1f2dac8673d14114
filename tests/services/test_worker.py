"""The process that computes, as a real process."""

import os
import signal

import pytest

from assent.core.errors import InputError, NotFoundError, OverdueError, WorkerError
from assent.core.feedback import Correct, Pick
from assent.core.prompts import Click
from assent.io.formats import read_image
from assent.services import worker as workers
from assent.services.engine import Work
from assent.services.originals import Original
from assent.services.worker import EngineSpec, Worker
from assent.sessions.record import SessionRecord
from interfaces.small_files import disc, write_picture


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
