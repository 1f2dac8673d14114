"""A call that hangs costs its own answer and a restart: nobody waits for it for ever."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from assent.client import Client
from assent.core.errors import OverdueError
from assent.core.feedback import Correct, Pick, to_json
from assent.core.prompts import Click
from assent.services import worker as workers
from assent.services.worker import Worker
from interfaces.rest.serving import TARGET, problem_of, serving
from interfaces.small_files import disc, write_picture
from resilience.hanging import CORNER, HangingSpec

LIMIT_S = 2.0


@pytest.fixture
def worker(tmp_path):
    return Worker(HangingSpec("hanging", str(tmp_path / "home" / "blobs")), limit_s=LIMIT_S)


@pytest.fixture
def served(tmp_path, worker):
    """A server whose process computes with a method that may hang."""
    write_picture(tmp_path / "images" / "a.png", disc(9))
    with serving(tmp_path / "images", tmp_path / "home", worker=worker) as served:
        yield served


def test_a_call_that_hangs_is_ended_with_a_sentence_and_the_session_survives(served, worker):
    client = Client(http=served.client)
    shown = client.open(client.images(1)[0].id, TARGET)
    shown = client.answer(shown.session, Pick(0, 0))
    starts = worker.starts
    hangs = to_json(Correct((Click(CORNER),), 1))
    reply = served.post(f"/sessions/{shown.session}/feedback", hangs)
    assert "took longer than 2 seconds and was ended" in problem_of(reply, 503, "too_long")
    assert "retry-after" not in reply.headers  # the same answer would hang again
    again = client.see(shown.session)
    assert again == shown
    assert (again.recommended == shown.recommended).all()
    assert client.answer(shown.session, Correct((Click((0, 24, 24)),), 1)).round == 2
    assert worker.starts == starts + 1


def test_the_limit_does_not_count_the_wait_for_a_turn(tmp_path, worker, monkeypatch):
    """Whoever comes while a call hangs waits for most of the limit, then has all of it."""
    hangs, wait = Event(), workers.wait

    def told(links, limit_s):
        hangs.set()
        return wait(links, limit_s)

    facts = worker.call("facts")
    monkeypatch.setattr(workers, "wait", told)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(worker.call, "hang")
        assert hangs.wait(30)
        assert worker.call("facts") == facts
        with pytest.raises(OverdueError):
            hanging.result(30)
    worker.close()
