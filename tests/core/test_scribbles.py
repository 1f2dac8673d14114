"""Simulated scribbles stay in the region they mark and look like strokes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from assent.core import scribbles, simulate
from assent.core.errors import InputError

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(scribbles.KINDS)


def region_of(seed, shape=(1, 60, 72)):
    rng = np.random.default_rng(seed)
    smoothness = [0 if n == 1 else 6 for n in shape]
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), smoothness)
    return np.asarray(noise > np.quantile(noise, rng.uniform(0.2, 0.9)))


def drawn(scribble, shape):
    canvas = np.zeros(shape, np.bool_)
    canvas[tuple(np.array(scribble.points_zyx).T)] = True
    return canvas


@settings(max_examples=50, deadline=None)
@given(seeds, kinds, st.booleans())
def test_a_scribble_is_a_thin_stroke_inside_its_region(seed, kind, positive):
    region = region_of(seed)
    largest = ndimage.label(region)[0] == 1
    rng = np.random.default_rng(seed)
    scribble = scribbles.scribble_in(largest, kind, positive=positive, rng=rng)
    canvas = drawn(scribble, region.shape)
    assert canvas.any()
    assert not (canvas & ~largest).any()
    assert scribble.positive == positive
    pieces = ndimage.label(canvas[0], np.ones((3, 3)))[1]
    assert pieces <= 4 + canvas.sum() / 5
    thick = ndimage.binary_erosion(canvas[0], np.ones((5, 5)))
    assert thick.sum() <= 0.1 * canvas.sum()
    again = scribbles.scribble_in(largest, kind, positive=positive, rng=np.random.default_rng(seed))
    assert again == scribble


@settings(max_examples=30, deadline=None)
@given(seeds, kinds)
def test_a_correcting_scribble_lies_in_the_largest_error(seed, kind):
    reference, mask = region_of(seed), region_of(seed + 1)
    scribble = simulate.next_scribble(mask, reference, kind, rng=np.random.default_rng(seed))
    region, positive = simulate.largest_error(mask, reference)
    assert not (drawn(scribble, mask.shape) & ~region).any()
    assert scribble.positive == positive
    assert simulate.next_scribble(mask, mask, kind, rng=np.random.default_rng(0)) is None


@pytest.mark.parametrize("kind", scribbles.KINDS)
def test_in_a_volume_it_lies_on_the_slice_with_the_largest_area(kind):
    region = np.zeros((5, 30, 30), np.bool_)
    region[1, 10:14, 10:14] = True
    region[3, 5:25, 8:22] = True
    rng = np.random.default_rng(0)
    scribble = scribbles.scribble_in(region, kind, positive=True, rng=rng)
    assert {z for z, _, _ in scribble.points_zyx} == {3}


@pytest.mark.parametrize("kind", scribbles.KINDS)
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 9), (2, 2)])
def test_tiny_regions_get_a_scribble_too(kind, size):
    region = np.zeros((1, 12, 12), np.bool_)
    region[0, 3 : 3 + size[0], 2 : 2 + size[1]] = True
    for seed in range(10):
        rng = np.random.default_rng(seed)
        scribble = scribbles.scribble_in(region, kind, positive=True, rng=rng)
        assert not (drawn(scribble, region.shape) & ~region).any()


def test_a_centreline_runs_along_the_middle_and_a_contour_near_the_border():
    region = np.zeros((1, 41, 121), np.bool_)
    region[0, 5:36, 5:116] = True
    depth = ndimage.distance_transform_edt(region[0])
    reach = {}
    for kind in ("centreline", "contour"):
        points = [
            scribbles.scribble_in(region, kind, positive=True, rng=np.random.default_rng(s))
            for s in range(12)
        ]
        reach[kind] = np.mean([depth[y, x] for s in points for _, y, x in s.points_zyx])
    assert reach["centreline"] > 9
    assert reach["contour"] < 0.75 * reach["centreline"]


def test_strokes_differ_from_one_seed_to_the_next_and_are_broken_sometimes():
    region = np.zeros((1, 64, 64), np.bool_)
    region[0, 8:56, 8:56] = True
    canvases = [
        drawn(
            scribbles.scribble_in(
                region, "contour", positive=True, rng=np.random.default_rng(seed)
            ),
            region.shape,
        )
        for seed in range(12)
    ]
    assert len({canvas.tobytes() for canvas in canvases}) == 12
    pieces = [ndimage.label(canvas[0], np.ones((3, 3)))[1] for canvas in canvases]
    assert max(pieces) > 1
    assert max(pieces) < 12


def test_an_empty_region_and_an_unknown_kind_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="empty"):
        scribbles.scribble_in(np.zeros((1, 4, 4), np.bool_), "line", positive=True, rng=rng)
    with pytest.raises(InputError, match="zigzag"):
        scribbles.scribble_in(np.ones((1, 4, 4), np.bool_), "zigzag", positive=True, rng=rng)
