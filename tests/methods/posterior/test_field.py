import numpy as np
import pytest
import torch

from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior.channels import empty_marks
from assent.methods.posterior.field import (
    ABSENT,
    Field,
    _carried,
    _paths,
    solve_field,
)
from assent.methods.posterior.grid import WorkingGrid, working_planes
from assent.methods.posterior.solvers import classifier_solver
from methods.posterior.posterior_tiny import ball, disk, scene

LATENT = 8


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def overlap(mask, other):
    return 2 * (mask & other).sum() / max(1, mask.sum() + other.sum())


def solved(image, prompts, solver=None):
    grid = WorkingGrid.of(image.shape_dhw[1:], 64)
    planes = working_planes(image, grid)
    solver = solver or classifier_solver(planes, LATENT)
    found = solve_field(
        planes, prompts, grid, solver, previous=None, has_context=False, latent=LATENT
    )
    return found, grid.restore(torch.from_numpy(found.mean)[:, None])[:, 0].numpy() > 0


def test_logits_are_linear_in_z():
    rng = np.random.default_rng(0)
    field = Field(
        rng.normal(size=(2, 4, 5)).astype(np.float32),
        rng.normal(size=(3, 2, 4, 5)).astype(np.float32),
    )
    a, b = rng.normal(size=(2, 3))
    at = field.logits(np.stack([a, b, a + b, 0 * a]), 1)
    assert at.shape == (4, 4, 5)
    assert np.allclose(at[3], field.mean[1])
    assert np.allclose(at[2] - at[3], (at[0] - at[3]) + (at[1] - at[3]), atol=1e-5)
    assert np.allclose(at[0], field.mean[1] + np.einsum("d,dhw", a, field.directions[:, 1]))


def test_one_click_segments_a_disk_without_weights():
    image, mask = scene()
    field, found = solved(image, (Click((0, 18, 24)),))
    assert overlap(found, mask) > 0.9
    assert field.directions.shape == (LATENT, 1, 48, 64)
    assert field.directions.dtype == np.float32


def test_a_box_alone_segments_a_disk_without_weights():
    image, mask = scene()
    _, found = solved(image, (BoundingBox((0, 8, 14), (1, 29, 35)),))
    assert overlap(found, mask) > 0.85


def test_only_components_with_a_seed_stay():
    image, mask = scene(at=(20, 14), radius=7)
    voxels = image.voxels.copy()
    voxels[0, 0][disk(at=(20, 38), radius=7)] += 120
    both = type(image)(voxels, image.geometry)
    _, found = solved(both, (Click((0, 20, 14)), Click((0, 20, 26), False)))
    assert overlap(found, mask) > 0.85
    _, found = solved(both, (Click((0, 20, 14)), Click((0, 20, 38))))
    assert found[0, 20, 14]
    assert found[0, 20, 38]


def test_without_a_positive_prompt_the_fallback_finds_nothing():
    image, _ = scene()
    for prompts in ((), (Click((0, 3, 3), False),)):
        _, found = solved(image, prompts)
        assert not found.any()


def test_the_directions_of_the_fallback_move_the_border_only():
    image, _ = scene()
    field, _ = solved(image, (Click((0, 18, 24)),))
    swing = np.abs(field.directions[:, 0]).max(0)
    sure = np.abs(field.mean[0]) > 4.0
    assert sure.any()
    assert swing[sure].max() < 0.05
    near = np.abs(field.mean[0]) < 1.5
    assert near.any()
    assert swing[near].min() > 0.5
    wide, narrow = field.logits(np.eye(LATENT)[:1] * [[2.0], [-2.0]], 0) > 0
    assert narrow.sum() < (field.mean[0] > 0).sum() < wide.sum()


@pytest.mark.parametrize(("drawn", "depth"), [((2,), 6), ((0, 5), 6), ((1, 2, 7), 9), ((3,), 4)])
def test_every_slice_is_visited_once(drawn, depth):
    visited = list(drawn)
    for start, stop, step in _paths(drawn, depth):
        visited += list(range(start + step, stop, step))
    assert sorted(visited) == list(range(depth))


def test_a_ball_is_followed_from_one_click_and_ends_where_it_ends():
    image, mask = ball(reach=2.4)
    field, found = solved(image, (Click((2, 19, 21)),))
    assert overlap(found, mask) > 0.85
    assert not found[~mask.any((1, 2))].any()
    assert field.directions.dtype == np.float16


