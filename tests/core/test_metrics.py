"""Agreement of two masks, by properties and against MONAI and surface-distance."""

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


def cube(at: int, *, side: int = 4) -> np.ndarray:
    mask = np.zeros((30, 12, 12), np.bool_)
    mask[at : at + side, 4 : 4 + side, 4 : 4 + side] = True
    return mask


@quick
@given(PAIRS)
def test_overlap_is_symmetric_bounded_and_full_for_equal_masks(pair):
    mask, reference = pair
    for measure in (metrics.dice, metrics.iou):
        assert measure(mask, reference) == measure(reference, mask)
        assert 0.0 <= measure(mask, reference) <= 1.0
        assert measure(mask, mask) == 1.0


@quick
@given(PAIRS)
def test_dice_and_iou_say_the_same_on_two_scales(pair):
    jaccard = metrics.iou(*pair)
    assert metrics.dice(*pair) == pytest.approx(2 * jaccard / (1 + jaccard))


@quick
@given(PAIRS)
def test_overlap_does_not_depend_on_the_number_of_axes(pair):
    flat = [mask.ravel() for mask in pair]
    assert metrics.dice(*flat) == metrics.dice(*pair)
    assert metrics.iou(*flat) == metrics.iou(*pair)


@quick
@given(PAIRS)
def test_distances_are_symmetric_and_zero_for_equal_masks(pair):
    mask, reference = pair
    for measure in (metrics.hd95_mm, metrics.assd_mm):
        assert measure(mask, reference, SPACING) == pytest.approx(measure(reference, mask, SPACING))
        assert measure(mask, reference, SPACING) >= 0.0
        assert measure(mask, mask, SPACING) == 0.0


@quick
@given(PAIRS, st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_surface_dice_is_symmetric_and_grows_with_the_tolerance(pair, one, other):
    mask, reference = pair
    values = [metrics.nsd(mask, reference, SPACING, tolerance_mm=t) for t in sorted((one, other))]
    assert 0.0 <= values[0] <= values[1] <= 1.0
    assert values[0] == metrics.nsd(reference, mask, SPACING, tolerance_mm=min(one, other))
    assert metrics.nsd(mask, mask, SPACING, tolerance_mm=0.0) == 1.0


@quick
@given(PAIRS, st.floats(0.1, 10.0))
def test_distances_scale_with_the_voxel(pair, factor):
    scaled = tuple(factor * size for size in SPACING)
    for measure in (metrics.hd95_mm, metrics.assd_mm):
        assert measure(*pair, scaled) == pytest.approx(factor * measure(*pair, SPACING))


def test_empty_masks_are_defined():
    empty, full = np.zeros((1, 5, 5), np.bool_), np.ones((1, 5, 5), np.bool_)
    both, one = (empty, empty), (empty, full)
    assert metrics.dice(*both) == metrics.iou(*both) == 1.0
    assert metrics.dice(*one) == metrics.iou(*one) == 0.0
    assert metrics.hd95_mm(*both, UNIT) == metrics.assd_mm(*both, UNIT) == 0.0
    for pair in (one, one[::-1]):
        assert metrics.hd95_mm(*pair, UNIT) == metrics.assd_mm(*pair, UNIT) == np.inf
        assert metrics.nsd(*pair, UNIT, tolerance_mm=100.0) == 0.0
    assert metrics.nsd(*both, UNIT, tolerance_mm=0.0) == 1.0


def test_two_voxels_are_as_far_apart_as_the_spacing_says():
    one, other = np.zeros((2, 3, 7, 9), np.bool_)
    one[0, 1, 2], other[2, 4, 6] = True, True
    expected = float(np.linalg.norm([2 * 2.5, 3 * 1.0, 4 * 0.5]))
    assert metrics.hd95_mm(one, other, SPACING) == pytest.approx(expected)
    assert metrics.assd_mm(one, other, SPACING) == pytest.approx(expected)
    assert metrics.nsd(one, other, SPACING, tolerance_mm=expected - 0.01) == 0.0
    assert metrics.nsd(one, other, SPACING, tolerance_mm=expected + 0.01) == 1.0


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
        assert values[n, k] == metrics.iou(masks[n], others[k])


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
            "iou": monai.compute_iou(*pair),
            "hd95": monai.compute_hausdorff_distance(
                *pair, include_background=True, percentile=95, spacing=spacing
            ),
            "assd": monai.compute_average_surface_distance(
                *pair, include_background=True, symmetric=True, spacing=spacing
            ),
            "nsd": monai.compute_surface_dice(
                *pair, class_thresholds=[1.2], include_background=True, spacing=spacing
            ),
        }
        found = {
            "dice": metrics.dice(mask, reference),
            "iou": metrics.iou(mask, reference),
            "hd95": metrics.hd95_mm(mask, reference, SPACING),
            "assd": metrics.assd_mm(mask, reference, SPACING),
            "nsd": metrics.nsd(mask, reference, SPACING, tolerance_mm=1.2),
        }
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), abs=1e-5), name


@pytest.mark.parametrize("slices", [1, 12])
def test_surface_dice_is_close_to_the_area_weighted_one(slices):
    """surface-distance weighs triangles between voxel corners; ours counts surface voxels.

    So the two agree where everything or nothing is near, and roughly in between.
    """
    surface_distance = pytest.importorskip("surface_distance")

    def by_area(mask, reference, tolerance_mm):
        axes = 3 if len(mask) > 1 else 2
        pair = [m if axes == 3 else m[0] for m in (reference, mask)]
        distances = surface_distance.compute_surface_distances(*pair, UNIT[:axes])
        return surface_distance.compute_surface_dice_at_tolerance(distances, tolerance_mm)

    rng = np.random.default_rng(3)
    for _ in range(4):
        mask, reference = blobs(rng, slices=slices)
        for tolerance in (1.0, 2.0, 3.0):
            ours = metrics.nsd(mask, reference, UNIT, tolerance_mm=tolerance)
            assert ours == pytest.approx(by_area(mask, reference, tolerance), abs=0.2)
        assert metrics.nsd(mask, reference, UNIT, tolerance_mm=100.0) == 1.0
        assert by_area(mask, reference, 100.0) == pytest.approx(1.0)
    near, far = cube(2), cube(20)
    assert metrics.nsd(near, far, UNIT, tolerance_mm=2.0) == by_area(near, far, 2.0) == 0.0
    assert metrics.nsd(near, near, UNIT, tolerance_mm=0.5) == by_area(near, near, 0.5) == 1.0


def test_masks_of_different_shape_are_refused():
    one, other = np.ones((1, 4, 4), np.bool_), np.ones((1, 4, 5), np.bool_)
    for measure in (metrics.dice, metrics.iou):
        with pytest.raises(ShapeError, match=r"same shape; got \(1, 4, 4\) and \(1, 4, 5\)"):
            measure(one, other)
    for measure in (metrics.hd95_mm, metrics.assd_mm):
        with pytest.raises(ShapeError, match=r"reference must have axes .* got shape \(1, 4, 5\)"):
            measure(one, other, UNIT)
    with pytest.raises(ShapeError, match="reference must have axes"):
        metrics.nsd(one, other, UNIT, tolerance_mm=1.0)
    with pytest.raises(ShapeError, match="all axes after the first are equal"):
        metrics.iou_matrix(one, other)
