"""Images refuse what is not an image and know themselves by their content."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core.errors import InputError, ShapeError
from assent.core.geometry import Geometry
from assent.core.image import Image, from_array

GRID = Geometry.from_spacing((2, 3, 4), (3.0, 2.0, 1.0))
VOXELS = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)


@settings(max_examples=40, deadline=None)
@given(arrays(np.int16, st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(4, 7))))
def test_arrays_keep_every_value_at_its_index(array):
    image = from_array(array)
    assert image.shape_dhw == array.shape
    assert np.array_equal(image.voxels[0], array)
    assert image.is_volume == (array.shape[0] > 1)
    assert image.voxels.dtype == np.float32


def test_pictures_become_one_slice():
    rgb = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = from_array(rgb)
    assert image.voxels.shape == (3, 1, 5, 6)
    assert np.array_equal(image.voxels[:, 0], np.moveaxis(rgb, -1, 0))
    assert not image.geometry.calibrated
    assert from_array(rgb[..., 0], spacing_zyx_mm=(1.0, 0.5, 0.5)).geometry.calibrated
    with pytest.raises(InputError, match="has 4 axes; expected"):
        from_array(np.zeros((2, 2, 2, 2)))


def test_what_is_no_image_is_refused_by_name():
    cases = [
        (np.zeros((2, 2, 3, 4)), "case has 2 channels; expected 1 .* or 3"),
        (np.where(VOXELS == 5, np.nan, VOXELS), "case has a voxel that is NaN or infinite"),
        (np.where(VOXELS > 21, -np.inf, VOXELS), "case has 2 voxels that are NaN"),
    ]
    for voxels, message in cases:
        with pytest.raises(InputError, match=message):
            Image(voxels.astype(np.float32), GRID, name="case")
    with pytest.raises(ShapeError, match="D = 2"):
        Image(VOXELS[:, :1], GRID)
    empty = Geometry((0, 3, 4), GRID.affine)
    with pytest.raises(InputError, match="no voxels"):
        Image(np.zeros((1, 0, 3, 4), np.float32), empty)


def test_voxels_are_read_only_but_the_callers_array_stays_writable():
    voxels = VOXELS.copy()
    image = Image(voxels, GRID)
    with pytest.raises(ValueError, match="read-only"):
        image.voxels[0, 0, 0, 0] = 1
    assert voxels.flags.writeable


def test_equal_content_has_equal_ids_whatever_the_name():
    first = Image(VOXELS, GRID, name="a", modality="CT")
    assert Image(VOXELS.copy(), GRID, name="b").content_id == first.content_id
    changed = VOXELS.copy()
    changed[0, 1, 2, 3] += 1
    moved = np.array(GRID.affine)
    moved[0, 3] = 1
    others = [
        Image(changed, GRID),
        Image(VOXELS, Geometry(GRID.shape_dhw, moved)),
        Image(VOXELS, Geometry(GRID.shape_dhw, GRID.affine, calibrated=False)),
        Image(VOXELS.reshape(1, 2, 4, 3), Geometry.from_spacing((2, 4, 3), (3.0, 2.0, 1.0))),
    ]
    assert len({image.content_id for image in [first, *others]}) == 5


def test_memory_layout_does_not_change_the_id():
    turned = np.asfortranarray(VOXELS)
    assert Image(turned, GRID).content_id == Image(VOXELS, GRID).content_id
