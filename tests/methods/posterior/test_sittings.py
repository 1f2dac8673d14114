from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.feedback import Correct, Pick
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior import sittings as sitting_module
from assent.methods.posterior.sittings import (
    LAPSE,
    NEAR_ENOUGH,
    clicked,
    from_context,
    sittings,
    spread,
    work,
)
from assent.methods.posterior.tasks import Task, read_tasks, signed_distance
from methods.posterior.posterior_tiny import with_network, without_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def task():
    (found,) = read_tasks([open_synthetic("raters2d", images=5)], "train", side=48)
    return found


class Listener:
    """A method that remembers what it was told."""

    def __init__(self, method):
        self.method, self.told = method, []

    def __getattr__(self, name):
        return getattr(self.method, name)

    def update(self, embedding, state, feedback):
        self.told.append(feedback)
        return self.method.update(embedding, state, feedback)


def test_the_same_people_sit_before_every_image(task):
    found = sittings(without_network(), [task], images=2, raters=3, seed=4)
    assert len(found) == 6
    raters = [s.rater for s in found]
    assert raters[:3] == raters[3:]
    assert len(set(raters)) == 3
    assert raters[0].startswith("synthetic-raters2d/")
    near = {s.rater: {t.near for t in found if t.rater == s.rater} for s in found}
    assert all(len(values) == 1 for values in near.values()), "a person is the same person"
    assert len(set.union(*near.values())) == 3
    assert all(NEAR_ENOUGH[0] <= s.near <= NEAR_ENOUGH[1] for s in found)
    assert len({s.seed for s in found}) == 6
    other = sittings(without_network(), [task], images=2, raters=3, seed=5)
    assert {s.near for s in other}.isdisjoint(s.near for s in found)


def test_who_drew_nothing_does_not_sit(task):
    example = task.examples[0]
    rater = sorted(example.distances)[0]
    empty = signed_distance(np.zeros(example.image.shape[1:], bool))
    blank = replace(example, distances=example.distances | {rater: empty})
    found = sittings(
        without_network(), [replace(task, examples=(blank,))], images=1, raters=9, seed=0
    )
    assert len(found) == len(example.distances) - 1
    assert not any(s.rater.endswith(rater) for s in found)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (0, ["Correct", *["Pick"] * 4]),
        (1, ["Correct", "Pick"] * 3),
        (2, ["Correct", *["Pick"] * 4]),
    ],
)
def test_one_sitting_is_clicks_and_picks_and_repeats_exactly(task, place, said):
    method = Listener(without_network())
    sitting = replace(sittings(method, [task], images=3, raters=1, seed=0)[place], near=0.0)
    done = work(method, sitting)
    kinds = [type(f).__name__ for f in method.told]
    assert kinds == [*said, "Accept"]
    assert len(done.pairs) == len(said)
    assert done.achieved == pytest.approx(np.mean([a for _, a in done.pairs]))
    assert done.mean.shape == (method.config.latent,)
    again = work(without_network(), sitting)
    assert again.pairs == done.pairs
    assert (again.mean == done.mean).all()


@pytest.mark.parametrize(("near", "said_none"), [(0.0, False), (1.1, True)])
def test_none_of_these_is_said_where_nothing_is_near_enough(monkeypatch, task, near, said_none):
    monkeypatch.setattr(sitting_module, "LAPSE", 0.0)
    method = Listener(without_network())
    for sitting in sittings(method, [task], images=2, raters=2, seed=0):
        work(method, replace(sitting, near=near))
    picks = [f.candidate for f in method.told if isinstance(f, Pick)]
    assert len(picks) > 8
    assert all((p is None) == said_none for p in picks)


def test_a_lapse_is_any_answer(monkeypatch, task):
    monkeypatch.setattr(sitting_module, "LAPSE", 1.0)
    method = Listener(without_network())
    for sitting in sittings(method, [task], images=2, raters=3, seed=0):
        work(method, sitting)
    picks = [f.candidate for f in method.told if isinstance(f, Pick)]
    assert {None, 0, 1, 2} == set(picks)
    assert 0 < LAPSE < 0.3


def test_clicks_are_unsteady_and_stay_on_the_image(monkeypatch, task):
    monkeypatch.setattr(sitting_module, "UNSTEADY_PX", 30.0)
    method = Listener(without_network())
    shifted = []
    for sitting in sittings(method, [task], images=2, raters=2, seed=0):
        work(method, sitting)
        shifted += [f.prompts[0] for f in method.told if isinstance(f, Correct)]
        height, width = sitting.wanted.shape[1:]
        assert all(0 <= c.at_zyx[1] < height and 0 <= c.at_zyx[2] < width for c in shifted)
    wrong = [c for c in shifted if c.positive and not sitting.wanted[c.at_zyx]]
    assert wrong, "an unsteady hand may click beside the object"


def test_clicks_on_an_image_are_each_followed_by_a_prediction(task):
    method = Listener(without_network())
    pairs = clicked(method, task.examples[0], seed=0)
    assert len(pairs) == len(method.told) == 3
    assert pairs[0][1] < pairs[-1][1], "three clicks say more than one"


def test_masks_are_predicted_from_finished_images_that_lie_far_away(task, monkeypatch):
    monkeypatch.setattr(sitting_module, "CONTEXTS", (1, 2))
    method = Listener(with_network())
    examples = (task.examples * 2)[:5]
    used = []
    begin = method.method.begin

    def spy(embedding, *, memory, seed):
        used.append([entry.id for entry in memory])
        return begin(embedding, memory=memory, seed=seed)

    method.begin = spy
    found = list(from_context(method, Task("set", "lesion", True, examples), 5, seed=0))
    assert [len(pairs) for pairs in found] == [2] * 5
    assert all(0 <= value <= 1 for pairs in found for pair in pairs for value in pair)
    assert method.told == [], "nobody says anything"
    assert used[:2] == [["4"], ["4", "3"]]
    assert used[-2:] == [["0"], ["0", "1"]]
    assert all(str(k // 2) not in ids for k, ids in enumerate(used)), "not from itself"


def test_an_image_alone_teaches_nothing_about_context(task):
    alone = Task("set", "lesion", True, task.examples[:1])
    assert list(from_context(with_network(), alone, 3, seed=0)) == [[]]


def test_empty_and_full_masks_are_no_finished_images(task):
    first = task.examples[0]
    shape = first.image.shape[1:]
    odd = [
        replace(first, distances={r: signed_distance(np.full(shape, v)) for r in first.distances})
        for v in (False, True)
    ]
    some = Task("set", "lesion", True, (first, *odd))
    assert list(from_context(with_network(), some, 1, seed=0)) == [[]]


@pytest.mark.parametrize(("count", "most"), [(0, 3), (2, 3), (3, 3), (10, 3), (7, 0)])
def test_a_spread_is_even_and_repeats_nothing(count, most):
    found = spread(range(count), most)
    assert len(found) == min(count, most)
    assert found == sorted(set(found))
    if found:
        assert found[0] == 0
        assert np.ptp(np.diff([*found, count])) <= 1
