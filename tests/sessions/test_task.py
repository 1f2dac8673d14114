"""A task: what is finished informs what comes next."""

import numpy as np
import pytest

from assent.core.context import ContextEntry
from assent.core.errors import InputError, NotFoundError
from assent.core.feedback import Accept, Pick
from assent.sessions.task import Task
from assent.testing import ThresholdMethod
from assent.testing.data import blob

SHAPE = (1, 21, 25)


class Counting(ThresholdMethod):
    """Counts how often it remembers and learns."""

    def __init__(self):
        super().__init__()
        self.remembered, self.learned = 0, 0

    def remember(self, entry):
        self.remembered += 1
        return super().remember(entry)

    def learn(self, states):
        self.learned += 1
        return super().learn(states)


def finish(task, seed, pick=1):
    session = task.open(blob(SHAPE, seed=seed).image)
    session.give(Pick(pick, 0))
    session.give(Accept("recommended", 1))
    return task.finish(session, id=f"image {seed}")


def test_finished_images_become_context_and_are_remembered_once():
    method = Counting()
    task = Task(method)
    for seed in range(3):
        finish(task, seed)
    session = task.open(blob(SHAPE, seed=9).image)
    assert [e.id for e in session.context] == ["image 0", "image 1", "image 2"]
    assert method.remembered == 3


def test_finished_work_becomes_the_profile():
    task = Task(ThresholdMethod())
    assert task.prior is None
    finish(task, 0)
    assert task.prior is not None
    assert task.prior["images"] == 1
    plain = Task(ThresholdMethod(), context=task.context).open(blob(SHAPE, seed=5).image)
    mine = task.open(blob(SHAPE, seed=5).image)
    assert mine.prior == task.prior
    assert not np.array_equal(mine.propose().recommended, plain.propose().recommended)


def test_the_profile_can_be_switched_off_and_reset():
    given = {"threshold": 0.25, "images": 4}
    task = Task(ThresholdMethod(), prior=given)
    assert task.prior == given
    task.use_profile = False
    assert task.prior is None
    task.use_profile = True
    finish(task, 0)
    task.reset_profile()
    assert task.prior is None
    assert len(task.context) == 1


def test_the_profile_is_learned_once_per_finished_image():
    method = Counting()
    task = Task(method)
    finish(task, 0)
    assert task.prior == task.prior
    assert method.learned == 1


def test_a_removed_entry_is_forgotten_in_context_and_profile():
    task = Task(ThresholdMethod())
    finish(task, 0)
    finish(task, 1)
    task.remove("image 0")
    assert [e.id for e in task.context] == ["image 1"]
    assert task.prior["images"] == 1
    with pytest.raises(NotFoundError, match="image 0"):
        task.remove("image 0")


def test_an_image_finished_again_replaces_its_earlier_result():
    task = Task(ThresholdMethod())
    image = blob(SHAPE).image
    session = task.open(image)
    session.give(Accept("recommended", 0))
    first = task.finish(session)
    session.undo()
    session.give(Accept(0, 0))
    second = task.finish(session)
    assert first.id == second.id == image.content_id
    assert len(task.context) == 1
    assert np.array_equal(task.context[0].mask, session.accepted)
    assert task.prior["images"] == 1


def test_an_image_is_never_its_own_context():
    task = Task(ThresholdMethod())
    finish(task, 0)
    finish(task, 1)
    assert [e.id for e in task.open(blob(SHAPE, seed=0).image).context] == ["image 1"]


def test_examples_from_elsewhere_say_nothing_about_the_person():
    example = blob(SHAPE)
    task = Task(
        ThresholdMethod(), context=[ContextEntry("given", example.image, example.reference)]
    )
    assert len(task.context) == 1
    assert task.prior is None


def test_only_accepted_work_of_this_method_counts():
    task = Task(ThresholdMethod())
    session = task.open(blob(SHAPE).image)
    with pytest.raises(InputError, match="not accepted"):
        task.finish(session)
    session.give(Accept("recommended", 0))
    with pytest.raises(InputError, match="was made with"):
        Task(ThresholdMethod()).finish(session)


def test_an_open_session_keeps_the_context_it_began_with():
    task = Task(ThresholdMethod())
    session = task.open(blob(SHAPE, seed=4).image)
    finish(task, 0)
    assert session.context == ()
    assert session.record().context_ids == ()
