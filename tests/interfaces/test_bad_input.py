import json
import shutil
import subprocess
import sys

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image as Pillow
from pydicom.data import get_testdata_file

from assent.io.formats import read_mask
from interfaces.small_files import (
    check_refused,
    cut,
    disc,
    everything_in,
    write_picture,
    write_set,
)


def write_nifti(path, array, affine=None, **header):
    nifti = nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine)
    for key, value in header.items():
        nifti.header[key] = value
    nibabel.save(nifti, path)
    return path


def zero_byte_png(folder):
    path = folder / "empty.png"
    path.write_bytes(b"")
    return path


def truncated_png(folder):
    return cut(write_picture(folder / "cut.png", disc(9)), 0.6)


def truncated_nifti(folder):
    voxels = np.random.default_rng(0).integers(0, 99, (16, 16, 16)).astype(np.int16)
    return cut(write_nifti(folder / "cut.nii.gz", voxels), 0.5)


def text_named_png(folder):
    path = folder / "notes.png"
    path.write_text("this is no picture")
    return path


def nan_nifti(folder):
    voxels = np.zeros((8, 8, 4), np.float32)
    voxels[2, 3, 1] = np.nan
    return write_nifti(folder / "nan.nii", voxels)


def infinite_tiff(folder):
    path = folder / "inf.tif"
    tifffile.imwrite(path, np.full((8, 8), np.inf, np.float32))
    return path


def nifti_4d(folder):
    return write_nifti(folder / "time.nii.gz", np.zeros((8, 8, 4, 3), np.int16))


def partly_missing_spacing(folder):
    path = write_nifti(folder / "flat.nii", np.zeros((8, 8, 4), np.int16))
    raw = bytearray(path.read_bytes())
    raw[76 + 4 * 3 : 76 + 4 * 4] = np.float32(0).tobytes()
    raw[252:256] = bytes(4)
    path.write_bytes(raw)
    return path


def transparent_png(folder):
    rgba = np.full((16, 16, 4), 200, np.uint8)
    rgba[:8, :, 3] = 0
    Pillow.fromarray(rgba).save(folder / "glass.png")
    return folder / "glass.png"


def several_sizes_in_a_tiff(folder):
    path = folder / "pages.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((8, 8), np.uint16))
        writer.write(np.zeros((9, 8), np.uint16))
    return path


def write_series(folder, heights, series="1.2.3"):
    source = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    folder.mkdir(exist_ok=True)
    for number, height in enumerate(heights):
        source.SeriesInstanceUID = series
        source.SOPInstanceUID = f"{series}.{number + 1}"
        source.file_meta.MediaStorageSOPInstanceUID = source.SOPInstanceUID
        source.ImagePositionPatient = [0.0, 0.0, float(height)]
        source.save_as(folder / f"{series}-{number}.dcm")
    return folder


def incomplete_series(folder):
    return write_series(folder / "gap", [0, 5, 10, 20, 25])


def mixed_series(folder):
    write_series(folder / "mixed", [0, 5, 10])
    return write_series(folder / "mixed", [0, 5, 10], series="4.5.6")


def zero_byte_nifti(folder):
    (folder / "empty.nii.gz").write_bytes(b"")
    return folder / "empty.nii.gz"


def nifti_with_flat_axes(folder):
    path = write_nifti(folder / "axes.nii", np.zeros((8, 8, 4), np.int16))
    raw = bytearray(path.read_bytes())
    raw[280:328] = bytes(48)
    raw[254:256] = np.int16(1).tobytes()
    path.write_bytes(raw)
    return path


def empty_folder(folder):
    (folder / "nothing").mkdir()
    return folder / "nothing"


BAD_IMAGES = [
    zero_byte_png,
    truncated_png,
    truncated_nifti,
    text_named_png,
    nan_nifti,
    infinite_tiff,
    nifti_4d,
    partly_missing_spacing,
    transparent_png,
    several_sizes_in_a_tiff,
    incomplete_series,
    mixed_series,
    empty_folder,
    zero_byte_nifti,
    nifti_with_flat_axes,
]


