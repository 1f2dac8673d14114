"""DICOM files and series, sound and broken."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from assent.core.errors import FileFormatError, InputError
from assent.core.geometry import Geometry
from assent.io.dicom import read_dicom
from assent.io.formats import list_images, read_image

GRID = Geometry.from_spacing((6, 7, 9), (2.5, 0.7, 0.8))
VOXELS = np.random.default_rng(2).integers(-1000, 1000, (6, 7, 9)).astype(np.int16)


def _sample(name):
    path = get_testdata_file(name)
    assert path is not None
    return Path(path)


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
     "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_implicit.dcm",
     "image_dfl.dcm", "JPGExtended.dcm", "JPEGLSNearLossless_16.dcm"],
)  # fmt: skip
def test_real_gray_files_agree_with_itk(name):
    path = _sample(name)
    image = read_image(path)
    picture = SimpleITK.ReadImage(str(path))
    assert np.array_equal(image.voxels[0], SimpleITK.GetArrayFromImage(picture))
    dataset = pydicom.dcmread(path)
    assert image.modality == dataset.get("Modality", "")
    if "ImagePositionPatient" in dataset:
        last = tuple(n - 1 for n in image.shape_dhw)
        world = picture.TransformIndexToPhysicalPoint(last[::-1])
        assert np.allclose(image.geometry.to_world_mm(last), world, atol=1e-3)
        assert image.geometry.calibrated


@pytest.mark.parametrize(
    "name",
    ["examples_rgb_color.dcm", "SC_rgb_rle.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_dcmtk_+eb+cr.dcm",
     "GDCMJ2K_TextGBR.dcm", "SC_rgb_jpeg_dcmtk.dcm", "examples_palette.dcm"],
)  # fmt: skip
def test_real_colour_files_become_rgb(name):
    path = _sample(name)
    image = read_image(path)
    array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    assert image.voxels.shape[0] == 3
    if array.shape[-1] == 3 and name != "examples_palette.dcm":
        # Decoders round YBR to RGB differently, by a few levels.
        assert np.abs(np.moveaxis(image.voxels, 0, -1) - array).max() <= 4


def test_rescale_applies_per_slice(tmp_path, write_series, write_slice):
    folder = write_series(tmp_path / "ct", VOXELS, GRID, RescaleSlope=2.0, RescaleIntercept=-1024.0)
    assert np.array_equal(read_image(folder).voxels[0], VOXELS * 2.0 - 1024)
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    path = write_slice(tmp_path / "a.dcm", pixels, RescaleSlope=0.5, RescaleIntercept=3.0)
    assert np.array_equal(read_image(path).voxels[0, 0], pixels * 0.5 + 3)


def test_series_is_sorted_by_position_and_not_by_name(tmp_path, write_series):
    image = read_image(write_series(tmp_path / "ct", VOXELS, GRID))
    assert np.array_equal(image.voxels[0], VOXELS)
    assert image.geometry.is_close(GRID)
    assert image.modality == "CT"
    assert image.name == "ct"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_monochrome1_is_inverted_within_its_range(tmp_path, write_slice, dtype):
    pixels = np.arange(12, dtype=dtype).reshape(3, 4)
    path = write_slice(tmp_path / "a.dcm", pixels, PhotometricInterpretation="MONOCHROME1")
    info = np.iinfo(dtype)
    expected = info.max + info.min - pixels.astype(int)
    assert np.array_equal(read_image(path).voxels[0, 0], expected)


def test_missing_slice_names_the_gap(tmp_path, write_series, write_slice):
    folder = write_series(tmp_path / "ct", VOXELS, GRID)
    for path in folder.iterdir():
        if pydicom.dcmread(path).InstanceNumber == 3:
            path.unlink()
    with pytest.raises(InputError, match=r"ct lacks a slice.* 5 mm where 2\.5 mm") as caught:
        read_image(folder)
    assert "Secret" not in str(caught.value)


def test_irregular_distances_are_refused(tmp_path, write_slice):
    for z in (0.0, 1.0, 2.0, 3.4, 4.4):
        position = [0, 0, z]
        write_slice(tmp_path / f"s{z}", VOXELS[0], ImagePositionPatient=position)
    with pytest.raises(InputError, match=r"irregular gap between s2\.0 and s3\.4: 1\.4 mm"):
        read_image(tmp_path)


def test_repeated_positions_are_refused(tmp_path, write_series, write_slice):
    folder = write_series(tmp_path / "ct", VOXELS, GRID)
    first = next(folder.iterdir())
    shutil.copy(first, folder / "copy")
    with pytest.raises(InputError, match=r"slices at one position .*1 such pairs"):
        read_image(folder)


def test_mixed_series_are_listed_without_patient_data(tmp_path, write_series):
    write_series(tmp_path / "all", VOXELS, GRID)
    other = write_series(
        tmp_path / "other", VOXELS[:2, :4], Geometry.from_spacing((2, 4, 9)),
        SeriesInstanceUID="1.2.9", SeriesNumber=2, Modality="MR",
    )  # fmt: skip
    for path in other.iterdir():
        shutil.copy(path, tmp_path / "all" / f"other_{path.name}")
    with pytest.raises(InputError) as caught:
        read_image(tmp_path / "all")
    message = str(caught.value)
    assert "2 series (1: CT, 6 files of 7 x 9; 2: MR, 2 files of 4 x 9)" in message
    assert "Secret" not in message
    assert "1.2.9" not in message
    assert read_image(tmp_path / "all", series=1).shape_dhw == (6, 7, 9)
    assert read_image(tmp_path / "all", series=2).modality == "MR"
    with pytest.raises(InputError, match="holds 2 series"):
        read_image(tmp_path / "all", series=3)


def test_mixed_sizes_directions_and_spacings_are_refused(tmp_path, write_slice):
    cases = [
        ({}, VOXELS[0, :5], r"different sizes: 7 x 9 \(1\), 5 x 9 \(1\)"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, VOXELS[0], "different directions"),
        ({"PixelSpacing": [1, 2]}, VOXELS[0], "different pixel spacing"),
        ({"ImagePositionPatient": None}, VOXELS[0], "no position, direction or pixel spacing"),
    ]
    for i, (elements, pixels, message) in enumerate(cases):
        folder = tmp_path / f"case{i}"
        write_slice(folder / "a", VOXELS[0])
        write_slice(folder / "b", pixels, **({"ImagePositionPatient": [0, 0, 1]} | elements))
        with pytest.raises(InputError, match=rf"case{i} .*{message}"):
            read_image(folder)


def test_gantry_tilt_stays_in_the_affine(tmp_path, write_series):
    affine = np.array(GRID.affine)
    affine[:3, 0] = (0.0, 0.9, 2.5)
    tilted = Geometry(GRID.shape_dhw, affine)
    image = read_image(write_series(tmp_path / "ct", VOXELS, tilted))
    assert np.array_equal(image.voxels[0], VOXELS)
    assert image.geometry.is_close(tilted)


def test_slices_shifted_sideways_at_random_are_refused(tmp_path, write_slice):
    for z, shift in enumerate((0.0, 3.0, 0.0, 0.0)):
        write_slice(tmp_path / f"s{z}", VOXELS[0], ImagePositionPatient=[shift, 0, z])
    with pytest.raises(InputError, match=r"shifted sideways by up to 3 mm"):
        read_image(tmp_path)


def test_single_file_takes_thickness_from_its_header(tmp_path, write_slice):
    path = write_slice(tmp_path / "a.dcm", VOXELS[0], SliceThickness=4.5, PixelSpacing=[0.5, 0.25])
    assert read_image(path).geometry.spacing_zyx_mm == (4.5, 0.5, 0.25)


def test_picture_without_a_place_is_uncalibrated_unless_pixels_have_a_size(tmp_path, write_slice):
    place = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    path = write_slice(tmp_path / "a.dcm", VOXELS[0], PixelSpacing=None, **place)
    assert not read_image(path).geometry.calibrated
    path = write_slice(tmp_path / "b.dcm", VOXELS[0], PixelSpacing=[0.5, 0.25], **place)
    assert read_image(path).geometry.spacing_zyx_mm == (1.0, 0.5, 0.25)


def _functional_groups(positions):
    frames = []
    for position in positions:
        place = Dataset()
        place.ImagePositionPatient = position
        transform = Dataset()
        transform.RescaleSlope, transform.RescaleIntercept = 2, position[2]
        frame = Dataset()
        frame.PlanePositionSequence = Sequence([place])
        frame.PixelValueTransformationSequence = Sequence([transform])
        frames.append(frame)
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.25], 9
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    return Sequence(frames), Sequence([shared])


def test_enhanced_multi_frame_is_a_volume(tmp_path, write_slice):
    heights = [4.0, 0.0, 2.0]
    frames, shared = _functional_groups([[0, 0, z] for z in heights])
    path = write_slice(
        tmp_path / "a.dcm", VOXELS[0], NumberOfFrames=3, PixelData=VOXELS[:3].tobytes(),
        PerFrameFunctionalGroupsSequence=frames, SharedFunctionalGroupsSequence=shared,
        ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None,
    )  # fmt: skip
    image = read_image(path)
    assert image.geometry.spacing_zyx_mm == (2.0, 0.5, 0.25)
    for z, frame in enumerate([1, 2, 0]):
        assert np.array_equal(image.voxels[0, z], VOXELS[frame] * 2.0 + heights[frame])


def test_frames_without_positions_are_refused():
    with pytest.raises(InputError, match=r"examples_ybr_color\.dcm has 30 frames without position"):
        read_image(_sample("examples_ybr_color.dcm"))


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "rtplan.dcm", "test-SR.dcm"])
def test_damaged_and_imageless_files_say_so(name):
    with pytest.raises(FileFormatError, match=name.replace(".", r"\.")):
        read_image(_sample(name))


def test_segmentations_and_doses_are_no_images():
    for name in ("liver_1frame.dcm", "rtdose.dcm", "badVR.dcm"):
        with pytest.raises(InputError, match="expected an image"):
            read_image(_sample(name))


def test_unknown_compression_names_it_and_the_remedy(tmp_path):
    dataset = pydicom.dcmread(_sample("MR_small_RLE.dcm"))
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    dataset.save_as(tmp_path / "mpeg.dcm")
    with pytest.raises(FileFormatError, match=r"mpeg\.dcm holds pixels compressed as MPEG2"):
        read_image(tmp_path / "mpeg.dcm")


def test_huge_announcement_is_refused_before_decoding(tmp_path, write_slice):
    path = write_slice(tmp_path / "huge.dcm", VOXELS[0], Rows=60000, Columns=60000)
    with pytest.raises(InputError, match=r"huge\.dcm has 1 x 60000 x 60000 x 1 values; at most"):
        read_image(path)


def test_one_damaged_slice_is_named(tmp_path, write_series):
    folder = write_series(tmp_path / "ct", VOXELS, GRID)
    victim = sorted(folder.iterdir())[2]
    content = victim.read_bytes()
    victim.write_bytes(content[:-40])
    with pytest.raises(FileFormatError, match=victim.name):
        read_image(folder)


@pytest.fixture
def real_series(tmp_path):
    """Three slices made of a recorded one, in a folder of their own."""
    folder = tmp_path / "ct"
    folder.mkdir()
    dataset = pydicom.dcmread(_sample("CT_small.dcm"))
    for z in range(3):
        dataset.ImagePositionPatient = [0, 0, 5 * z]
        dataset.save_as(folder / f"slice_{z}.dcm")
    return folder


# In the file meta before, within and after the class of the object; then in the dataset before
# its class, after it, within an element, and after the identifier of the series.
@pytest.mark.parametrize("size", [132, 150, 170, 184, 200, 345, 420, 500, 993, 1500, 2000])
def test_a_slice_cut_anywhere_is_named_and_never_missed(real_series, size):
    last = real_series / "slice_2.dcm"
    last.write_bytes(last.read_bytes()[:size])
    assert list_images(real_series.parent) == [real_series]
    for series in (None, 1, 2):
        with pytest.raises(FileFormatError, match=r"slice_2\.dcm .*[Cc]opy it again"):
            read_dicom(real_series, series=series)


@pytest.mark.parametrize("name", ["test-SR.dcm", "rtplan.dcm", "liver_1frame.dcm"])
@pytest.mark.parametrize("size", [250, 400])
def test_what_was_no_image_is_passed_over_when_cut_too(real_series, name, size):
    (real_series / name).write_bytes(_sample(name).read_bytes()[:size])
    assert read_image(real_series).shape_dhw == (3, 128, 128)


def test_an_index_of_files_is_passed_over(real_series):
    shutil.copy(_sample("DICOMDIR"), real_series / "DICOMDIR")
    assert read_image(real_series).shape_dhw == (3, 128, 128)
    assert list_images(real_series.parent) == [real_series]


def test_folder_without_images_and_objects_beside_a_series(tmp_path, write_series):
    with pytest.raises(InputError, match="holds no DICOM image"):
        read_dicom(tmp_path)
    folder = write_series(tmp_path / "ct", VOXELS, GRID)
    for name in ("test-SR.dcm", "rtstruct.dcm", "liver_1frame.dcm"):
        shutil.copy(_sample(name), folder / name)
    (folder / "notes.txt").write_text("hello")
    (folder / ".DS_Store").write_bytes(b"\0")
    assert read_image(folder).shape_dhw == (6, 7, 9)
    assert list_images(tmp_path) == [folder]


WINDOW = {"WindowCenter": ["50", "-600"], "WindowWidth": ["350", "1500"]}


def test_the_first_window_of_a_file_or_series_is_the_one_to_open_with(
    tmp_path, write_series, write_slice
):
    path = write_slice(tmp_path / "a.dcm", VOXELS[0], **WINDOW)
    assert read_image(path).window == (50.0, 350.0)
    folder = write_series(tmp_path / "ct", VOXELS, GRID, **WINDOW, VOILUTFunction="LINEAR_EXACT")
    assert read_image(folder).window == (50.0, 350.0)
    assert read_image(_sample("MR_small.dcm")).window == (600.0, 1600.0)
    assert read_image(_sample("CT_small.dcm")).window is None


def test_the_window_of_frames_is_found_in_their_groups(tmp_path, write_slice):
    frames, shared = _functional_groups([[0, 0, 0.0]])
    voi = Dataset()
    voi.WindowCenter, voi.WindowWidth = 30, 120
    shared[0].FrameVOILUTSequence = Sequence([voi])
    path = write_slice(
        tmp_path / "a.dcm", VOXELS[0], NumberOfFrames=1,
        PerFrameFunctionalGroupsSequence=frames, SharedFunctionalGroupsSequence=shared,
    )  # fmt: skip
    assert read_image(path).window == (30.0, 120.0)


@pytest.mark.parametrize(
    "elements",
    [
        {"WindowWidth": None},
        {"WindowWidth": "0"},
        {"WindowWidth": "-4"},
        {"WindowCenter": "5000"},  # all black
        {"WindowCenter": "-5000"},  # all white
        {"WindowCenter": ""},
        {"VOILUTFunction": "SIGMOID"},
        {"PhotometricInterpretation": "MONOCHROME1"},  # whose values are inverted
    ],
)
def test_a_window_that_shows_nothing_or_is_not_linear_is_none(tmp_path, write_slice, elements):
    sound = write_slice(tmp_path / "a.dcm", VOXELS[0], **WINDOW)
    dataset = pydicom.dcmread(sound)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(sound)
    assert read_image(sound).window is None
