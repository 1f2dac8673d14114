"""Run lengths, components, holes, surface and signed distance of a mask."""

import json
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from assent.core import mask as masks
from assent.core.errors import InputError, ShapeError

ANY_MASK = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6))
SLICES = arrays(np.bool_, st.tuples(st.just(1), st.integers(1, 9), st.integers(1, 9)))
MASKS = ANY_MASK | SLICES
UNIT = (1.0, 1.0, 1.0)
quick = settings(max_examples=50, deadline=None)


def ball(radius: float, *, size: int = 25) -> np.ndarray:
    z, y, x = np.indices((size, size, size)) - size // 2
    return np.asarray(z**2 + y**2 + x**2 <= radius**2)


@quick
@given(MASKS)
@example(np.zeros((0, 3, 3), np.bool_))
def test_run_lengths_survive_json(mask):
    rle = json.loads(json.dumps(masks.to_rle(mask)))
    back = masks.from_rle(rle)
    assert back.dtype == np.bool_
    assert back.shape == mask.shape
    assert (back == mask).all()


@quick
@given(MASKS)
def test_runs_alternate_and_only_the_first_may_be_empty(mask):
    runs = masks.to_rle(mask)["runs"]
    assert all(run > 0 for run in runs[1:])
    assert (runs[0] == 0) == bool(mask.ravel()[0])


def test_run_lengths_do_not_depend_on_memory_order():
    mask = np.random.default_rng(0).random((3, 4, 5)) > 0.5
    assert masks.to_rle(np.asfortranarray(mask)) == masks.to_rle(mask)


def test_decoded_masks_can_be_painted_on():
    mask = masks.from_rle({"shape": [1, 1, 2], "runs": [2]})
    mask[0, 0, 0] = True
    assert mask.sum() == 1


@pytest.mark.parametrize(
    ("rle", "message"),
    [
        ({"shape": [1, 2, 2], "runs": [1, 2]}, "must add up to 4 voxels; they add up to 3"),
        ({"shape": [1, 2, 2], "runs": [1, 5, -2]}, "'runs' as a list of whole non-negative"),
        ({"shape": [1, 2, 2], "runs": [1.5, 2.5]}, "'runs' as a list of whole non-negative"),
        ({"shape": [1, 2, 2], "runs": [True, 3]}, "'runs' as a list of whole non-negative"),
        ({"shape": [1, 2, 2], "runs": "13"}, "'runs' as a list of whole non-negative"),
        ({"shape": [1, 2, 2]}, "'runs' as a list of whole non-negative"),
        ({"runs": [4]}, "'shape' as a list of whole non-negative"),
        ([1, 2, 2], "'shape' as a list of whole non-negative"),
        ({"shape": [2, 2], "runs": [4]}, r"must be \[D, H, W\].* got \[2, 2\]"),
        ({"shape": [10**6] * 3, "runs": [10**18]}, "at most 2147483648 voxels"),
    ],
)
def test_damaged_run_lengths_are_refused(rle, message):
    with pytest.raises(InputError, match=message):
        masks.from_rle(rle)


@quick
@given(MASKS)
def test_components_partition_the_mask_and_do_not_touch_each_other(mask):
    labels, count = masks.components(mask)
    assert labels.dtype == np.int32
    assert ((labels > 0) == mask).all()
    assert sorted(set(labels[mask].tolist())) == list(range(1, count + 1))
    for axis in range(3):
        ahead, behind = np.moveaxis(labels, axis, 0)[1:], np.moveaxis(labels, axis, 0)[:-1]
        touching = (ahead > 0) & (behind > 0)
        assert (ahead[touching] == behind[touching]).all()
    for label in range(1, count + 1):
        assert ndimage.label(labels == label)[1] == 1


@quick
@given(MASKS)
def test_components_are_numbered_by_their_first_voxel(mask):
    labels, count = masks.components(mask)
    flat = labels.ravel()
    firsts = [int(np.flatnonzero(flat == label)[0]) for label in range(1, count + 1)]
    assert firsts == sorted(firsts)


@quick
@given(MASKS)
def test_components_are_the_same_with_and_without_the_fast_extra(mask):
    pytest.importorskip("cc3d", reason="the fast extra is not installed")
    fast, fast_count = masks.components(mask)
    with patch.object(masks, "_has_cc3d", return_value=False):
        plain, plain_count = masks.components(mask)
    assert fast_count == plain_count
    assert (fast == plain).all()


def test_corners_do_not_connect():
    assert masks.components(np.array([[[True, False], [False, True]]]))[1] == 2


@quick
@given(MASKS)
def test_largest_component_is_one_component_that_no_other_exceeds(mask):
    largest = masks.largest_component(mask)
    labels, count = masks.components(mask)
    assert not (largest & ~mask).any()
    assert largest.any() == mask.any()
    assert masks.components(largest)[1] == min(count, 1)
    assert largest.sum() == max((int((labels == n).sum()) for n in range(1, count + 1)), default=0)


def test_of_equally_large_components_the_first_stays():
    largest = masks.largest_component(np.array([[[True, False, True]]]))
    assert largest.tolist() == [[[True, False, False]]]


