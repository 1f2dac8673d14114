"""Simulated clicks, boxes, picks and judgements do what a sensible annotator would."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from assent.core import simulate
from assent.core.errors import InputError, ShapeError
from assent.core.mask import components
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click

shapes = st.sampled_from([(1, 9, 11), (1, 1, 7), (4, 6, 5), (3, 1, 8)])
seeds = st.integers(0, 2**32 - 1)


@st.composite
def pairs(draw):
    """A mask and a reference of the same shape."""
    shape = draw(shapes)
    masks = arrays(np.bool_, shape, elements=st.booleans())
    return draw(masks), draw(masks)


def disk(shape, centre, radius):
    grid = np.indices(shape)
    inside = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2
    return np.asarray(inside)


@settings(max_examples=50, deadline=None)
@given(pairs(), seeds)
def test_a_click_lies_in_the_error_and_carries_the_sign_of_the_reference(pair, seed):
    mask, reference = pair
    click = simulate.next_click(mask, reference, rng=np.random.default_rng(seed))
    if np.array_equal(mask, reference):
        assert click is None
        return
    assert mask[click.at_zyx] != reference[click.at_zyx]
    assert click.positive == reference[click.at_zyx]
    again = simulate.next_click(mask, reference, rng=np.random.default_rng(seed))
    assert again == click


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_the_largest_error_is_a_whole_component_and_none_is_larger(pair):
    mask, reference = pair
    error = simulate.largest_error(mask, reference)
    missed, excess = simulate.error_regions(mask, reference)
    sizes = []
    for wrong in (missed, excess):
        labels, count = components(wrong)
        sizes += [int((labels == n).sum()) for n in range(1, count + 1)]
    if not sizes:
        assert error is None
        return
    region, positive = error
    assert components(region)[1] == 1
    assert int(region.sum()) == max(sizes)
    assert (region & (missed if positive else excess)).sum() == region.sum()


@settings(max_examples=40, deadline=None)
@given(arrays(np.bool_, (5, 7, 6), elements=st.booleans()), seeds)
def test_the_centre_click_is_the_deepest_voxel_of_its_component(reference, seed):
    click = simulate.first_click(reference, rng=np.random.default_rng(seed))
    if click is None:
        assert not reference.any()
        return
    labels, _ = components(reference)
    region = labels == labels[click.at_zyx]
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1, 1:-1]
    assert depth[click.at_zyx] == depth[region].max()


def test_the_image_edge_is_a_border_and_a_single_slice_is_not():
    full = np.ones((1, 9, 9), np.bool_)
    click = simulate.first_click(full, rng=np.random.default_rng(0))
    assert click == Click((0, 4, 4), positive=True)


def test_ties_are_broken_at_random_and_only_among_the_deepest():
    bar = np.zeros((1, 7, 40), np.bool_)
    bar[0, 2:5, 3:37] = True
    at = {simulate.first_click(bar, rng=np.random.default_rng(s)).at_zyx for s in range(40)}
    assert len(at) > 5
    assert {y for _, y, _ in at} == {3}


def test_spacing_makes_depth_physical():
    # 3 thick slices of 10 mm against a plate that is 9 voxels of 1 mm wide.
    region = np.zeros((5, 21, 21), np.bool_)
    region[1:4, 6:15, 6:15] = True
    rng = np.random.default_rng(0)
    click = simulate.first_click(region, rng=rng, spacing_zyx_mm=(10.0, 1.0, 1.0))
    assert click.at_zyx[1:] == (10, 10)
    flat = {simulate.first_click(region, rng=np.random.default_rng(s)).at_zyx for s in range(30)}
    assert {z for z, _, _ in flat} == {2}
    assert len({(y, x) for _, y, x in flat}) > 1


def test_the_larger_error_is_corrected_first():
    reference = disk((1, 40, 40), (0, 12, 12), 6)
    mask = disk((1, 40, 40), (0, 28, 28), 9)
    click = simulate.next_click(mask, reference, rng=np.random.default_rng(0))
    assert click == Click((0, 28, 28), positive=False)


def test_the_consensus_click_lies_where_all_raters_agree():
    left, right = disk((1, 40, 40), (0, 20, 16), 9), disk((1, 40, 40), (0, 20, 24), 9)
    for seed in range(10):
        click = simulate.consensus_click([left, right], rng=np.random.default_rng(seed))
        assert (left & right)[click.at_zyx]
        assert click.positive


def test_without_full_agreement_the_majority_decides_then_what_most_share():
    here, there = disk((1, 40, 40), (0, 10, 10), 5), disk((1, 40, 40), (0, 30, 30), 5)
    rng = np.random.default_rng(0)
    assert simulate.consensus_click([here, here, there], rng=rng).at_zyx == (0, 10, 10)
    assert simulate.consensus_click([here, there], rng=rng).at_zyx in {(0, 10, 10), (0, 30, 30)}
    assert simulate.consensus_click([np.zeros_like(here)] * 2, rng=rng) is None
    with pytest.raises(InputError, match="at least one reference"):
        simulate.consensus_click([], rng=rng)


@settings(max_examples=50, deadline=None)
@given(shapes.flatmap(lambda s: arrays(np.bool_, s, elements=st.booleans())))
def test_a_box_is_the_smallest_that_holds_the_reference(reference):
    box = simulate.tight_box(reference)
    if not reference.any():
        assert box is None
        return
    places = np.argwhere(reference)
    assert box == BoundingBox(tuple(places.min(0)), tuple(places.max(0) + 1))


def test_clicking_the_errors_away_reaches_the_reference():
    rng = np.random.default_rng(3)
    reference = ndimage.gaussian_filter(rng.standard_normal((1, 24, 24)), (0, 2, 2)) > 0.05
    mask = np.zeros_like(reference)
    for _ in range(200):
        click = simulate.next_click(mask, reference, rng=rng)
        if click is None:
            break
        mask = mask.copy()
        fixed = disk(mask.shape, click.at_zyx, 3) & (reference == click.positive)
        mask[fixed] = click.positive
    assert np.array_equal(mask, reference)


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.bool_, (3, 1, 5, 6), elements=st.booleans()),
    arrays(np.bool_, (1, 5, 6), elements=st.booleans()),
    seeds,
)
def test_the_pick_is_the_best_and_a_lapse_is_any(candidates, reference, seed):
    rng = np.random.default_rng(seed)
    best = simulate.pick(candidates, reference, rng=rng)
    scores = [dice(c, reference) for c in candidates]
    assert scores[best] == max(scores)
    assert 0 <= simulate.pick(candidates, reference, rng=rng, lapse=1.0) < 3


def test_lapses_happen_as_often_as_said():
    reference = disk((1, 20, 20), (0, 10, 10), 6)
    candidates = np.stack([reference, ~reference, np.roll(reference, 4, axis=2)])
    rng = np.random.default_rng(0)
    picks = [simulate.pick(candidates, reference, rng=rng, lapse=0.3) for _ in range(2000)]
    assert np.mean(np.array(picks) == 0) == pytest.approx(0.7 + 0.3 / 3, abs=0.03)


def test_better_means_that_dice_rises_and_a_tie_is_worse():
    reference = disk((1, 20, 20), (0, 10, 10), 6)
    off = np.roll(reference, 3, axis=1)
    rng = np.random.default_rng(0)
    assert simulate.judge(off, reference, reference, rng=rng) == "better"
    assert simulate.judge(reference, off, reference, rng=rng) == "worse"
    assert simulate.judge(off, off, reference, rng=rng) == "worse"
    assert simulate.judge(off, reference, reference, rng=rng, flip=1.0) == "worse"


def test_what_cannot_be_answered_is_refused():
    rng = np.random.default_rng(0)
    reference = np.ones((1, 3, 3), np.bool_)
    with pytest.raises(InputError, match="at least one candidate"):
        simulate.pick(np.zeros((0, 1, 3, 3), np.bool_), reference, rng=rng)
    with pytest.raises(InputError, match="between 0 and 1"):
        simulate.lapses(1.5, rng=rng)
    with pytest.raises(InputError, match="empty"):
        simulate.click_in(~reference, positive=True, rng=rng)
    with pytest.raises(ShapeError):
        simulate.next_click(np.zeros((1, 2, 3), np.bool_), reference, rng=rng)
