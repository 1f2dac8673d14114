"""What is left of a DICOM file that was de-identified: its image, and nobody's name."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from assent.core.errors import FileFormatError, InputError
from assent.io.deidentify import deidentify
from assent.io.dicom import read_dicom
from assent.io.dicom_seg import read_dicom_seg, write_dicom_seg
from interfaces.small_files import SECRETS, everything_in, named, recorded

KEY = b"of one server"
REAL = (
    *("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm"),
    *("MR_small_RLE.dcm", "JPGExtended.dcm", "examples_palette.dcm", "examples_overlay.dcm"),
)


@pytest.fixture
def real(tmp_path):
    def copy(name, change=lambda content: content):
        path = tmp_path / name
        path.write_bytes(change(Path(get_testdata_file(name, download=False)).read_bytes()))
        return path

    return copy


@pytest.fixture
def series(tmp_path):
    """The recorded series of five slices, named, in a folder."""
    folder = tmp_path / "series"
    folder.mkdir()
    for number, file in enumerate(sorted(recorded("98892001").rglob("*"))):
        if file.is_file() and pydicom.dcmread(file).SeriesNumber == 5:
            (folder / f"{number:05d}.dcm").write_bytes(named(file.read_bytes()))
    return folder


@pytest.mark.parametrize("name", REAL)
def test_the_image_stays_and_the_patient_goes(real, name):
    path = real(name, named)
    before = read_dicom(path)
    deidentify(path, KEY)
    after, content = read_dicom(path), path.read_bytes()
    assert [secret for secret in SECRETS if secret in content] == []
    assert (after.content_id, after.modality) == (before.content_id, before.modality)
    assert after.window == before.window
    np.testing.assert_array_equal(after.voxels, before.voxels)
    assert after.geometry.spacing_zyx_mm == before.geometry.spacing_zyx_mm


def test_the_file_says_what_was_done(real):
    path = real("CT_small.dcm")
    syntax = pydicom.dcmread(path).file_meta.TransferSyntaxUID
    deidentify(path, KEY)
    dataset = pydicom.dcmread(path)
    assert dataset.PatientIdentityRemoved == "YES"
    assert "Basic Profile" in dataset.DeidentificationMethod[0]
    assert dataset.file_meta.TransferSyntaxUID == syntax
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_no_text_or_date_is_left_but_what_stands_for_one(real):
    path = real("CT_small.dcm", named)
    deidentify(path, KEY)
    texts = {"PN", "LO", "SH", "LT", "ST", "UT", "AE", "AS", "DA", "TM", "DT"}
    left = {
        str(each.value)
        for each in pydicom.dcmread(path).iterall()
        if each.VR in texts and each.value and each.keyword != "DeidentificationMethod"
    }
    dummies = {"ANONYMIZED", "00010101", "000000.00", "00010101010101.000000+0000"}
    assert left <= dummies


def test_a_series_stays_one_and_a_mask_can_refer_to_it(series, tmp_path):
    before = read_dicom(series)
    studies = [pydicom.dcmread(file).StudyInstanceUID for file in sorted(series.iterdir())]
    deidentify(series, KEY)
    after = read_dicom(series)
    assert after.shape_dhw[0] == len(studies) == 5
    assert after.content_id == before.content_id
    headers = [pydicom.dcmread(file) for file in sorted(series.iterdir())]
    for keyword, count in (
        *(("StudyInstanceUID", 1), ("SeriesInstanceUID", 1), ("FrameOfReferenceUID", 1)),
        ("SOPInstanceUID", 5),
    ):
        assert len({header[keyword].value for header in headers}) == count, keyword
    assert headers[0].StudyInstanceUID == headers[0].FrameOfReferenceUID  # as they were sent
    mask = after.voxels[0] > after.voxels.mean()
    seg = tmp_path / "mask.dcm"
    write_dicom_seg(seg, mask, sorted(series.iterdir()))
    np.testing.assert_array_equal(read_dicom_seg(seg, before.geometry), mask)
    assert not any(secret in seg.read_bytes() for secret in SECRETS)


def test_uids_follow_from_the_key_and_the_uid(real):
    def uids(name, key):
        path = real(name, named)
        deidentify(path, key)
        dataset = pydicom.dcmread(path)
        return dataset.StudyInstanceUID, dataset.SOPInstanceUID

    ct, mr, other = uids("CT_small.dcm", KEY), uids("MR_small.dcm", KEY), uids("CT_small.dcm", b"2")
    assert ct[0] == mr[0]
    assert len({*ct, *other}) == 4


def test_pixels_that_say_they_hold_text_are_refused_and_left(real):
    def burn(content):
        path = real("CT_small.dcm")
        dataset = pydicom.dcmread(path)
        dataset.BurnedInAnnotation = "YES"
        dataset.save_as(path)
        return path.read_bytes()

    path = real("CT_small.dcm", burn)
    before = everything_in(path.parent)
    with pytest.raises(InputError, match=r"CT_small\.dcm says that text is burned into its pixels"):
        deidentify(path, KEY)
    assert everything_in(path.parent) == before


def test_what_is_no_dicom_is_refused(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(b"no header")
    with pytest.raises(FileFormatError, match=r"a\.dcm cannot be read as a DICOM image"):
        deidentify(path, KEY)
