"""Masks are written where and how the image is, or not at all."""

import numpy as np
import PIL.Image
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.core.image import from_array
from assent.io.formats import read_mask
from assent.io.masks import MASK_SUFFIXES, mask_suffix, write_mask

SHAPES = st.tuples(st.just(1), st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=20, deadline=None)
@given(mask=SHAPES.flatmap(lambda shape: arrays(bool, shape)))
@pytest.mark.parametrize("suffix", MASK_SUFFIXES)
def test_every_slice_comes_back_from_every_format(tmp_path_factory, suffix, mask):
    path = tmp_path_factory.mktemp("masks") / f"m{suffix}"
    write_mask(path, mask, Geometry.from_spacing(mask.shape, calibrated=False))
    assert np.array_equal(read_mask(path), mask)


@pytest.mark.parametrize("suffix", [s for s in MASK_SUFFIXES if s != ".png"])
def test_volumes_come_back(tmp_path, suffix):
    mask = np.random.default_rng(0).random((3, 4, 5)) > 0.5
    write_mask(tmp_path / f"m{suffix}", mask, Geometry.from_spacing((3, 4, 5), (3, 2, 1)))
    assert np.array_equal(read_mask(tmp_path / f"m{suffix}"), mask)


def test_pictures_are_0_and_255_in_8_bits(tmp_path):
    mask = np.eye(4, 6, dtype=bool)[None]
    grid = Geometry.from_spacing((1, 4, 6))
    write_mask(tmp_path / "m.png", mask, grid)
    with PIL.Image.open(tmp_path / "m.png") as picture:
        assert picture.mode == "L"
        assert picture.size == (6, 4)
        assert np.array_equal(np.asarray(picture), mask[0] * 255)
    write_mask(tmp_path / "m.tif", mask, grid)
    stored = tifffile.imread(tmp_path / "m.tif")
    assert stored.dtype == np.uint8
    assert np.array_equal(np.squeeze(stored), mask[0] * 255)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    mask = np.ones((3, 4, 5), dtype=bool)
    grid = Geometry.from_spacing((3, 4, 5))
    with pytest.raises(InputError, match=r"m\.png cannot hold a mask of 3 slices"):
        write_mask(tmp_path / "m.png", mask, grid)
    with pytest.raises(InputError, match=r"m\.jpg is no name for a mask: expected one of"):
        write_mask(tmp_path / "m.jpg", mask, grid)
    with pytest.raises(InputError, match=r"m\.nii has \(D, H, W\) = \(2, 4, 5\); expected \(3, 4"):
        write_mask(tmp_path / "m.nii", mask[:2], grid)
    (tmp_path / "file").write_text("in the way")
    for suffix in MASK_SUFFIXES:
        with pytest.raises(InputError, match="cannot be written into the folder 'file'"):
            write_mask(tmp_path / "file" / f"m{suffix}", mask[:1], Geometry.from_spacing((1, 4, 5)))
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_mask_of_another_size_is_refused_by_name(tmp_path):
    image = from_array(np.zeros((8, 9)), name="a.png")
    write_mask(tmp_path / "m.png", np.ones((1, 8, 8), bool), Geometry.from_spacing((1, 8, 8)))
    with pytest.raises(
        InputError, match=r"m\.png has .*\(1, 8, 8\); expected \(1, 8, 9\), the size of its image a"
    ):
        read_mask(tmp_path / "m.png", like=image)


def test_empty_and_full_masks_are_masks(tmp_path):
    for value in (False, True):
        mask = np.full((1, 4, 5), value)
        write_mask(tmp_path / "m.png", mask, Geometry.from_spacing((1, 4, 5)))
        assert np.array_equal(read_mask(tmp_path / "m.png"), mask)


def test_suffix_follows_the_image(tmp_path):
    flat, deep = Geometry.from_spacing((1, 4, 5)), Geometry.from_spacing((3, 4, 5))
    expected = {
        ("a.PNG", flat): ".png", ("a.jpeg", flat): ".png", ("a.tiff", deep): ".tif",
        ("a.nii", deep): ".nii.gz", ("a.mhd", deep): ".mha", ("a.nrrd", deep): ".nrrd",
        ("a.dcm", flat): ".nii.gz", ("folder", deep): ".nii.gz",
    }  # fmt: skip
    for (name, grid), suffix in expected.items():
        assert mask_suffix(tmp_path / name, grid) == suffix
