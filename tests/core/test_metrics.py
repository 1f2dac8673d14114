"""Agreement of two masks, by properties and against MONAI."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from assent.core import metrics
from assent.core.errors import ShapeError

SHAPES = array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6)
PAIRS = SHAPES.flatmap(lambda s: st.tuples(arrays(np.bool_, s), arrays(np.bool_, s)))
SPACING = (2.5, 1.0, 0.5)
UNIT = (1.0, 1.0, 1.0)
quick = settings(max_examples=50, deadline=None)


def blobs(rng: np.random.Generator, *, slices: int) -> tuple[np.ndarray, np.ndarray]:
    """Two overlapping smooth masks, one of them touching the image's edge."""
    shape = (slices, 24, 20)
    z, y, x = np.indices(shape)
    centre = rng.uniform(0, [slices, 12, 20])
    first = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < 60
    moved = centre + rng.uniform(-3, 3, 3)
    second = (z - moved[0]) ** 2 + (y - moved[1]) ** 2 + 1.5 * (x - moved[2]) ** 2 < 60
    return first, second


@quick
@given(PAIRS)
def test_overlap_is_symmetric_bounded_and_full_for_equal_masks(pair):
    mask, reference = pair
    assert metrics.dice(mask, reference) == metrics.dice(reference, mask)
    assert 0.0 <= metrics.dice(mask, reference) <= 1.0
    assert metrics.dice(mask, mask) == 1.0


@quick
@given(PAIRS)
def test_overlap_does_not_depend_on_the_number_of_axes(pair):
    flat = [mask.ravel() for mask in pair]
    assert metrics.dice(*flat) == metrics.dice(*pair)


@quick
@given(PAIRS)
def test_distances_are_symmetric_and_zero_for_equal_masks(pair):
    mask, reference = pair
    far = metrics.hd95_mm(mask, reference, SPACING)
    assert far == pytest.approx(metrics.hd95_mm(reference, mask, SPACING))
    assert far >= 0.0
    assert metrics.hd95_mm(mask, mask, SPACING) == 0.0


@quick
@given(PAIRS, st.floats(0.1, 10.0))
def test_distances_scale_with_the_voxel(pair, factor):
    scaled = tuple(factor * size for size in SPACING)
    expected = factor * metrics.hd95_mm(*pair, SPACING)
    assert metrics.hd95_mm(*pair, scaled) == pytest.approx(expected)


def test_empty_masks_are_defined():
    empty, full = np.zeros((1, 5, 5), np.bool_), np.ones((1, 5, 5), np.bool_)
    both, one = (empty, empty), (empty, full)
    assert (metrics.dice(*both), metrics.dice(*one)) == (1.0, 0.0)
    assert metrics.hd95_mm(*both, UNIT) == 0.0
    for pair in (one, one[::-1]):
        assert metrics.hd95_mm(*pair, UNIT) == np.inf


def test_two_voxels_are_as_far_apart_as_the_spacing_says():
    one, other = np.zeros((2, 3, 7, 9), np.bool_)
    one[0, 1, 2], other[2, 4, 6] = True, True
    expected = float(np.linalg.norm([2 * 2.5, 3 * 1.0, 4 * 0.5]))
    assert metrics.hd95_mm(one, other, SPACING) == pytest.approx(expected)


def test_a_far_speck_does_not_move_the_95th_percentile():
    mask = np.zeros((1, 60, 60), np.bool_)
    mask[0, 10:30, 10:30] = True
    speck = mask.copy()
    speck[0, 58, 58] = True
    assert metrics.hd95_mm(speck, mask, UNIT) == 0.0
    assert metrics.surface_distances_mm(speck, mask, UNIT)[0].max() > 40.0


@quick
@given(
    st.tuples(st.integers(0, 4), st.integers(0, 4), SHAPES).flatmap(
        lambda n: st.tuples(arrays(np.bool_, (n[0], *n[2])), arrays(np.bool_, (n[1], *n[2])))
    )
)
def test_a_matrix_holds_every_pair(sets):
    masks, others = sets
    values = metrics.iou_matrix(masks, others)
    assert values.shape == (len(masks), len(others))
    for n, k in np.ndindex(values.shape):
        overlap = metrics.dice(masks[n], others[k])
        assert values[n, k] == pytest.approx(overlap / (2 - overlap))


def test_a_matrix_adds_up_over_chunks(monkeypatch):
    rng = np.random.default_rng(1)
    masks, others = rng.random((3, 2, 11, 13)) > 0.5, rng.random((4, 2, 11, 13)) > 0.3
    whole = metrics.iou_matrix(masks, others)
    monkeypatch.setattr(metrics, "_CHUNK", 70)
    assert np.array_equal(metrics.iou_matrix(masks, others), whole)


@pytest.mark.parametrize("slices", [1, 12])
@pytest.mark.filterwarnings("ignore::FutureWarning:monai")
def test_values_are_those_of_monai(slices):
    import monai.metrics as monai  # noqa: PLC0415 - takes seconds to import
    import torch  # noqa: PLC0415 - takes seconds to import

    rng = np.random.default_rng(2)
    for _ in range(6):
        mask, reference = blobs(rng, slices=slices)
        spacing = list(SPACING if slices > 1 else SPACING[1:])
        pair = [
            torch.from_numpy(m if slices > 1 else m[0])[None, None].float()
            for m in (mask, reference)
        ]
        expected = {
            "dice": monai.compute_dice(*pair),
            "hd95": monai.compute_hausdorff_distance(
                *pair, include_background=True, percentile=95, spacing=spacing
            ),
        }
        found = {
            "dice": metrics.dice(mask, reference),
            "hd95": metrics.hd95_mm(mask, reference, SPACING),
        }
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), abs=1e-5), name


def test_masks_of_different_shape_are_refused():
    one, other = np.ones((1, 4, 4), np.bool_), np.ones((1, 4, 5), np.bool_)
    with pytest.raises(ShapeError, match=r"same shape; got \(1, 4, 4\) and \(1, 4, 5\)"):
        metrics.dice(one, other)
    with pytest.raises(ShapeError, match=r"reference must have axes .* got shape \(1, 4, 5\)"):
        metrics.hd95_mm(one, other, UNIT)
    with pytest.raises(ShapeError, match="all axes after the first are equal"):
        metrics.iou_matrix(one, other)
