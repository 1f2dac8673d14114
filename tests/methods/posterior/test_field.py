import numpy as np
import pytest
import torch

from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior.field import (
    ABSENT,
    Earlier,
    Field,
    Look,
    _paths,
    solve_field,
    unprompted,
)
from assent.methods.posterior.grid import WorkingGrid, marked_slices, working_planes
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


def look_at(planes, part, *, has_context=False, side=64):
    grid = WorkingGrid.of(tuple(planes.shape[2:]), max(planes.shape[2:]))
    return Look(planes, grid, part(planes), part, side, LATENT, has_context)


def solved(image, prompts):
    grid = WorkingGrid.of(image.shape_dhw[1:], 64)
    planes = working_planes(image, grid)

    def part(plane):
        return classifier_solver(plane, LATENT)

    look = Look(planes, grid, part(planes), part, 64, LATENT, has_context=False)
    found = solve_field(look, prompts, unprompted(look))
    return found, grid.restore(torch.from_numpy(found.mean)[:, None])[:, 0].numpy() > 0


class Drawn:
    """Solvers that find a drawn object where it is, and note what they were asked.

    The object is bright in the planes; ``asked`` holds (number of the plane, marks, previous).
    """

    def __init__(self, planes):
        self.planes, self.asked = planes, []

    def __call__(self, part):
        def solve(index, marks, before):
            plane = part[index, 0].numpy()
            self.asked.append((round(float(part[index, 2].mean()) * 100), marks, before))
            mean = np.where(plane > 0.5, 6.0, -6.0).astype(np.float32)
            mean[marks.negative[0] & (plane > 0.5)] = -2.0
            return mean, np.ones((LATENT, *mean.shape), np.float32)

        return solve

    @property
    def slices(self):
        return [number for number, _, _ in self.asked]


def drawn_planes(depth=9, side=64, at=(32, 30), radius=9, where=None):
    """A bright disk on the slices of ``where``; blue carries the number of the slice."""
    planes = torch.zeros(depth, 3, side, side)
    planes[:, 2] = torch.arange(depth)[:, None, None] / 100
    object_ = torch.from_numpy(disk(side, side, at=at, radius=radius))
    for index in range(depth) if where is None else where:
        planes[index, :2] = 0.9 * object_
    return planes


class Rounds:
    """Rounds of one field, each from the one before."""

    def __init__(self, planes, **kinds):
        self.solver = Drawn(planes)
        self.look = look_at(planes, self.solver, **kinds)
        self.base = self.field = unprompted(self.look)
        self.prompts = ()
        self.solver.asked.clear()

    def hear(self, *prompts, removed=None):
        before = self.field

        def probability(index):
            return (before.mean[index] > 0).astype(np.float32)

        fresh = marked_slices(prompts) if removed is None else None
        kept = tuple(p for p in self.prompts if p != removed)
        self.prompts = (*kept, *prompts)
        self.solver.asked.clear()
        earlier = Earlier(before, fresh, probability)
        self.field = solve_field(self.look, self.prompts, self.base, earlier)
        return self.solver.slices


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
    mean = field.mean[0]
    sure = np.abs(mean) > 4.0
    assert sure.any()
    for z in np.concatenate([3 * np.eye(LATENT), -3 * np.eye(LATENT)]):
        assert np.array_equal(field.logits(z[None], 0)[0][sure] > 0, mean[sure] > 0)
    near = np.abs(mean) < 1.5
    assert near.any()
    assert np.abs(field.directions[:, 0]).max(0)[near].min() > 0.5


@pytest.mark.parametrize("level", [0.1, 0.25, 0.75, 0.9])
def test_the_first_direction_of_the_fallback_reaches_every_level_set_on_offer(level):
    image, _ = scene()
    field, _ = solved(image, (Click((0, 18, 24)),))
    cut = np.log(level / (1 - level))
    moved = field.logits(-cut * np.eye(LATENT)[:1], 0)[0] > 0
    assert np.array_equal(moved, field.mean[0] > np.float32(cut))


@pytest.mark.parametrize(("drawn", "depth"), [((2,), 6), ((0, 5), 6), ((1, 2, 7), 9), ((3,), 4)])
def test_every_slice_is_visited_once(drawn, depth):
    visited = list(drawn)
    for path in _paths(drawn, depth, [(0, depth)] * len(drawn), {}):
        visited += list(path)[1:]
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
    rounds = Rounds(drawn_planes(8))
    order = rounds.hear(Click((1, 32, 30)), Click((6, 32, 30)))
    assert sorted(order) == list(range(8)), "each slice is solved once"
    assert order[:2] == [1, 6]
    assert set(order[2:5]) == {2, 3, 0}