def test_holes_are_filled_in_each_slice_even_where_the_volume_leaves_them_open():
    tube = np.zeros((2, 5, 5), np.bool_)
    tube[:, 1:4, 1:4] = True
    tube[:, 2, 2] = False
    filled = masks.fill_holes(tube)
    assert filled[:, 1:4, 1:4].all()
    assert filled.sum() == 18
    assert not tube[0, 2, 2]


def test_a_bay_that_reaches_the_edge_is_no_hole():
    bay = np.ones((1, 4, 4), np.bool_)
    bay[0, 0:2, 1] = False
    assert (masks.fill_holes(bay) == bay).all()


@quick
@given(MASKS)
def test_filling_holes_only_adds_and_settles_at_once(mask):
    filled = masks.fill_holes(mask)
    assert (filled | mask == filled).all()
    assert (masks.fill_holes(filled) == filled).all()


@quick
@given(ANY_MASK)
def test_surface_is_what_erosion_takes_off(mask):
    flat = tuple(axis for axis, size in enumerate(mask.shape) if size == 1)
    thin = np.squeeze(mask, axis=flat)
    expected = thin & ~ndimage.binary_erosion(thin) if thin.ndim else thin
    assert (np.squeeze(masks.surface(mask), axis=flat) == expected).all()


def test_a_slice_has_its_outline_as_surface_and_not_its_area():
    disk = np.zeros((1, 7, 7), np.bool_)
    disk[0, 1:6, 1:6] = True
    assert masks.surface(disk).sum() == 16


@quick
@given(MASKS)
def test_surface_points_are_the_centres_of_surface_voxels(mask):
    spacing = (2.0, 0.5, 3.0)
    expected = np.argwhere(masks.surface(mask)) * np.array(spacing)
    assert np.array_equal(masks.surface_points_mm(mask, spacing), expected)


@quick
@given(MASKS)
def test_signed_distance_is_negative_exactly_inside(mask):
    signed = masks.signed_distance_mm(mask, (2.0, 1.0, 0.5))
    assert ((signed < 0) == mask).all()
    assert (np.abs(signed) >= 0.5).all()


@quick
@given(MASKS)
def test_signed_distance_is_that_to_the_nearest_voxel_of_the_other_kind(mask):
    spacing = np.array([2.0, 1.0, 0.5])
    signed = masks.signed_distance_mm(mask, tuple(spacing))
    inside, outside = np.argwhere(mask) * spacing, np.argwhere(~mask) * spacing
    if len(inside) and len(outside):
        apart = np.linalg.norm(inside[:, None] - outside, axis=-1)
        assert -signed[mask] == pytest.approx(apart.min(1))
        assert signed[~mask] == pytest.approx(apart.min(0))


@quick
@given(MASKS)
def test_the_complement_has_the_opposite_signed_distance(mask):
    spacing = (2.0, 1.0, 0.5)
    inside, outside = (masks.signed_distance_mm(m, spacing) for m in (mask, ~mask))
    assert np.array_equal(inside, -outside)


def test_signed_distance_is_in_millimetres():
    mask = np.zeros((3, 3, 3), np.bool_)
    mask[1, 1, 1] = True
    signed = masks.signed_distance_mm(mask, (5.0, 2.0, 1.0))
    assert signed[0, 1, 1] == 5.0
    assert signed[1, 0, 1] == 2.0
    assert signed[1, 1, 1] == -1.0


@quick
@given(MASKS)
def test_a_mask_is_not_offset_to_itself(mask):
    assert masks.boundary_offset_mm(mask, mask, (3.0, 1.0, 2.0)) == 0.0


@pytest.mark.parametrize("wider", [1, 2, 4])
def test_boundary_offset_is_how_much_wider_a_ball_is_drawn(wider):
    spacing = (0.8, 0.8, 0.8)
    looser = masks.boundary_offset_mm(ball(6 + wider), ball(6), spacing)
    tighter = masks.boundary_offset_mm(ball(6), ball(6 + wider), spacing)
    assert looser == pytest.approx(wider * 0.8, abs=0.25)
    assert tighter == pytest.approx(-wider * 0.8, abs=0.25)


def test_boundary_offset_of_empty_masks_is_defined():
    empty, full = np.zeros((1, 4, 4), np.bool_), np.ones((1, 4, 4), np.bool_)
    assert masks.boundary_offset_mm(empty, empty, UNIT) == 0.0
    assert masks.boundary_offset_mm(full, empty, UNIT) == np.inf
    assert masks.boundary_offset_mm(empty, full, UNIT) == -np.inf


@pytest.mark.parametrize(
    "measure",
    [
        masks.to_rle,
        masks.components,
        masks.largest_component,
        masks.fill_holes,
        masks.surface,
        lambda m: masks.surface_points_mm(m, UNIT),
        lambda m: masks.signed_distance_mm(m, UNIT),
        lambda m: masks.boundary_offset_mm(m, m, UNIT),
    ],
)
def test_a_mask_without_three_axes_is_refused(measure):
    with pytest.raises(ShapeError, match=r"mask must have axes \(D, H, W\); got shape \(4, 4\)"):
        measure(np.ones((4, 4), np.bool_))


def test_boundary_offset_refuses_masks_of_different_shape():
    with pytest.raises(ShapeError, match=r"reference must have axes \(D, H, W\) with D = 1"):
        masks.boundary_offset_mm(np.ones((1, 4, 4), np.bool_), np.ones((2, 4, 4), np.bool_), UNIT)
