"""NRRD and MetaImage files, good and bad."""

import numpy as np
import pytest
import SimpleITK

from assent.core.errors import FileFormatError, InputError
from assent.io.formats import read_image

ARRAY = np.random.default_rng(0).integers(-500, 500, (5, 7, 9)).astype(np.int16)


def _nrrd(path, *lines, shape=(9, 7, 5)):
    header = ["NRRD0004", "type: short", "dimension: 3", f"sizes: {' '.join(map(str, shape))}",
              "encoding: raw", "endian: little", *lines]  # fmt: skip
    path.write_bytes("\n".join(header).encode() + b"\n\n" + ARRAY.tobytes())
    return path


def _mha(path, *lines):
    header = ["ObjectType = Image", "NDims = 3", "DimSize = 9 7 5", "ElementType = MET_SHORT",
              "BinaryData = True", "BinaryDataByteOrderMSB = False", *lines]  # fmt: skip
    path.write_bytes("\n".join([*header, "ElementDataFile = LOCAL\n"]).encode() + ARRAY.tobytes())
    return path


def test_files_without_spacing_are_uncalibrated(tmp_path):
    for path in (_nrrd(tmp_path / "a.nrrd"), _mha(tmp_path / "a.mha")):
        image = read_image(path)
        assert np.array_equal(image.voxels[0], ARRAY)
        assert not image.geometry.calibrated


def test_stated_spacing_calibrates(tmp_path):
    paths = [
        _nrrd(tmp_path / "a.nrrd", "spacings: 0.5 0.25 2"),
        _mha(tmp_path / "a.mha", "ElementSpacing = 0.5 0.25 2"),
        _nrrd(tmp_path / "b.nrrd", "space: left-posterior-superior",
              "space directions: (0.5,0,0) (0,0.25,0) (0,0,2)"),
    ]  # fmt: skip
    for path in paths:
        geometry = read_image(path).geometry
        assert geometry.calibrated
        assert np.allclose(geometry.spacing_zyx_mm, (2, 0.25, 0.5))


def test_nrrd_in_ras_is_turned_to_lps_once(tmp_path):
    path = _nrrd(
        tmp_path / "a.nrrd",
        "space: right-anterior-superior",
        "space directions: (0.5,0,0) (0,0.25,0) (0,0,2)",
        "space origin: (10,20,30)",
    )
    geometry = read_image(path).geometry
    assert np.allclose(geometry.to_world_mm((0, 0, 0)), (-10, -20, 30))
    assert geometry.orientation == "SAR"


def test_spacing_of_zero_is_refused(tmp_path):
    paths = [
        _nrrd(tmp_path / "bad.nrrd", "spacings: 0.5 0 2"),
        _mha(tmp_path / "bad.mha", "ElementSpacing = 0.5 0 2"),
    ]
    for path in paths:
        with pytest.raises(InputError, match=rf"{path.name} states a spacing of 0.5 x 0 x 2 mm"):
            read_image(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.6, 0.95])
def test_truncated_files_say_so(tmp_path, suffix, compressed, share):
    path = tmp_path / f"cut{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ARRAY), str(path), useCompression=compressed)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileFormatError, match=rf"cut{suffix} cannot be read .* [Cc]opy it again"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_rgb_is_read_and_other_vectors_and_frames_are_refused(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    rgb = np.random.default_rng(1).integers(0, 256, (5, 7, 9, 3), dtype=np.uint8)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(rgb, isVector=True), str(path))
    assert np.array_equal(read_image(path).voxels, np.moveaxis(rgb, -1, 0))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(rgb[..., :2], isVector=True), str(path))
    with pytest.raises(InputError, match=r"2 components per voxel; expected 1 .* or 3"):
        read_image(path)
    frames = SimpleITK.JoinSeries([SimpleITK.GetImageFromArray(ARRAY)] * 3)
    SimpleITK.WriteImage(frames, str(path))
    with pytest.raises(InputError, match=r"has 4 axes, 9 x 7 x 5 x 3, that is 3 frames"):
        read_image(path)


def test_2d_files_are_one_slice(tmp_path):
    for suffix in (".nrrd", ".mha"):
        picture = SimpleITK.GetImageFromArray(ARRAY[0])
        picture.SetSpacing((0.5, 0.25))
        path = tmp_path / f"a{suffix}"
        SimpleITK.WriteImage(picture, str(path))
        image = read_image(path)
        assert np.array_equal(image.voxels[0, 0], ARRAY[0])
        assert image.geometry.spacing_zyx_mm == (1.0, 0.25, 0.5)


def test_mhd_finds_its_raw_file_and_misses_it_politely(tmp_path):
    path = tmp_path / "a.mhd"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ARRAY), str(path))
    assert np.array_equal(read_image(path).voxels[0], ARRAY)
    (tmp_path / "a.raw").unlink()
    with pytest.raises(FileFormatError, match=r"a\.mhd cannot be read"):
        read_image(path)


def test_result_does_not_live_in_memory_of_itk(tmp_path):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ARRAY), str(tmp_path / "a.mha"))
    images = [read_image(tmp_path / "a.mha") for _ in range(20)]
    assert all(np.array_equal(image.voxels[0], ARRAY) for image in images)