@pytest.mark.parametrize("make", BAD_IMAGES, ids=lambda make: make.__name__)
def test_a_bad_image_gets_one_sentence_and_leaves_nothing(cli, tmp_path, make):
    path = make(tmp_path)
    before = everything_in(tmp_path)
    ran = cli(
        *["segment", path, "--method", "geodesic", "--click", "0,4,4,+"],
        *["--out", "out/mask.nii.gz", "--candidates", "looks"],
    )
    check_refused(ran, path.name)
    assert everything_in(tmp_path) == before
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "looks").exists()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.7])
def test_one_damaged_slice_of_a_series_is_named(cli, tmp_path, share):
    cut(write_series(tmp_path / "series", [0, 5, 10]) / "1.2.3-1.dcm", share)
    before = everything_in(tmp_path)
    words = ["--method", "geodesic", "--click", "0,4,4,+", "--out", "mask.nii.gz"]
    check_refused(cli("segment", "series", *words), "1.2.3-1.dcm")
    assert everything_in(tmp_path) == before


def test_a_folder_without_a_name_of_its_own_is_named(cli, tmp_path):
    for words in (["segment", ".", "--click", "0,1,1,+"], ["data", "check", "."], ["demo", "."]):
        method = [] if words[0] == "data" else ["--method", "geodesic"]
        ran = cli(*words, *method)
        assert ran.code == 2
        assert tmp_path.name in ran.out + ran.err


def test_a_file_where_a_folder_is_expected_is_named(cli, tmp_path, image, threshold):
    before = everything_in(tmp_path)
    write_set(tmp_path / "finished", 2)
    for words in (
        ["demo", image, "--method", threshold],
        ["propagate", image, "finished", "--out", "o", "--method", threshold],
        ["propagate", "finished", image, "--out", "o", "--method", threshold],
        ["bench", "--data", image, "--method", threshold, "--out", "r.jsonl"],
    ):
        check_refused(cli(*words), "image.png is a file; expected a folder")
    shutil.rmtree(tmp_path / "finished")
    assert everything_in(tmp_path) == before


def palette_png(folder):
    Pillow.open(write_picture(folder / "p.png", disc(9))).convert("P").save(folder / "palette.png")
    return folder / "palette.png"


def one_bit_png(folder):
    Pillow.fromarray(disc(9)).save(folder / "bit.png")
    return folder / "bit.png"


def opaque_rgba_png(folder):
    Pillow.open(write_picture(folder / "o.png", disc(9))).convert("RGBA").save(folder / "rgba.png")
    return folder / "rgba.png"


def tiff_stack(folder):
    pages = np.stack([disc(9)] * 3).astype(np.uint16) * 4000
    tifffile.imwrite(folder / "stack.tif", pages, photometric="minisblack")
    return folder / "stack.tif"


def nifti_without_spacing(folder):
    voxels = np.stack([disc(9)] * 3, -1).astype(np.int16)
    return write_nifti(folder / "bare.nii", voxels, pixdim=[1, 0, 0, 0, 0, 0, 0, 0], sform_code=0)


