"""A DICOM SEG lies where its series lies."""

import numpy as np
import pydicom
import pytest
from highdicom.seg import segread
from pydicom.data import get_testdata_file

from assent.core.errors import InputError
from assent.core.geometry import Geometry
from assent.io.dicom_seg import write_dicom_seg
from assent.io.formats import read_image, read_mask


@pytest.fixture
def series(tmp_path, write_series, grid, phantom):
    return write_series(tmp_path / "series", phantom, grid)


def test_a_series_beside_its_seg_is_still_one_series(series):
    image = read_image(series)
    write_dicom_seg(series / "seg.dcm", image.voxels[0] > 100, list(series.iterdir()))
    assert np.array_equal(read_image(series).voxels, image.voxels)


def test_mask_survives_in_every_orientation(tmp_path, series):
    image = read_image(series)
    mask = np.zeros(image.shape_dhw, dtype=bool)
    mask[1, 2, 6] = mask[3, 0, :4] = True
    files = sorted(series.iterdir(), reverse=True)
    write_dicom_seg(tmp_path / "out" / "seg.dcm", mask, files)
    assert np.array_equal(read_mask(tmp_path / "out" / "seg.dcm", like=image), mask)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["seg.dcm"]


def test_highdicom_finds_it_at_the_same_world_position(tmp_path, series, grid):
    image = read_image(series)
    at = np.unravel_index(int(np.argmax(image.voxels[0])), image.shape_dhw)
    mask = np.zeros(image.shape_dhw, dtype=bool)
    mask[at] = True
    mask[0, 0, 0] = mask[-1, -1, -1] = True
    write_dicom_seg(tmp_path / "seg.dcm", mask, list(series.iterdir()), label="lesion")
    segmentation = segread(tmp_path / "seg.dcm")
    volume = segmentation.get_volume(combine_segments=True)
    found = [volume.map_indices_to_reference(i[None])[0] for i in np.argwhere(volume.array)]
    expected = image.geometry.to_world_mm(np.argwhere(mask))
    distances = np.linalg.norm(np.array(found)[:, None] - expected[None], axis=-1)
    assert distances.shape == (3, 3)
    assert distances.min(axis=1).max() < 1e-3
    assert np.allclose(grid.to_world_mm((1, 2, 6)), image.geometry.to_world_mm(at), atol=1e-3)


def test_it_refers_to_its_source_and_patient(tmp_path, series):
    image = read_image(series)
    write_dicom_seg(tmp_path / "seg.dcm", image.voxels[0] > 100, list(series.iterdir()))
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    source = pydicom.dcmread(next(series.iterdir()))
    assert seg.SegmentationType == "BINARY"
    assert seg.StudyInstanceUID == source.StudyInstanceUID
    assert seg.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert seg.PatientID == source.PatientID
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    referenced = {
        i.ReferencedSOPInstanceUID
        for i in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert referenced <= {pydicom.dcmread(p).SOPInstanceUID for p in series.iterdir()}


def test_single_real_slice(tmp_path):
    path = get_testdata_file("CT_small.dcm")
    image = read_image(type(tmp_path)(path))
    mask = image.voxels[0] > 500
    write_dicom_seg(tmp_path / "seg.dcm", mask, [type(tmp_path)(path)])
    assert np.array_equal(read_mask(tmp_path / "seg.dcm", like=image), mask)


def test_bad_input(tmp_path, series, write_slice):
    image = read_image(series)
    files = list(series.iterdir())
    out = tmp_path / "seg.dcm"
    with pytest.raises(InputError, match=r"seg\.dcm is empty; expected at least one voxel"):
        write_dicom_seg(out, np.zeros(image.shape_dhw, bool), files)
    with pytest.raises(InputError, match=r"seg\.dcm has \(D, H, W\) = \(2, 7, 9\); expected"):
        write_dicom_seg(out, np.ones((2, 7, 9), bool), files)
    lost = write_slice(tmp_path / "lost.dcm", np.ones((7, 9), np.int16), FrameOfReferenceUID=None)
    with pytest.raises(InputError, match=r"lost\.dcm lacks FrameOfReferenceUID"):
        write_dicom_seg(out, np.ones((1, 7, 9), bool), [lost])
    assert not out.exists()
    write_dicom_seg(out, image.voxels[0] > 100, files)
    with pytest.raises(InputError, match=r"seg\.dcm is a DICOM SEG"):
        read_mask(out)
    other = Geometry.from_spacing(image.shape_dhw)
    with pytest.raises(InputError, match=r"seg\.dcm has a frame that lies on no slice"):
        read_mask(out, like=type(image)(image.voxels, other))
