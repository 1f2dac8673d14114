"""What computes: what it keeps in memory, and for whom."""

import pytest

from assent.core.feedback import Accept, Pick
from assent.io.formats import read_image
from assent.services import engine as engines
from assent.services.engine import Engine, Work
from assent.services.originals import Original
from assent.sessions.record import SessionRecord
from assent.testing.methods import ThresholdMethod
from interfaces.small_files import disc, write_picture

ROOM = 4
"""Sessions that stay in memory."""


class Counted(ThresholdMethod):
    """Counts how often a session was begun, or done again."""

    begun = 0

    def begin(self, embedding, **more):
        self.begun += 1
        return super().begin(embedding, **more)


@pytest.fixture
def method():
    return Counted()


@pytest.fixture
def engine(method, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "LEAST_VOXELS", engines.KEPT_VOXELS / ROOM)
    return Engine(method, str(tmp_path / "blobs"))


@pytest.fixture
def work(tmp_path, method):
    """Makes what is needed for a session of some answers."""
    file = write_picture(tmp_path / "a.png", disc(9))
    original = Original(str(tmp_path), "a.png", read_image(file).content_id)

    def make(session, *history):
        record = SessionRecord(
            image_id=original.digest,
            method=method.name,
            weights_digest=method.weights_digest,
            settings_digest=method.settings_digest,
            seed=0,
            history=history,
        )
        return Work(session, original, record, ())

    return make


def test_learning_does_not_push_out_the_sessions_of_those_who_wait(engine, method, work):
    for person in range(1, ROOM + 1):
        engine.answer(work(person), Pick(0, 0))
    finished = [work(number, Accept("recommended", 0)) for number in range(100, 100 + 2 * ROOM)]
    for each in finished:
        engine.recall(each)
    assert engine.learn(finished[-1:])["images"] == 1
    assert method.begun == 3 * ROOM
    for person in range(1, ROOM + 1):
        engine.answer(work(person, Pick(0, 0)), Pick(0, 1))
    assert method.begun == 3 * ROOM


def test_a_session_that_went_on_elsewhere_is_done_again_and_kept(engine, method, work):
    engine.answer(work(1), Pick(0, 0))
    elsewhere = work(1, Pick(1, 0), Accept("recommended", 1))
    engine.recall(elsewhere)
    assert method.begun == 2
    engine.recall(elsewhere)
    assert engine.see(elsewhere, 0).round == 2
    assert method.begun == 2