def test_lost_slices_hold_nothing_for_any_z():
    image, mask = ball()
    field, _ = solved(image, (Click((2, 19, 21)),))
    z = np.random.default_rng(0).normal(size=(20, LATENT)) * 3
    for index in np.flatnonzero(~mask.any((1, 2))):
        assert not (field.logits(z, index) > 0).any()
        assert (field.mean[index] == ABSENT).all()


def test_a_negative_click_on_another_slice_does_not_end_the_object():
    """Saying what is outside on slice 3 must not delete slice 3 and all that follow."""
    image, mask = ball(depth=7, at=(3, 19, 21), reach=3.6)
    prompts = (Click((2, 19, 21)), Click((3, 3, 3), False))
    _, found = solved(image, prompts)
    assert (found.any((1, 2)) == mask.any((1, 2))).all()
    assert overlap(found, mask) > 0.8


def test_a_negative_scribble_on_a_followed_slice_is_obeyed():
    image, _mask = ball(depth=5, at=(2, 19, 21), reach=2.6)
    stroke = tuple((3, 19, x) for x in range(22, 44))
    _, before = solved(image, (Click((2, 19, 21)),))
    _, after = solved(image, (Click((2, 19, 21)), Scribble(stroke, False)))
    assert before[3, 19, 24]
    assert not after[3, 19, 24:30].any()
    assert after[3].any()
    assert np.array_equal(before[2], after[2])


def test_prompts_on_two_slices_are_both_obeyed():
    image, mask = ball(depth=6, at=(2.5, 19, 21), reach=3.0)
    _, found = solved(image, (Click((1, 19, 21)), Click((4, 19, 21)), Click((4, 2, 2), False)))
    assert found[1, 19, 21]
    assert found[4, 19, 21]
    assert not found[4, 2, 2]
    assert overlap(found, mask) > 0.8


def test_slices_between_two_prompts_are_reached_from_the_nearer_one():
    image, _ = ball(depth=8, reach=20)
    asked = []

    def solver(index, marks, before):
        asked.append((index, before is not None))
        mean = np.where(disk(48, 48, at=(19, 21)), 5.0, -5.0).astype(np.float32)
        return mean, np.zeros((LATENT, 48, 48), np.float32)

    solved(image, (Click((1, 19, 21)), Click((6, 19, 21))), solver)
    order = [index for index, _ in asked]
    assert sorted(order) == list(range(8)), "each slice is solved once"
    assert order[:2] == [1, 6]
    assert set(order[2:6]) >= {2, 3, 0}


def test_a_neighbour_lends_its_core_and_its_far_outside():
    for mask in (disk(48, 48, at=(20, 20), radius=9), disk(48, 48, at=(0, 47), radius=12)):
        marks = _carried(mask, None)
        assert marks.positive.any()
        assert (marks.positive[0] <= mask).all()
        assert marks.negative.any()
        assert not (marks.negative[0] & mask).any()


def test_a_thin_neighbour_lends_seeds_too():
    line = np.zeros((48, 48), bool)
    line[10:12, 5:30] = True
    assert _carried(line, None).positive.any()


def test_what_is_drawn_on_a_slice_counts_more_than_what_is_lent():
    mask = disk(48, 48, at=(20, 20), radius=9)
    drawn = empty_marks(1, 48, 48)
    drawn.negative[0, 20, 20] = True
    marks = _carried(mask, drawn)
    assert marks.negative[0, 20, 20]
    assert not marks.positive[0, 20, 20]
    assert marks.positive.any()
    assert (marks.positive[0] <= mask).all()


def test_with_context_a_mark_on_one_slice_leaves_what_far_slices_read_from_it():
    planes = torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    grid = WorkingGrid.of((16, 16), 16)

    def solver(index, marks, before):
        mean = np.full((16, 16), -4.0, np.float32)
        mean[2:6, 2:6] = 4.0 if index in {0, 5} else -4.0
        mean[marks.negative[0]] = -9.0
        return mean, np.zeros((8, 16, 16), np.float32)

    def masks(*prompts):
        solved = solve_field(
            planes, prompts, grid, solver, previous=None, has_context=True, latent=8
        )
        return solved.mean > 0

    alone = masks()
    marked = masks(Click((0, 3, 3), positive=False))
    assert np.array_equal(alone[1:], marked[1:])
    assert marked[0].sum() < alone[0].sum()
