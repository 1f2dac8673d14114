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
from safetensors.numpy import save_file

from assent.io.formats import read_mask
from assent.testing.methods import ThresholdMethod
from interfaces.small_files import disc, everything_in, write_drawing, write_picture, write_set


def check_refused(ran, *names):
    """One sentence (or a few) on one line, exit code 2, and nothing else."""
    assert ran.code == 2, (ran.out, ran.err)
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1, ran.err
    assert ran.err.endswith(".\n")
    assert "Traceback" not in ran.err
    for name in names:
        assert name in ran.err


def write_nifti(path, array, affine=None, **header):
    nifti = nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine)
    for key, value in header.items():
        nifti.header[key] = value
    nibabel.save(nifti, path)
    return path


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
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


@pytest.fixture
def image(tmp_path):
    return write_picture(tmp_path / "image.png", disc(9))


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
    ("spoil", "named"),
    [
        (lambda root: write_drawing(root / "masks" / "001.png", disc(0, 99, 99)), "001"),
        (lambda root: write_drawing(root / "masks" / "001.png", disc(99)), "001"),
        (lambda root: write_drawing(root / "masks" / "001.png", disc(9)[:40]), "001.png"),
        (lambda root: cut(root / "images" / "001.png", 0.5), "001.png"),
        (lambda root: shutil.rmtree(root / "masks"), "masks"),
        (shutil.rmtree, "finished"),
        (lambda root: shutil.move(root / "masks", root / "masks2"), "masks"),
    ],
    ids=["empty", "full", "another size", "truncated", "no masks", "missing", "misnamed"],
)
def test_bad_context_gets_one_sentence(cli, tmp_path, image, threshold, spoil, named):
    spoil(write_set(tmp_path / "finished", 3))
    before = everything_in(tmp_path)
    check_refused(cli("segment", image, "--method", threshold, "--context", "finished"), named)
    images = write_set(tmp_path / "new", 2, masks=False)
    ran = cli("propagate", "finished", images, "--out", "out", "--method", threshold)
    check_refused(ran, named)
    shutil.rmtree(images)
    assert everything_in(tmp_path) == before


def test_context_with_several_labels_asks_which(cli, tmp_path, image, threshold):
    root = write_set(tmp_path / "finished", 2)
    for label in ("cell", "nucleus"):
        shutil.copytree(root / "masks", tmp_path / "both" / label)
    shutil.rmtree(root / "masks")
    (tmp_path / "both").rename(root / "masks")
    words = ["segment", image, "--method", threshold, "--context", "finished"]
    check_refused(cli(*words), "cell, nucleus")
    check_refused(cli(*words, "--set", "context.label=nucleolus"), "cell, nucleus")
    check_refused(cli(*words, "--set", "context.folder=x"), "label")
    assert cli(*words, "--set", "context.label=nucleus").code == 0


def test_context_with_other_channels_is_named(cli, tmp_path, image):
    write_picture(tmp_path / "finished" / "images" / "a.png", disc(9), colour=True)
    write_drawing(tmp_path / "finished" / "masks" / "a.png", disc(9))
    ran = cli("segment", image, "--context", "finished", "--click", "24,24,+")
    check_refused(ran)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--rounds", "-3"], "rounds"),
        (["--rounds", "many"], "--rounds"),
        (["--images", "0"], "images"),
        (["--lapse", "2"], "lapse"),
        (["--target-dice", "90"], "target_dice"),
        (["--annotator", "shout"], "--annotator is 'shout'; expected one of 'pick', "),
        (["--context", "maybe"], "--context"),
        (["--label", "nucleolus"], "cell, nucleus"),
        (["--split", "holdout"], "train, val, test, all"),
        (["--split", ""], "train, val, test, all"),
        (["--method", "geodesy"], "geodesic"),
        (["--data", "nowhere"], "nowhere"),
        (["--data", "synthetic:mars"], "mars"),
        (["--data", "martian:x"], "martian"),
        (["--data", "."], "images"),
        (["--out", "file.txt/results.jsonl"], "file.txt"),
        (["--out", "."], "file"),
        (["--weights", "no.safetensors"], "geodesic"),
        (["--set", "bench.round=3"], "round"),
    ],
)
def test_a_bad_bench_leaves_earlier_results_alone(cli, tmp_path, words, named):
    (tmp_path / "results.jsonl").write_text("earlier\n")
    (tmp_path / "file.txt").write_text("a file")
    before = everything_in(tmp_path)
    given = {"--method": "geodesic", "--data": "synthetic:cells2d", "--out": "results.jsonl"}
    given |= {"--annotator": "click"} | dict([words])
    ran = cli("bench", *(word for pair in given.items() for word in pair))
    check_refused(ran, named)
    assert everything_in(tmp_path) == before


