"""A volume's case becomes its largest axial slice, in its place and spacing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.case import Case, Reference
from assent.core.errors import NotFoundError
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.datasets.folder import open_folder
from assent.datasets.slices import (
    axial_axis,
    axial_slice_case,
    largest_slice,
    slice_image,
    slice_mask,
)

SPACING = np.array([5.0, 2.0, 1.0])


def geometry(shape, order=(0, 1, 2), signs=(1, 1, 1)):
    """A grid whose array axes run along world axes S, P, L in the given order."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    affine[:3, 3] = (10.0, -20.0, 30.0)
    world_row = (2, 1, 0)
    for axis in range(3):
        affine[world_row[order[axis]], axis] = signs[axis] * SPACING[axis]
    return Geometry(shape, affine)


def volume_case(order=(0, 1, 2), signs=(1, 1, 1)):
    """A volume with two raters whose largest slices differ."""
    shape = (6, 7, 8)
    rng = np.random.default_rng(0)
    voxels = rng.normal(size=(1, *shape)).astype(np.float32)
    image = Image(voxels, geometry(shape, order, signs), modality="CT")
    axis = order.index(0)
    masks = {}
    for rater, (small, large) in {"anna": (1, 4), "bela": (4, 2)}.items():
        mask = np.zeros(shape, np.bool_)
        along = np.moveaxis(mask, axis, 0)
        along[small, 2:4, 2:4] = True
        along[large, 1:5, 1:5] = True
        masks[rater] = mask
    references = tuple(Reference("lesion", rater, masks[rater].copy) for rater in masks)
    other = Reference("organ", "anna", np.ones(shape, np.bool_).copy)
    case = Case("007", "set", "P1", "val", lambda: image, (*references, other))
    return case, image, masks, axis


ORDERS = [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_axial_axis_runs_between_feet_and_head(order, sign):
    grid = geometry((3, 4, 5), order, (sign, -sign, sign))
    assert axial_axis(grid) == order.index(0)
    assert grid.orientation[axial_axis(grid)] in "SI"


def test_a_tilted_volume_keeps_its_z_axis():
    tilt = np.deg2rad(25)
    affine = np.eye(4)
    affine[:3, :3] = (
        np.array(
            [
                [0, 0, 1],
                [np.sin(tilt), np.cos(tilt), 0],
                [np.cos(tilt), -np.sin(tilt), 0],
            ]
        )
        * SPACING
    )
    assert axial_axis(Geometry((5, 6, 7), affine)) == 0


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ORDERS), st.integers(0, 2), st.data())
def test_a_slice_keeps_world_positions_and_spacing(order, axis, data):
    shape = (4, 5, 6)
    voxels = np.arange(120, dtype=np.float32).reshape(1, *shape)
    image = Image(voxels, geometry(shape, order, (1, -1, 1)), modality="MR")
    index = data.draw(st.integers(0, shape[axis] - 1))
    cut = slice_image(image, axis, index)
    assert cut.shape_dhw[0] == 1
    assert cut.modality == "MR"
    at = data.draw(st.tuples(*[st.integers(0, n - 1) for n in cut.shape_dhw]))
    rest = [other for other in range(3) if other != axis]
    full = [0, 0, 0]
    full[axis], full[rest[0]], full[rest[1]] = index, at[1], at[2]
    assert cut.voxels[(0, *at)] == voxels[(0, *full)]
    assert np.allclose(cut.geometry.to_world_mm(at), image.geometry.to_world_mm(full))
    spacing = image.geometry.spacing_zyx_mm
    assert cut.geometry.spacing_zyx_mm == tuple(spacing[a] for a in (axis, *rest))


@pytest.mark.parametrize("order", ORDERS)
def test_the_slice_with_the_rater_s_largest_area_is_chosen(order):
    case, image, masks, axis = volume_case(order)
    for rater, index in {"anna": 4, "bela": 2}.items():
        sliced = axial_slice_case(case, "lesion", rater)
        assert (sliced.id, sliced.group, sliced.split) == ("007", "P1", "val")
        shown = sliced.read_image()
        assert np.array_equal(shown.voxels[0, 0], np.moveaxis(image.voxels[0], axis, 0)[index])
        assert [r.rater for r in sliced.references] == ["anna", "bela"]
        for reference in sliced.references:
            expected = slice_mask(masks[reference.rater], axis, index)
            assert np.array_equal(reference.read(), expected)
            assert reference.read().shape == shown.shape_dhw


def test_without_a_rater_the_areas_add_up():
    case, _, masks, _ = volume_case()
    total = sum(mask.astype(int) for mask in masks.values())
    sliced = axial_slice_case(case, "lesion")
    got = sum(r.read().sum() for r in sliced.references)
    assert got == total.sum(axis=(1, 2)).max()


def test_a_2d_case_passes_through_with_its_target_only():
    mask = np.zeros((1, 5, 5), np.bool_)
    image = Image(np.ones((1, 1, 5, 5), np.float32), Geometry.from_spacing((1, 5, 5)))
    references = (Reference("a", "", mask.copy), Reference("b", "", mask.copy))
    case = Case("1", "set", "1", "test", lambda: image, references)
    sliced = axial_slice_case(case, "b")
    assert sliced.read_image() is image
    assert [r.target for r in sliced.references] == ["b"]


def test_an_empty_volume_gives_its_middle_slice():
    assert largest_slice(np.zeros((7, 4, 4), np.bool_), 0) == 3


def test_nothing_is_read_before_it_is_asked_for_and_then_once():
    reads = []
    case, image, _, _ = volume_case()
    counted = Case(
        case.id,
        case.dataset,
        case.group,
        case.split,
        lambda: reads.append("image") or image,
        case.references,
    )
    sliced = axial_slice_case(counted, "lesion")
    assert reads == []
    sliced.read_image()
    sliced.references[0].read()
    assert reads == ["image"]


def test_unknown_targets_and_raters_are_refused():
    case, *_ = volume_case()
    with pytest.raises(NotFoundError, match="lesion, organ"):
        axial_slice_case(case, "spleen")
    with pytest.raises(NotFoundError, match="anna, bela"):
        axial_slice_case(case, "lesion", "carl")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "target"), [("sts_mr_tumour", None), ("totalseg_example_ct", "liver")]
)
def test_real_volumes_give_their_largest_axial_slice(real_data, name, target):
    case = open_folder(real_data / name, label=target).cases()[0]
    reference = case.references[0]
    sliced = axial_slice_case(case, reference.target)
    image, mask = sliced.read_image(), sliced.references[0].read()
    assert image.shape_dhw == mask.shape
    assert mask.shape[0] == 1
    axis = axial_axis(case.read_image().geometry)
    areas = reference.read().sum(axis=tuple(a for a in range(3) if a != axis))
    assert mask.sum() == areas.max()
