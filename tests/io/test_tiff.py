"""TIFF pictures and stacks of every usual kind."""

import io

import numpy as np
import pytest
import tifffile

from assent.core.errors import FileFormatError, InputError
from assent.io.formats import read_image, read_mask

RNG = np.random.default_rng(5)
STACK = RNG.integers(0, 65536, (5, 7, 9), dtype=np.uint16)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_values_of_any_type_survive(tmp_path, dtype, compression):
    array = RNG.integers(0, 100, (7, 9)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", array, compression=compression)
    assert np.array_equal(read_image(tmp_path / "a.tif").voxels[0, 0], array)


@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"metadata": None}, {"bigtiff": True}])
def test_pages_are_slices(tmp_path, options):
    stack = options | ({"metadata": {"axes": "ZYX"}} if "imagej" in options else {})
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", **stack)
    image = read_image(tmp_path / "a.tif")
    assert image.shape_dhw == (5, 7, 9)
    assert np.array_equal(image.voxels[0], STACK)
    assert not image.geometry.calibrated


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_rgb_and_rgb_stacks(tmp_path, planar):
    array = RNG.integers(0, 256, (4, 7, 9, 3), dtype=np.uint8)
    stored = array if planar == "contig" else np.moveaxis(array, -1, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar)
    assert np.array_equal(read_image(tmp_path / "a.tif").voxels, np.moveaxis(array, -1, 0))


def test_alpha_palette_white_is_zero_and_one_bit(tmp_path):
    rgba = np.dstack([RNG.integers(0, 256, (7, 9, 3)), np.full((7, 9), 255)]).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgba.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    voxels = read_image(tmp_path / "rgba.tif").voxels[:, 0]
    assert np.array_equal(np.moveaxis(voxels, 0, -1), rgba[..., :3])

    index = RNG.integers(0, 4, (7, 9), dtype=np.uint8)
    colours = (RNG.integers(0, 256, (3, 256)) * 257).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", index, photometric="palette", colormap=colours)
    assert np.array_equal(read_image(tmp_path / "p.tif").voxels[:, 0], (colours >> 8)[:, index])

    tifffile.imwrite(tmp_path / "w.tif", STACK[0], photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "w.tif").voxels[0, 0], 65535 - STACK[0])

    bits = STACK[0] > 30000
    tifffile.imwrite(tmp_path / "b.tif", bits, photometric="minisblack")
    assert np.array_equal(read_image(tmp_path / "b.tif").voxels[0, 0], bits * 255)
    assert np.array_equal(read_mask(tmp_path / "b.tif")[0], bits)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_truncated_stack_never_loses_slices_silently(tmp_path, compression):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for page in STACK:
            writer.write(page, photometric="minisblack", compression=compression, metadata=None)
    content = buffer.getvalue()
    for size in range(9, len(content) - 1, max(1, len(content) // 40)):
        (tmp_path / "cut.tif").write_bytes(content[:size])
        try:
            voxels = read_image(tmp_path / "cut.tif").voxels[0]
        except FileFormatError:
            continue
        assert np.array_equal(voxels, STACK)


def test_time_points_channels_and_mixed_pages_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(InputError, match=r"a\.tif holds 5 time points"):
        read_image(path)
    tifffile.imwrite(path, STACK[:, None].repeat(2, 1), imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(InputError, match=r"channels"):
        read_image(path)
    with tifffile.TiffWriter(path) as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, :4], metadata=None)
    with pytest.raises(InputError, match=r"a\.tif has pages of 2 kinds .* one size"):
        read_image(path)


def test_unusual_colour_and_numbers_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    cmyk = RNG.integers(0, 256, (7, 9, 4), dtype=np.uint8)
    tifffile.imwrite(path, cmyk, photometric="separated")
    with pytest.raises(InputError, match=r"a\.tif has the colour model SEPARATED"):
        read_image(path)
    tifffile.imwrite(path, np.ones((7, 9), np.complex64))
    with pytest.raises(InputError, match=r"complex64; expected real numbers"):
        read_image(path)


def test_nan_and_overflow_are_refused_by_name(tmp_path):
    path = tmp_path / "bad.tif"
    for value in (np.nan, np.inf, 1e300):
        array = np.ones((7, 9))
        array[2, 3] = value
        tifffile.imwrite(path, array)
        with pytest.raises(InputError, match=r"bad\.tif has a voxel that is NaN or infinite"):
            read_image(path)