@pytest.mark.parametrize(
    "make",
    [palette_png, one_bit_png, opaque_rgba_png, tiff_stack, nifti_without_spacing],
    ids=lambda make: make.__name__,
)
def test_unusual_images_that_are_sound_are_segmented(cli, tmp_path, make):
    path = make(tmp_path)
    ran = cli("segment", path, "--method", "geodesic", "--click", "0,24,24,+", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    mask = read_mask(tmp_path / told["mask"])
    assert list(mask.shape) == told["shape_dhw"]
    assert mask[0, 24, 24]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--click", "0,48,3,+"], "(0, 48, 3)"),
        (["--click", "1,4,4,+"], "(1, 4, 4)"),
        (["--click", "-1,4,+"], "(0, -1, 4)"),
        (["--click", "4,4"], "4,4"),
        (["--click", "4,4,4,4,+"], "4,4,4,4,+"),
        (["--click", "4.5,4,+"], "4.5,4,+"),
        (["--box", "0,0,0,1,49,9"], "outside"),
        (["--box", "0,9,9,1,9,20"], "empty"),
        (["--box", "1,2,3"], "1,2,3"),
        (["--scribble", "no.png"], "no.png"),
        ([], "--click"),
        (["--context", "finished", "--click", "4,4,+"], "geodesic"),
        (["--click", "4,4,+", "--method", "geodesy"], "geodesic, nearest-seed"),
        (["--click", "4,4,+", "--set", "geodesic.speed=3"], "speed"),
        (["--click", "4,4,+", "--set", "geodesic"], "KEY=VALUE"),
        (["--click", "4,4,+", "--set", "geodesick.choices=3"], "geodesick"),
        (["--click", "4,4,+", "--set", "segment.colour=3"], "colour"),
        (["--click", "4,4,+", "--config", "no.toml"], "no.toml"),
        (["--click", "4,4,+", "--out", "mask.jpg"], "mask.jpg"),
        (["--click", "4,4,+", "--out", "image.png"], "image.png"),
        (["--click", "4,4,+", "--out", "image.png/mask.png"], "image.png"),
        (["--click", "4,4,+", "--candidates", "image.png/looks"], "looks"),
        (["--click", "4,4,+", "--out", "mask.dcm"], "DICOM SEG"),
        (["--click", "4,4,+", "--series", "2"], "image.png is one file"),
        (["--click", "4,4,+", "--series", "two"], "--series is 'two'; expected a whole number"),
        (["--click", "4,4,+", "--series=0"], "--series is '0'; expected at least 1"),
        (["--click", "4,4,+", "--profile", "me.json"], "learns no profile"),
        (["--click", "4,4,+", "--profile-out", "me.json"], "learns no profile"),
        (["--clack", "4,4,+"], "--clack"),
    ],
)
def test_bad_words_get_one_sentence_and_leave_nothing(cli, tmp_path, image, words, named):
    before = everything_in(tmp_path)
    given = words if "--method" in words else [*words, "--method", "geodesic"]
    check_refused(cli("segment", image, *given), named)
    assert everything_in(tmp_path) == before


def test_a_mask_of_a_volume_does_not_become_a_picture(cli, tmp_path):
    path = tiff_stack(tmp_path)
    before = everything_in(tmp_path)
    words = ["--method", "geodesic", "--click", "0,24,24,+", "--out", "mask.png"]
    check_refused(cli("segment", path, *words), "mask.png")
    check_refused(cli("segment", path, "--method", "geodesic", "--click", "24,24,+"), "z,y,x,+")
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    ("drawing", "named"),
    [
        (np.zeros((48, 48), np.uint8), "scribble.png"),
        (np.ones((47, 48), np.uint8), "(1, 48, 48)"),
        (np.full((48, 48), 77, np.uint8), "scribble.png"),
    ],
    ids=["empty", "another size", "other values"],
)
def test_a_bad_scribble_gets_one_sentence(cli, tmp_path, image, drawing, named):
    Pillow.fromarray(drawing).save(tmp_path / "scribble.png")
    words = ["--method", "geodesic", "--scribble", "scribble.png"]
    check_refused(cli("segment", image, *words), named)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"kind": "click"}]', "[]"])
def test_a_bad_list_of_prompts_gets_one_sentence(cli, tmp_path, image, text):
    (tmp_path / "prompts.json").write_text(text)
    words = ["--method", "geodesic", "--scribble", "prompts.json"]
    check_refused(cli("segment", image, *words))


@pytest.mark.parametrize(
    "words",
    [
        ["segment", "missing.png", "--method", "geodesic"],
        ["bench", "--rounds", "-1", "--data", "synthetic:cells2d", "--out", "x.jsonl"],
        ["nonsense"],
    ],
    ids=lambda words: words[0],
)
def test_a_real_process_exits_with_two_and_one_line(tmp_path, words):
    command = [sys.executable, "-m", "assent", *words]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert everything_in(tmp_path) == {}


def test_the_remedy_for_several_series_works(cli, tmp_path):
    folder = mixed_series(tmp_path)
    words = ["segment", folder, "--method", "geodesic", "--click", "1,64,64,+", "--out", "m.nii.gz"]
    check_refused(cli(*words), "mixed holds 2 series", "--series")
    assert cli(*words, "--series", "2").code == 0
    assert (tmp_path / "m.nii.gz").is_file()
    refused = cli(*words, "--series", "3")
    assert refused.code == 2