def test_resuming_with_other_settings_is_refused(cli, tmp_path):
    words = ["bench", "--method", "geodesic", "--data", "synthetic:cells2d", "--out", "r.jsonl"]
    words += ["--annotator", "click", "--images", "1", "--rounds"]
    assert cli(*words, 1).code == 0
    before = everything_in(tmp_path)
    check_refused(cli(*words, 2, "--resume"), "rounds", "r.jsonl")
    assert everything_in(tmp_path) == before
    assert cli(*words, 1, "--resume").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["bench", "suite", "nowhere", "--out", "s"],
        ["bench", "suite", "clicks", "--out", "s"],
        ["bench", "suite", "clicks", "--data", "nowhere", "--out", "s"],
        [
            "train",
            "geodesic",
            "--data",
            "synthetic:cells2d",
            "--steps",
            "1",
            "--out",
            "w.safetensors",
        ],
        ["train", "unet", "--data", "synthetic:cells2d", "--out", "w.safetensors"],
        ["train", "unet", "--data", "synthetic:cells2d", "--steps", "0", "--out", "w.safetensors"],
        ["train", "unet", "--data", "synthetic:cells2d", "--steps", "1", "--out", "w.pt"],
        ["train", "unet", "--steps", "1", "--out", "w.safetensors"],
        ["weights", "info", "nothing"],
        ["weights", "add", "x"],
        ["weigths"],
        ["propagate", "nowhere", "nowhere", "--out", "o"],
        ["doctor", "--set", "doctor.pills=2"],
    ],
    ids=" ".join,
)
def test_other_commands_refuse_in_one_sentence(cli, tmp_path, words):
    check_refused(cli(*words))
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("risk", "named"),
    [("0", "--auto-accept-risk is 0"), ("5", "as in 0.05"), ("lots", "expected a number")],
)
def test_a_risk_that_is_none_is_named_as_it_was_typed(cli, tmp_path, threshold, risk, named):
    write_set(tmp_path / "finished", 2)
    before = everything_in(tmp_path)
    words = ["propagate", "finished", "finished", "--out", "out", "--method", threshold]
    check_refused(cli(*words, "--auto-accept-risk", risk), named)
    assert everything_in(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_shipped_weights_that_were_changed_are_refused(cli, tmp_path, image, monkeypatch):
    entry = {"file": "posterior.safetensors", "sha256": "0" * 64}
    monkeypatch.setattr("assent.models.weights.manifest", lambda *folder: {"posterior": entry})
    before = everything_in(tmp_path)
    check_refused(cli("segment", image, "--click", "24,24,+"), "posterior.safetensors", "digest")
    assert everything_in(tmp_path) == before


def test_a_set_with_several_faults_names_each_file_once(cli, tmp_path):
    root = write_set(tmp_path / "study", 3)
    cut(root / "images" / "001.png", 0.5)
    write_drawing(root / "masks" / "002.png", disc(9)[:40])
    ran = cli("data", "check", root)
    assert ran.code == 2
    assert ran.err == "study is not sound: 2 errors.\n"
    told = [line.removeprefix("error").strip() for line in ran.out.splitlines() if "error" in line]
    assert sorted(line.split()[0] for line in told) == ["images/001.png", "masks/002.png"]
    assert [line.count(".png") for line in sorted(told)] == [1, 2], "its image is named too"
    assert all(line.count(". ") == 1 for line in told), "what is wrong, and what to do"


def test_weights_that_are_none_are_named(cli, tmp_path, image):
    (tmp_path / "text.safetensors").write_text("no weights at all")
    save_file({"layer": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    for name in ("text.safetensors", "other.safetensors", "missing.safetensors"):
        words = ["--weights", name, "--click", "24,24,+"]
        check_refused(cli("segment", image, *words), name)
    for name in ("text.safetensors", "missing.safetensors"):
        check_refused(cli("weights", "info", name), name)
    assert not (tmp_path / "image-mask.png").exists()


def test_a_broken_image_does_not_stop_the_folder(cli, tmp_path, threshold):
    write_set(tmp_path / "finished", 3)
    cut(write_set(tmp_path / "new", 3, masks=False) / "images" / "001.png", 0.5)
    ran = cli("propagate", "finished", "new", "--out", "out", "--method", threshold)
    assert ran.code == 2
    assert ran.err.startswith("001.png cannot be read")
    assert len(ran.err.splitlines()) == 1
    kept = sorted(path.name for path in (tmp_path / "out" / "masks").iterdir())
    assert kept == ["000.png", "002.png"]


class Interrupted(ThresholdMethod):
    """Ctrl-C comes when this many images were opened."""

    left = 0

    def embed(self, image):
        Interrupted.left -= 1
        if Interrupted.left < 0:
            raise KeyboardInterrupt
        return super().embed(image)


def test_ctrl_c_keeps_finished_masks_and_a_rerun_continues(cli, tmp_path, install):
    install("threshold", lambda settings, weights: Interrupted())
    write_set(tmp_path / "finished", 3)
    write_set(tmp_path / "new", 5, masks=False)
    words = ["propagate", "finished", "new", "--out", "out", "--method", "threshold"]
    Interrupted.left = 3 + 2
    ran = cli(*words)
    assert ran.code == 130
    assert "2 of 5" in ran.err
    masks = tmp_path / "out" / "masks"
    finished = everything_in(masks)
    assert len(finished) == 2
    assert len((tmp_path / "out" / "review.csv").read_text().splitlines()) == 3
    # Only three are left: were a finished one opened again, Ctrl-C would come once more.
    Interrupted.left = 3 + 3
    again = cli(*words, "--json")
    assert again.code == 0
    assert len(json.loads(again.out)["review"]) == 5
    assert everything_in(masks).items() >= finished.items()
    assert not [path for path in masks.iterdir() if path.name.startswith(".")]


def test_ctrl_c_in_a_single_image_leaves_nothing(cli, tmp_path, install, image):
    install("threshold", lambda settings, weights: Interrupted())
    Interrupted.left = 0
    before = everything_in(tmp_path)
    ran = cli("segment", image, "--method", "threshold")
    assert ran.code == 130
    assert len(ran.err.splitlines()) == 1
    assert everything_in(tmp_path) == before


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
