from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.feedback import Accept, Correct
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior import refine as refining
from assent.methods.posterior.refine import _cut, _inside, _near_border, _taper, _windows
from assent.testing.same import check_same
from methods.posterior.posterior_tiny import ball, scene, with_network, without_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def large():
    image, mask = scene(height=150, width=110, at=(70, 50), radius=30)
    return image, mask, Click((0, 70, 50))


def begun(method, image, *prompts):
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=3)
    state = method.update(embedding, state, Correct(prompts, 0))
    return embedding, state, method.propose(embedding, state)


def test_refining_is_pure_and_repeats_exactly(large):
    image, _, click = large
    method = with_network()
    embedding, state, proposal = begun(method, image, click)
    before = replace(proposal, probability=proposal.probability.copy())
    first = method.refine(embedding, state, proposal)
    check_same(before, proposal, "the proposal that was refined")
    check_same(first, method.refine(embedding, state, proposal), "a second refinement")
    check_same(before, method.propose(embedding, state), "the proposal of the state")
    assert not np.array_equal(first.probability, proposal.probability)


def test_refining_changes_the_border_only(large):
    image, _, click = large
    method = with_network()
    embedding, state, proposal = begun(method, image, click)
    refined = method.refine(embedding, state, proposal)
    changed = refined.probability[0] != proposal.probability[0]
    assert changed.any()
    assert (_near_border(proposal.probability[0])[changed] > 0).all()
    outside = _near_border(proposal.probability[0]) == 0
    assert np.array_equal(refined.recommended[0][outside], proposal.recommended[0][outside])
    for values in (refined.probability, refined.uncertainty):
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
    check_same(proposal.alternatives, refined.alternatives, "the alternatives")
    assert refined.predicted_dice == proposal.predicted_dice


def test_an_image_that_was_not_reduced_is_returned_as_it_is():
    image, _ = scene()
    method = with_network(working_side=64)
    embedding, state, proposal = begun(method, image, Click((0, 18, 24)))
    assert method.refine(embedding, state, proposal) is proposal


def test_refining_can_be_switched_off_and_needs_a_network(large):
    image, _, click = large
    for method in (with_network(refine=False), without_network()):
        embedding, state, proposal = begun(method, image, click)
        assert method.refine(embedding, state, proposal) is proposal


def test_an_accepted_mask_is_left_alone(large):
    image, mask, click = large
    method = with_network()
    embedding, state, _ = begun(method, image, click)
    state = method.update(embedding, state, Accept("edited", 1, edited=mask))
    proposal = method.propose(embedding, state)
    assert method.refine(embedding, state, proposal) is proposal


def test_an_empty_recommendation_stays_empty(large):
    image, _, click = large
    method = with_network()
    embedding, state, proposal = begun(method, image, click)
    empty = replace(proposal, recommended=np.zeros_like(proposal.recommended))
    refined = method.refine(embedding, state, empty)
    assert not refined.recommended.any()


def test_slices_of_a_volume_are_refined_one_by_one():
    image, _ = ball(depth=3, height=110, width=90, at=(1, 50, 45), radius=25, reach=0.8)
    method = with_network()
    embedding, state, proposal = begun(method, image, Click((1, 50, 45)))
    refined = method.refine(embedding, state, proposal)
    for index in range(3):
        if not proposal.recommended[index].any():
            assert np.array_equal(refined.probability[index], proposal.probability[index])


@pytest.mark.parametrize("size", [(150, 110), (300, 60), (64, 64)])
def test_windows_cover_the_whole_border(size):
    rows, columns = np.mgrid[: size[0], : size[1]]
    distance = np.hypot(rows - size[0] / 2, columns - size[1] / 2) - min(size) / 3
    probability = (1 / (1 + np.exp(distance))).astype(np.float32)
    side = min(48, *size)
    windows = _windows(_near_border(probability), side)
    covered = np.zeros(size, bool)
    for window in windows:
        assert probability[window].shape == (side, side)
        covered[window] = True
    assert covered[_near_border(probability) > 0.5].all()


def test_a_window_counts_less_towards_its_edge():
    taper = _taper((32, 40))
    assert taper.max() == 1
    assert taper[0].max() < 0.3
    assert taper[:, -1].max() < 0.3
    assert (taper > 0).all()


def test_prompts_move_into_the_window():
    prompts = (
        Click((1, 12, 25)),
        Click((1, 2, 25)),
        Click((0, 12, 25)),
        Scribble(((1, 11, 21), (1, 30, 21), (0, 11, 21)), False),
        BoundingBox((0, 0, 0), (2, 9, 9)),
    )
    window = (slice(10, 20), slice(20, 30))
    assert _inside(prompts, 1, window) == [Click((0, 2, 5)), Scribble(((0, 1, 1),), False)]


@pytest.mark.parametrize("level", [0.2, 0.5, 0.83])
def test_the_cut_separates_the_two_sides_of_a_mask(level):
    probability = np.random.default_rng(0).random((30, 40)).astype(np.float32)
    cut = _cut(probability, probability > level)
    assert np.array_equal(probability > cut, probability > level)
    assert cut == pytest.approx(level, abs=0.01)
    below, above = probability[probability < cut].max(), probability[probability > cut].min()
    assert cut == pytest.approx((below + above) / 2)


def test_an_empty_or_full_mask_was_cut_nowhere_in_particular():
    probability = np.full((4, 5), 0.3, np.float32)
    assert _cut(probability, np.zeros((4, 5), bool)) == 0.5
    assert _cut(probability, np.ones((4, 5), bool)) == 0.5


@pytest.mark.parametrize(("level", "is_inside"), [(0.3, True), (0.7, False)])
def test_refined_pixels_are_cut_where_the_recommendation_was(monkeypatch, large, level, is_inside):
    image, _, click = large
    method = with_network()
    embedding, state, proposal = begun(method, image, click)
    proposal = replace(proposal, recommended=proposal.probability > level)
    found = np.float32(0.5)
    monkeypatch.setattr(refining, "_segment", lambda image, *_: np.full(image.shape[1:], found))
    monkeypatch.setattr(refining, "_taper", lambda shape: np.ones(shape, np.float32))
    refined = method.refine(embedding, state, proposal)
    new = (refined.probability == found) & (proposal.probability != found)
    assert new.any()
    assert (refined.recommended[new] == is_inside).all()


def test_each_window_is_told_the_prompts_that_lie_in_it(monkeypatch, large):
    image, _, _ = large
    prompts = (Click((0, 44, 50)), Click((0, 30, 60), False), Click((0, 110, 30), False))
    method = with_network()
    embedding, state, proposal = begun(method, image, *prompts)
    windows = [(slice(20, 68), slice(40, 88)), (slice(90, 138), slice(20, 68))]
    told = []

    def segment(image, before, prompts, with_):
        told.append(prompts)
        return before

    monkeypatch.setattr(refining, "_windows", lambda near, side: windows)
    monkeypatch.setattr(refining, "_segment", segment)
    method.refine(embedding, state, proposal)
    first = [Click((0, 24, 10)), Click((0, 10, 20), False)]
    assert told == [first, [Click((0, 20, 10), False)]]


def test_a_prompt_in_the_window_reaches_the_network(large):
    image, _, click = large
    method = with_network()
    embedding, state, proposal = begun(method, image, click)
    plain = method.refine(embedding, state, proposal)
    row, column = np.argwhere(_near_border(proposal.probability[0]) > 0.9)[0]
    more = replace(state, given=(*state.given, Click((0, int(row), int(column)))))
    told = method.refine(embedding, more, proposal)
    assert not np.array_equal(plain.probability, told.probability)
