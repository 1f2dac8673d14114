"""Every image ends up in [0, 1] without changing what is brighter than what."""

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core.geometry import Geometry
from assent.core.image import Image, from_array
from assent.core.intensity import CT_WINDOWS_HU, to_gray_unit, to_rgb_unit, to_unit, window

images = arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(4, 7)),
    elements=st.floats(-1e6, 1e6, width=32),
).map(from_array)  # fmt: skip


def _ct(voxels):
    array = np.asarray(voxels, dtype=np.float32)[None, None]
    return Image(array, Geometry.from_spacing(array.shape[1:]), modality="CT")


@settings(max_examples=50, deadline=None)
@given(images)
def test_result_is_in_the_unit_interval_and_monotone(image):
    unit = to_unit(image)
    assert unit.shape == image.voxels.shape
    assert unit.dtype == np.float32
    assert unit.min() >= 0
    assert unit.max() <= 1
    order = np.argsort(image.voxels, axis=None, kind="stable")
    assert (np.diff(unit.ravel()[order]) >= 0).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-9, 1e6), st.floats(-10, 10))
def test_unit_and_offset_of_the_scale_do_not_matter(scale, offset):
    picture = skimage.data.camera()[::16, ::16].astype(np.float64)
    plain = to_unit(from_array(picture))
    changed = to_unit(from_array((picture + offset) * scale))
    assert np.allclose(plain, changed, atol=2e-3)
    assert plain.std() > 0.1


def test_constant_images_are_zero_and_not_nan():
    for value in (0.0, 255.0, -1e-9, 3e38):
        assert not to_unit(from_array(np.full((5, 6), value))).any()


def test_a_few_bright_pixels_on_black_stay_visible():
    array = np.zeros((100, 100))
    array[3, 4:8] = 200
    assert np.array_equal(to_unit(from_array(array))[0, 0] > 0.5, array > 0)


def test_channels_share_one_scale_so_that_colours_stay():
    rgb = skimage.data.astronaut()[::8, ::8]
    unit = to_unit(from_array(rgb))[:, 0]
    clear = (unit > 0.1).all(axis=0) & (unit < 0.99).all(axis=0)
    given_order = np.argsort(np.moveaxis(rgb, -1, 0)[:, clear], axis=0, kind="stable")
    assert np.array_equal(np.argsort(unit[:, clear], axis=0, kind="stable"), given_order)


def test_gray_is_repeated_and_rgb_becomes_luminance():
    gray = from_array(np.arange(20.0).reshape(4, 5))
    rgb = to_rgb_unit(gray)
    assert rgb.shape == (3, 1, 4, 5)
    assert (rgb == rgb[0]).all()
    assert np.array_equal(to_gray_unit(gray), to_unit(gray)[0])
    neutral = from_array(np.repeat(np.arange(20, dtype=np.uint8).reshape(4, 5, 1), 3, axis=-1))
    assert np.allclose(to_gray_unit(neutral), to_unit(neutral)[0], atol=1e-6)


def test_ct_in_hu_gets_a_fixed_window_whatever_else_is_in_the_picture():
    rng = np.random.default_rng(0)
    body = rng.normal(40, 20, (40, 40))
    body[:10] = -1000
    low, high = CT_WINDOWS_HU["soft tissue"]
    expected = np.clip((body - low) / (high - low), 0, 1)
    assert np.allclose(to_unit(_ct(body))[0, 0], expected, atol=1e-5)
    with_metal = body.copy()
    with_metal[-1] = 3000
    assert np.allclose(to_unit(_ct(with_metal))[0, 0, :-1], expected[:-1], atol=1e-5)


def test_ct_of_lungs_shows_lung():
    rng = np.random.default_rng(0)
    chest = np.where(rng.random((40, 40)) < 0.5, -800.0, 40.0)
    chest[:4] = -1000
    unit = to_unit(_ct(chest))[0, 0]
    assert 0.2 < unit[chest == -800].mean() < 0.6


def test_ct_that_was_windowed_before_is_scaled_like_any_other():
    picture = skimage.data.camera()[::8, ::8].astype(np.float64)
    assert np.array_equal(to_unit(_ct(picture)), to_unit(from_array(picture)))


@settings(max_examples=30, deadline=None)
@given(images, st.floats(-1000, 1000), st.floats(1, 2000))
def test_window_maps_its_ends_to_0_and_1(image, low, width):
    shown = window(image, low, low + width)
    assert (shown[image.voxels <= low] == 0).all()
    assert shown[image.voxels >= low + width * 1.001] == pytest.approx(1)