def test_a_slice_that_nobody_looked_at_has_no_previous_mask():
    rounds = Rounds(drawn_planes())
    rounds.hear(Click((4, 32, 30)))
    told, *followed = rounds.solver.asked
    assert told[0] == 4
    assert told[2] is None
    assert all(before is not None for _, _, before in followed)
    rounds.hear(Click((4, 3, 3), positive=False))
    assert rounds.solver.asked[0][2].max() == 1, "the mask of the round before"


def test_with_context_every_slice_has_a_previous_mask():
    rounds = Rounds(drawn_planes(5), has_context=True)
    rounds.hear(Click((2, 32, 30)))
    assert rounds.solver.asked[0][2].max() == 1


def test_a_click_that_changes_little_solves_its_slice_alone():
    rounds = Rounds(drawn_planes())
    assert sorted(rounds.hear(Click((4, 32, 30)))) == list(range(9))
    first = rounds.field
    assert rounds.hear(Click((4, 34, 30))) == [4]
    assert rounds.hear(Click((7, 32, 30))) == [7]
    assert np.array_equal(first.mean, rounds.field.mean)
    assert rounds.field.reached == frozenset(range(9))


def test_a_click_that_changes_a_mask_spreads_until_masks_are_as_before():
    """The cut of slice 4 is lent to its neighbours, which find what they found before."""
    rounds = Rounds(drawn_planes())
    rounds.hear(Click((1, 32, 30)))
    before = rounds.field.mean.copy()
    cut = Scribble(tuple((4, 30, x) for x in range(18, 45)), positive=False)
    assert rounds.hear(cut) == [4, 5]
    changed = (rounds.field.mean != before).any((1, 2))
    assert changed.nonzero()[0].tolist() == [4]


def test_an_object_that_ends_stays_ended_until_somebody_points_at_it():
    planes = drawn_planes(9, where=(0, 1, 2, 3, 6, 7, 8))
    rounds = Rounds(planes)
    rounds.hear(Click((1, 32, 30)))
    assert rounds.field.reached == {0, 1, 2, 3}
    assert (rounds.field.mean[4:] == ABSENT).all()
    assert rounds.hear(Click((1, 34, 30))) == [1]
    assert 7 in rounds.hear(Click((7, 32, 30)))
    assert rounds.field.reached == {0, 1, 2, 3, 6, 7, 8}
    assert not rounds.field.directions[:, 4:6].any()


def test_what_a_slice_was_lent_by_is_not_followed_back_from_there():
    bounds = [(0, 20)] * 2
    up, _, _, down = _paths((1, 9), 20, bounds, {9: 7})
    assert (up, down) == (range(1, 8), range(9, 7, -1))
    up, _, _, down = _paths((1, 9), 20, bounds, {1: 3})
    assert (up, down) == (range(1, 3), range(9, 2, -1))


def spilt_planes(shade=0.9):
    """A disk on slices 0 to 3; on 4 to 8 all is of one shade, and it is lost."""
    planes = drawn_planes(9, side=128, at=(60, 60), where=range(4))
    planes[4:, :2] = shade
    return planes


@pytest.mark.parametrize(
    ("at", "is_bounded"),
    [((4, 60, 62), True), ((6, 60, 62), True), ((7, 60, 62), False), ((5, 60, 90), False)],
    ids=["just beyond", "three beyond", "far beyond", "beside"],
)
def test_a_click_a_little_beyond_a_lost_end_is_bounded_by_the_mask_there(at, is_bounded):
    rounds = Rounds(spilt_planes(), side=128)
    rounds.hear(Click((1, 60, 60)))
    assert rounds.field.reached == {0, 1, 2, 3}
    first = rounds.field
    rounds.hear(Click(at))
    number, marks, before = rounds.solver.asked[0]
    assert number == at[0]
    assert (before is not None) == is_bounded
    found = rounds.field.mean[at[0]] > 0
    assert found[at[1:]]
    if is_bounded:
        assert (before > 0.5).sum() == (first.mean[3] > 0).sum(), "of the nearest slice"
        assert np.array_equal(rounds.field.mean[:4], first.mean[:4]), "and that stays as it was"
        assert marks.negative.any()
        assert found.sum() < found.size / 3
    else:
        assert found.all()


