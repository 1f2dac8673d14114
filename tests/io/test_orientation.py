"""The same phantom lies at the same place, whichever file carries it."""

import numpy as np
import pytest
import SimpleITK

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.io.formats import read_image, read_mask
from assent.io.masks import write_mask

VOLUMES = ["mask.nii", "mask.nii.gz", "mask.nrrd", "mask.mha"]


def _write_with_itk(path, voxels, geometry):
    """Through ITK alone, so that our writers are not their own judge."""
    picture = SimpleITK.GetImageFromArray(voxels)
    spacing = np.array(geometry.spacing_zyx_mm)[::-1]
    picture.SetSpacing(spacing.tolist())
    picture.SetOrigin(geometry.affine[:3, 3].tolist())
    picture.SetDirection((geometry.affine[:3, [2, 1, 0]] / spacing).ravel().tolist())
    SimpleITK.WriteImage(picture, str(path))
    return path


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.mhd"])
def test_volume_formats_keep_voxel_order_and_place(tmp_path, grid, phantom, name):
    image = read_image(_write_with_itk(tmp_path / name, phantom, grid))
    assert np.array_equal(image.voxels[0], phantom)
    assert image.geometry.calibrated
    assert image.geometry.is_close(grid, tolerance_mm=1e-3)
    assert image.geometry.orientation == grid.orientation


def test_marker_lies_at_one_place_in_nifti_nrrd_and_dicom(
    tmp_path, grid, phantom, marker_mm, write_series
):
    paths = [
        _write_with_itk(tmp_path / "a.nii.gz", phantom, grid),
        _write_with_itk(tmp_path / "a.nrrd", phantom, grid),
        write_series(tmp_path / "series", phantom, grid),
    ]
    expected = grid.to_world_mm((1, 2, 6))
    for path in paths:
        image = read_image(path)
        assert np.allclose(marker_mm(image.voxels[0], image.geometry), expected, atol=1e-3)
        assert sorted(image.geometry.spacing_zyx_mm) == pytest.approx(
            sorted(grid.spacing_zyx_mm), abs=1e-4
        )


def test_dicom_agrees_with_itk_voxel_by_voxel(tmp_path, grid, phantom, write_series):
    folder = write_series(tmp_path / "series", phantom, grid)
    image = read_image(folder)
    files = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    picture = SimpleITK.ReadImage(files)
    for z, y, x in [(0, 0, 0), (1, 2, 6), (4, 6, 8), (2, 5, 1)]:
        world = image.geometry.to_world_mm((z, y, x))
        index = picture.TransformPhysicalPointToIndex(world.tolist())
        assert picture.GetPixel(index) == image.voxels[0, z, y, x]


@pytest.mark.parametrize("name", VOLUMES)
def test_masks_survive_write_and_read_in_every_orientation(tmp_path, grid, name):
    mask = np.zeros(grid.shape_dhw, dtype=bool)
    mask[1, 2, 6] = mask[4, 0, 0] = mask[0, 6, 3:5] = True
    write_mask(tmp_path / name, mask, grid)
    assert np.array_equal(read_mask(tmp_path / name), mask)
    assert read_image(tmp_path / name).geometry.is_close(grid, tolerance_mm=1e-3)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", VOLUMES)
def test_itk_finds_our_masks_where_we_put_them(tmp_path, grid, name):
    mask = np.zeros(grid.shape_dhw, dtype=bool)
    mask[1, 2, 6] = True
    write_mask(tmp_path / name, mask, grid)
    picture = SimpleITK.ReadImage(str(tmp_path / name))
    (z,), (y,), (x,) = np.nonzero(SimpleITK.GetArrayFromImage(picture))
    world = picture.TransformIndexToPhysicalPoint((int(x), int(y), int(z)))
    assert np.allclose(world, grid.to_world_mm((1, 2, 6)), atol=1e-3)


@pytest.mark.parametrize("name", VOLUMES)
def test_shear_survives(tmp_path, name):
    affine = np.array(Geometry.from_spacing((4, 5, 6)).affine)
    affine[:3, 0] = (0.0, 0.8, 2.0)
    sheared = Geometry((4, 5, 6), affine)
    mask = np.zeros((4, 5, 6), dtype=bool)
    mask[3, 1, 2] = True
    write_mask(tmp_path / name, mask, sheared)
    assert read_image(tmp_path / name).geometry.is_close(sheared)
    assert np.array_equal(read_mask(tmp_path / name), mask)


def test_mask_of_the_same_size_elsewhere_is_refused(tmp_path, phantom, write_series, grid):
    image = read_image(write_series(tmp_path / "series", phantom, grid))
    moved = image.geometry.affine.copy()
    moved[0, 3] += 5.0
    mask = image.voxels[0] > 100
    write_mask(tmp_path / "m.nii.gz", mask, Geometry(image.shape_dhw, moved))
    with pytest.raises(InputError, match=r"m\.nii\.gz lies elsewhere than its image series"):
        read_mask(tmp_path / "m.nii.gz", like=image)
    write_mask(tmp_path / "m.nii.gz", mask, image.geometry)
    assert np.array_equal(read_mask(tmp_path / "m.nii.gz", like=image), mask)
