"""A task: what is finished informs what comes next."""

from dataclasses import replace

import numpy as np
import pytest

from assent.core.context import ContextEntry
from assent.core.errors import InputError
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


def test_a_profile_from_earlier_work_holds_until_something_is_finished():
    given = {"threshold": 0.25, "images": 4}
    task = Task(ThresholdMethod(), prior=given)
    assert task.prior == given
    finish(task, 0)
    assert task.prior["images"] == 1


class Noting(ThresholdMethod):
    """Notes what it hears while it learns from examples, and how large what was drawn is."""

    def __init__(self, **can):
        super().__init__()
        self.heard = []
        self._can = replace(super().capabilities, **can)

    @property
    def capabilities(self):
        return self._can

    def begin(self, embedding, *, memory, prior, seed):
        self.heard.append((len(memory), prior))
        return super().begin(embedding, memory=memory, prior=prior, seed=seed)

    def update(self, embedding, state, feedback):
        self.heard.append(feedback)
        new = super().update(embedding, state, feedback)
        return replace(new, threshold=0.75) if isinstance(feedback, Accept) else new


def entry_of(seed):
    example = blob(SHAPE, seed=seed)
    return ContextEntry(f"example {seed}", example.image, example.reference)


def test_examples_that_this_person_drew_teach_the_profile():
    method = Noting(needs_first_prompt=True)
    task = Task(method)
    task.add(entry_of(0))
    task.add(entry_of(1), teaches=True)
    task.add(entry_of(2), teaches=True)
    assert task.prior == {"threshold": 0.75, "images": 2}
    begun, shown, accepted = method.heard[-3:]
    assert begun == (0, None)
    mask = task.context[-1].mask
    assert [mask[click.at_zyx] for click in shown.prompts] == [True]
    assert np.array_equal(accepted.edited, mask)
    assert (shown.round, accepted.round) == (0, 1)
    # The drawing alone says it all to a method that finds the object by itself.
    alone = Noting(needs_first_prompt=False)
    Task(alone).add(entry_of(1), teaches=True)
    assert [type(heard) for heard in alone.heard] == [tuple, Accept]


def test_an_example_says_nothing_about_itself():
    task = Task(Noting())
    for seed in range(3):
        task.add(entry_of(seed), teaches=True)
    assert task.prior["images"] == 3
    assert task.open(entry_of(9).image).prior["images"] == 3
    assert task.open(entry_of(1).image).prior["images"] == 2
    alone = Task(Noting(), prior={"threshold": 0.25, "images": 4})
    alone.add(entry_of(1), teaches=True)
    assert alone.open(entry_of(1).image).prior["images"] == 4


def test_a_method_without_profile_is_taught_none():
    method = Noting(profile=False)
    task = Task(method, prior={"threshold": 0.25})
    task.add(entry_of(0), teaches=True)
    assert task.prior is None
    assert method.heard == []


def test_the_profile_is_learned_once_per_finished_image():
    method = Counting()
    task = Task(method)
    finish(task, 0)
    assert task.prior == task.prior
    assert method.learned == 1


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