def test_a_click_beyond_a_lost_end_comes_out_no_larger_than_the_end_suggests():
    """The fallback hears no previous mask, but the far outside."""
    sizes = []
    for index in (4, 8):
        rounds = Rounds(spilt_planes(shade=0.2), side=128)
        rounds.look = look_at(rounds.look.planes, lambda plane: classifier_solver(plane, LATENT))
        rounds.hear(Click((1, 60, 60)))
        assert rounds.field.reached == {0, 1, 2, 3}
        rounds.hear(Click((index, 60, 62)))
        sizes.append((rounds.field.mean[index] > 0).sum())
    assert 0 < sizes[0] < sizes[1] / 4


def test_with_context_a_click_beyond_a_lost_end_corrects_what_was_read_there():
    rounds = Rounds(drawn_planes(6, where=(0, 1)), has_context=True)
    rounds.hear(Click((0, 32, 30)))
    rounds.hear(Click((2, 32, 30)))
    number, marks, before = rounds.solver.asked[0]
    assert number == 2
    assert before is not None
    assert not before.any(), "the mask that was shown there"
    assert not marks.negative.any()


def test_slices_without_an_object_take_no_memory_of_their_own():
    rounds = Rounds(drawn_planes(9, where=(0, 1, 2, 3)))
    rounds.hear(Click((1, 32, 30)))
    first = rounds.field.directions
    rounds.hear(Click((1, 34, 30)))
    assert np.array_equal(rounds.field.directions, first)
    assert rounds.field.directions is not first


def test_a_prompt_taken_back_takes_back_what_followed_from_it():
    rounds = Rounds(drawn_planes(9, where=(0, 1, 2, 3, 6, 7, 8)))
    second = Click((7, 32, 30))
    rounds.hear(Click((1, 32, 30)))
    first = rounds.field
    rounds.hear(second)
    rounds.hear(removed=second)
    assert rounds.field.reached == first.reached
    assert np.array_equal(rounds.field.mean, first.mean)
    rounds.hear(removed=Click((1, 32, 30)))
    assert (rounds.field.mean == ABSENT).all()


def test_a_box_over_several_slices_says_where_the_object_ends():
    rounds = Rounds(drawn_planes(9))
    order = rounds.hear(BoundingBox((2, 20, 18), (7, 45, 43)))
    assert order[0] == 4, "its middle slice, where the object fills it"
    assert rounds.field.reached == {2, 3, 4, 5, 6}
    for number, marks, _ in rounds.solver.asked:
        assert marks.box.any() == (number == 4)
        assert number == 4 or marks.negative.any()
    rounds = Rounds(drawn_planes(9))
    rounds.hear(Click((4, 32, 30)))
    rounds.hear(BoundingBox((2, 20, 18), (7, 45, 43)))
    assert rounds.field.reached == {2, 3, 4, 5, 6}, "what was followed beyond is taken back"


def test_a_box_on_one_slice_leaves_the_others_to_following():
    rounds = Rounds(drawn_planes(9))
    rounds.hear(BoundingBox((4, 20, 18), (5, 45, 43)))
    assert rounds.field.reached == frozenset(range(9))


def test_with_context_a_mark_on_one_slice_leaves_what_far_slices_read_from_it():
    rounds = Rounds(drawn_planes(6, where=(0, 5)), has_context=True)
    alone = rounds.field.mean > 0
    assert alone.any((1, 2)).tolist() == [True, False, False, False, False, True]
    stroke = Scribble(tuple((0, 30, x) for x in range(18, 45)), positive=False)
    assert rounds.hear(stroke) == [0]
    marked = rounds.field.mean > 0
    assert np.array_equal(alone[1:], marked[1:])
    assert 0 < marked[0].sum() < alone[0].sum()


def test_with_context_an_object_lost_is_what_context_reads():
    rounds = Rounds(drawn_planes(6, where=(0, 1, 5)), has_context=True)
    rounds.hear(Click((0, 32, 30)))
    assert rounds.field.reached == {0, 1}
    assert np.array_equal(rounds.field.mean[2:], rounds.base.mean[2:])


def test_a_field_knows_where_there_is_anything():
    field, _ = solved(ball(reach=1.4)[0], (Click((2, 19, 21)),))
    for index in range(len(field.mean)):
        rows, columns = field.extent(index)
        z = np.random.default_rng(0).normal(size=(5, LATENT)) * 3
        logits = field.logits(z, index)
        whole = field.mean[index] + np.einsum("sd,dhw->shw", z, field.directions[:, index])
        assert np.allclose(logits, whole, atol=1e-2)
        beyond = np.ones(field.mean.shape[1:], bool)
        beyond[rows, columns] = False
        assert (logits[:, beyond] == ABSENT).all()
