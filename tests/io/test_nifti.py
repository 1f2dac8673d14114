"""NIfTI headers in all their moods."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.testing import data_path

from assent.core.errors import FileFormatError, InputError
from assent.io.formats import read_image, read_mask

SAMPLES = Path(str(data_path))


def _save(path, array, affine=None, **header):
    nifti = nibabel.Nifti1Image(array, affine)
    for key, value in header.items():
        nifti.header[key] = value
    # Straight to the header: nibabel's own setters would repair what we break on purpose.
    nifti.to_filename(path)
    return path


def _patch_pixdim(path, sizes):
    content = bytearray(path.read_bytes())
    content[80:92] = np.array(sizes, "<f4").tobytes()
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["anatomical.nii", "standard.nii.gz", "reoriented_anat_moved.nii"])
def test_real_files_agree_with_nibabel_in_values_and_place(name):
    nifti = nibabel.load(SAMPLES / name)
    image = read_image(SAMPLES / name)
    array = np.asarray(nifti.dataobj, dtype=np.float32)
    for i, j, k in [(0, 0, 0), (1, 2, 3), tuple(n - 1 for n in array.shape)]:
        assert image.voxels[0, k, j, i] == array[i, j, k]
        ras = nifti.affine @ (i, j, k, 1)
        lps = ras[:3] * (-1, -1, 1)
        assert np.allclose(image.geometry.to_world_mm((k, j, i)), lps, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "frames"),
    [("example4d.nii.gz", 2), ("functional.nii", 20), ("example_nifti2.nii.gz", 2)],
)
def test_4d_is_refused_with_the_number_of_frames(name, frames):
    with pytest.raises(InputError, match=rf"{name} has 4 axes, .* {frames} frames; .*slicer"):
        read_image(SAMPLES / name)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 6), (4, 5, 6, 1), (4, 5, 6, 1, 1), (4, 5, 1)])
def test_trailing_axes_of_size_one_are_dropped(tmp_path, shape):
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    path = _save(tmp_path / "a.nii", array, np.diag([1.0, 2.0, 3.0, 1.0]))
    image = read_image(path)
    depth = shape[2] if len(shape) > 2 else 1
    assert image.shape_dhw == (depth, 5, 4)
    assert np.array_equal(image.voxels[0], array.reshape(4, 5, depth).T)


def test_slope_and_intercept_are_applied(tmp_path):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nifti = nibabel.Nifti1Image(array, np.eye(4))
    nifti.header.set_slope_inter(2.5, -100)
    nifti.to_filename(tmp_path / "a.nii.gz")
    stored = np.asarray(nibabel.load(tmp_path / "a.nii.gz").dataobj)
    image = read_image(tmp_path / "a.nii.gz")
    assert np.allclose(image.voxels[0], stored.T)
    assert image.voxels.min() == -100


def test_qform_places_where_there_is_no_sform(tmp_path):
    affine = np.array([[0, -2.0, 0, 5], [1.5, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])
    nifti = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), None)
    nifti.set_qform(affine, code=1)
    nifti.set_sform(None, code=0)
    nifti.to_filename(tmp_path / "a.nii")
    geometry = read_image(tmp_path / "a.nii").geometry
    assert np.allclose(geometry.to_world_mm((0, 0, 0)), (-5, -6, 7), atol=1e-4)
    assert np.allclose(geometry.spacing_zyx_mm, (3, 2, 1.5), atol=1e-5)


def test_without_placement_the_voxel_size_remains(tmp_path):
    path = _save(
        tmp_path / "a.nii", np.zeros((4, 5, 6), np.int16), pixdim=[1, 0.5, 0.6, 2] + [0] * 4
    )
    geometry = read_image(path).geometry
    assert geometry.calibrated
    assert np.allclose(geometry.spacing_zyx_mm, (2, 0.6, 0.5))


def test_units_of_micron_and_metre_become_mm(tmp_path):
    for unit, factor in [("micron", 1e-3), ("meter", 1e3)]:
        nifti = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.diag([2.0, 3.0, 4.0, 1.0]))
        nifti.header.set_xyzt_units(unit)
        nifti.to_filename(tmp_path / "a.nii")
        spacing = read_image(tmp_path / "a.nii").geometry.spacing_zyx_mm
        assert np.allclose(spacing, np.array([4, 3, 2]) * factor)


def test_missing_spacing(tmp_path):
    path = _save(tmp_path / "a.nii", np.zeros((4, 5, 6), np.int16))
    _patch_pixdim(path, [0, 0, 0])
    assert not read_image(path).geometry.calibrated
    _patch_pixdim(path, [0.5, 0, 2])
    with pytest.raises(InputError, match=r"a\.nii states a voxel size of 0.5 x 0 x 2 mm; .*pixdim"):
        read_image(path)


def test_single_slice_needs_no_spacing_across(tmp_path):
    path = _save(tmp_path / "a.nii", np.zeros((4, 5, 1), np.int16))
    _patch_pixdim(path, [0.5, 0.25, 0])
    geometry = read_image(path).geometry
    assert geometry.calibrated
    assert geometry.spacing_zyx_mm == (1.0, 0.25, 0.5)


def test_singular_and_nan_affines_name_the_file(tmp_path):
    for value in (0.0, np.nan):
        affine = np.eye(4)
        affine[0, 0] = value
        path = tmp_path / "flat.nii"
        nifti = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4))
        nifti.header["srow_x"] = affine[0]
        nifti.header["sform_code"] = 1
        content = bytearray(nifti.to_bytes())
        content[280:296] = affine[0].astype("<f4").tobytes()
        path.write_bytes(bytes(content))
        with pytest.raises(InputError, match=r"flat\.nii states axes .* no volume"):
            read_image(path)


def test_rgb_is_read_and_complex_is_refused(tmp_path):
    rgb = np.zeros((4, 5, 6), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["G"][1, 2, 3] = 9
    image = read_image(_save(tmp_path / "a.nii", rgb, np.eye(4)))
    assert image.voxels.shape == (3, 6, 5, 4)
    assert image.voxels[1, 3, 2, 1] == 9
    assert image.voxels.sum() == 9
    path = _save(tmp_path / "c.nii", np.zeros((4, 5, 6), np.complex64), np.eye(4))
    with pytest.raises(InputError, match=r"c\.nii has values of type complex64"):
        read_image(path)


def test_nan_voxels_are_refused_by_name(tmp_path):
    array = np.zeros((4, 5, 6), np.float32)
    array[0, 0, :2] = np.nan
    path = _save(tmp_path / "nan.nii.gz", array, np.eye(4))
    with pytest.raises(InputError, match=r"nan\.nii\.gz has 2 voxels that are NaN"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_truncated_files_say_so(tmp_path, suffix, share):
    array = np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16)
    path = _save(tmp_path / f"cut{suffix}", array, np.eye(4))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileFormatError, match=rf"cut{suffix} cannot be read .* [Cc]opy it again"):
        read_image(path)


def test_header_that_announces_too_much_is_refused_unread(tmp_path):
    path = _save(tmp_path / "huge.nii", np.zeros((4, 5, 6), np.int16), np.eye(4))
    content = bytearray(path.read_bytes())
    content[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"huge\.nii has 30000 x 30000 x 30000 values; at most"):
        read_image(path)


def test_labels_of_any_type_are_foreground(tmp_path):
    for dtype in (np.uint8, np.int16, np.float32, np.float64):
        array = np.zeros((4, 5, 6), dtype)
        array[1, 2, 3], array[3, 0, 5] = 7, 1
        mask = read_mask(_save(tmp_path / "m.nii.gz", array, np.eye(4)))
        assert np.argwhere(mask).tolist() == [[3, 2, 1], [5, 0, 3]]
