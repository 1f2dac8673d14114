import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from assent.bench import suite
from assent.core.metrics import dice
from assent.interfaces.cli import main, weights
from assent.io.formats import read_image, read_mask
from assent.testing.methods import ThresholdMethod
from interfaces.small_files import disc, everything_in, write_drawing, write_set


def test_segment_writes_the_object_under_the_click(cli, tmp_path, image):
    ran = cli("segment", image, "--method", "geodesic", "--click", "24,24,+", "--out", "m.png")
    assert ran.code == 0
    assert "m.png  predicted Dice" in ran.out
    assert dice(read_mask(tmp_path / "m.png"), disc(9)[None]) > 0.8


def test_short_and_long_clicks_and_a_drawing_say_the_same(cli, tmp_path, image):
    drawing = np.zeros((48, 48), np.uint8)
    drawing[24, 24], drawing[2, 2] = 255, 128
    write_drawing(tmp_path / "d.png", drawing > 0)
    prompts = [
        {"kind": "click", "at_zyx": [0, 24, 24], "positive": True},
        {"kind": "click", "at_zyx": [0, 2, 2], "positive": False},
    ]
    (tmp_path / "prompts.json").write_text(json.dumps(prompts))
    words = ["segment", image, "--method", "nearest-seed"]
    cli(*words, "--click", "24,24,+", "--click", "2,2,-", "--out", "a.png")
    cli(*words, "--click", "0,24,24,+", "--click", "0,2,2,-", "--out", "b.png")
    cli(*words, "--scribble", "prompts.json", "--out", "c.png")
    masks = [read_mask(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
    assert masks[0].any()
    assert all(np.array_equal(masks[0], mask) for mask in masks[1:])


def test_candidates_are_masks_with_tags_and_a_sheet(cli, tmp_path, image):
    words = ["--method", "geodesic", "--click", "24,24,+", "--candidates", "looks", "--json"]
    told = json.loads(cli("segment", image, *words).out)
    files = {Path(each["file"]).name for each in told["candidates"]}
    assert len(files) == 1 + len(told["alternatives"]) > 1
    assert {p.name for p in (tmp_path / "looks").iterdir()} == files | {"image-sheet.png"}
    masks = [read_mask(tmp_path / each["file"]) for each in told["candidates"]]
    assert np.array_equal(masks[0], read_mask(tmp_path / told["mask"]))
    assert len({mask.tobytes() for mask in masks}) == len(masks)
    assert read_image(tmp_path / told["sheet"]).shape_dhw[1] > 100


def test_a_volume_keeps_its_place(cli, tmp_path):
    affine = np.array([[0, 0, -2.0, 10], [0.7, 0.1, 0, -5], [-0.1, 0.7, 0, 3], [0, 0, 0, 1]])
    volume = np.stack([disc(9)] * 4, -1) * 100 + np.arange(4)
    nibabel.save(nibabel.Nifti1Image(volume.astype(np.int16), affine), tmp_path / "v.nii.gz")
    ran = cli("segment", "v.nii.gz", "--method", "geodesic", "--click", "2,24,24,+", "--json")
    told = json.loads(ran.out)
    written = nibabel.load(tmp_path / told["mask"])
    assert told["mask"] == "v-mask.nii.gz"
    assert np.allclose(written.affine, affine, atol=1e-5)
    assert np.asarray(written.dataobj)[24, 24, 2] == 1
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    assert told["volume_ml"] == pytest.approx(told["voxels"] * voxel_ml, rel=1e-4)


def test_context_stands_in_for_a_click(cli, tmp_path, image, threshold):
    write_set(tmp_path / "finished", 3)
    ran = cli("segment", image, "--method", threshold, "--context", "finished", "--out", "m.png")
    assert ran.code == 0
    assert dice(read_mask(tmp_path / "m.png"), disc(9)[None]) > 0.95


def test_propagate_writes_masks_and_a_review_list(cli, tmp_path, threshold):
    write_set(tmp_path / "finished", 3)
    write_set(tmp_path / "new", 4, masks=False)
    ran = cli("propagate", "finished", "new", "--out", "out", "--method", threshold)
    assert ran.code == 0, ran.err
    assert "4 of 4 images" in ran.out
    out = tmp_path / "out"
    for number in range(4):
        mask = read_mask(out / "masks" / f"{number:03d}.png")
        assert dice(mask, disc(6 + number)[None]) > 0.95
    lines = (out / "review.csv").read_text().splitlines()
    assert lines[0] == "image,mask,predicted_dice,state,remark"
    expected = [float(line.split(",")[2]) for line in lines[1:]]
    assert expected == sorted(expected)


def test_bench_prints_what_the_file_holds(cli, tmp_path):
    words = ["bench", "--method", "geodesic", "--data", "synthetic:cells2d", "--label", "nucleus"]
    words += ["--annotator", "click", "--images", "2", "--rounds", "3", "--target-dice", "0.9"]
    ran = cli(*words, "--split", "val,test", "--out", "r.jsonl", "--json")
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert lines[-1] == json.loads(ran.out)
    summary = lines[-1]["summary"]
    assert len(summary["dice_at"]) == 4
    assert {"noc90", "noc90_ci", "failure_rate", "total_actions"} <= summary.keys()
    assert {line["seed"] for line in lines if "round" in line} == {0}


def test_bench_defaults_are_those_of_its_settings_file_and_the_command_line_wins(cli, tmp_path):
    (tmp_path / "bench.toml").write_text(
        'choices = 2\n[bench]\ndata = "synthetic:cells2d"\nmethod = "geodesic"\nimages = 1\n'
        'annotator = "click"\nrounds = 4\ncontext = false\ntarget-dice = 0.5\nlabel = "cell"\n'
        "[bench.seconds]\nclick = 7.0\n"
    )
    words = ["bench", "--config", "bench.toml", "--out", "r.jsonl"]
    assert cli(*words).code == 0
    first = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])["settings"]
    assert first["bench"]["rounds"] == 4
    assert first["bench"]["target_dice"] == 0.5
    assert first["bench"]["seconds"] == {"click": 7.0}
    assert cli(*words, "--set", "bench.rounds=3", "--set", "geodesic.choices=3").code == 0
    second = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])["settings"]
    assert second["bench"]["rounds"] == 3
    assert cli(*words, "--set", "bench.rounds=3", "--rounds", "2", "--volume").code == 0
    third = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])["settings"]
    assert third["bench"]["rounds"] == 2
    assert third["bench"]["volume"] is True


SUITE = """
title = "Tiny"
[defaults]
data = "synthetic:cells2d"
label = "nucleus"
images = 1
rounds = 2
splits = []
annotator = "click"
[[run]]
name = "{method}"
method = ["geodesic", "nowhere"]
[[check]]
check = "two clicks find something"
run = "geodesic"
round = 2
at_least = 0.1
"""


def test_a_suite_leaves_its_report(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "load", lambda name: suite.parse(name, SUITE))
    ran = cli("bench", "suite", "tiny", "--out", "tiny")
    assert ran.code == 0, ran.err
    assert "holds  two clicks find something" in ran.out
    assert "nowhere" in ran.err
    names = {path.name for path in (tmp_path / "tiny").iterdir()}
    assert {"report.md", "report.csv", "summary.json", "runs"} <= names
    checks = json.loads((tmp_path / "tiny" / "summary.json").read_text())
    assert {"check", "value", "low", "high", "target", "pass"} == set(checks[0])
    told = json.loads(cli("bench", "suite", "tiny", "--out", "tiny", "--resume", "--json").out)
    assert told["checks"] == checks
    assert set(told["not_run"]) == {"nowhere"}


def test_methods_lists_what_each_can_do(cli):
    told = json.loads(cli("methods", "--json").out)
    facts = {each["name"]: each for each in told}
    assert {"geodesic", "nearest-seed", "random-walker", "posterior", "unet"} <= facts.keys()
    assert "click" in facts["geodesic"]["feedback"]
    assert "geodesic" in cli("methods").out


def test_a_method_that_cannot_be_used_says_why(cli, install):
    def broken(settings, weights):
        raise ModuleNotFoundError("No module named 'lens'", name="lens")

    install("broken", broken)
    told = {each["name"]: each for each in json.loads(cli("methods", "--json").out)}
    assert "lens" in told["broken"]["missing"]
    assert "broken cannot be used here" in cli("methods").out


def test_data_check_names_the_file_and_the_remedy(cli, tmp_path):
    root = write_set(tmp_path / "study", 5)
    assert cli("data", "check", "study").code == 0
    (root / "images" / "003.png").write_bytes(b"")
    ran = cli("data", "check", "study", "--json")
    assert ran.code == 2
    told = json.loads(ran.out)
    assert not told["sound"]
    assert [f["file"] for f in told["findings"] if f["severity"] == "error"] == ["images/003.png"]
    plain = cli("data", "check", "study")
    assert plain.code == 2
    assert "003.png" in plain.out


def test_doctor_looks_at_everything_and_changes_nothing(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ran = cli("doctor", "--json")
    found = {each["what"]: each for each in json.loads(ran.out)}
    looked_at = {"python", "torch", "device", "threads", "memory", "disk", "cache folder"}
    assert looked_at <= found.keys()
    assert everything_in(tmp_path) == {}
    assert not (tmp_path / "cache").exists()
    assert "python" in cli("doctor").out


def test_doctor_says_what_is_wrong(cli, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ran = cli("doctor")
    assert ran.code == 2
    assert "cache folder" in ran.err


def test_weights_list_and_info_agree(cli):
    shipped = json.loads(cli("weights", "list", "--json").out)
    for facts in shipped:
        told = json.loads(cli("weights", "info", facts["name"], "--json").out)
        assert told["sha256"] == facts["sha256"]
    listed = cli("weights", "list")
    assert listed.code == 0
    assert max(map(len, listed.out.splitlines())) < 80


def test_what_weights_say_is_readable_and_names_each_set_once(cli, monkeypatch):
    facts = {
        "command": "assent train m --data D/kidney --data=D/liver --minutes 2",
        "constants": {"choice": {"beta": 20.0}, "within": [[0.118021679, 1.0]] * 12},
        "sets": [{"name": "kidney", "use": "train"}, {"name": "liver", "use": "train"}],
        "tasks": ["kidney/cyst", "liver/vessel"],
    }
    monkeypatch.setattr(weights, "weights_info", lambda name: facts)
    told = cli("weights", "info", "m").out
    assert (told.count("kidney"), told.count("liver")) == (1, 1)
    assert "assent train m --data … (2 folders) --minutes 2" in told
    assert "choice (beta 20), within (12 x 2 numbers)" in told
    assert json.loads(cli("weights", "info", "m", "--json").out) == facts
    facts["tasks"] = ["elsewhere/cyst"]
    assert "elsewhere/cyst" in cli("weights", "info", "m").out


class Settled(ThresholdMethod):
    """Remembers how it was built."""

    name = "settled"
    built: dict = {}  # noqa: RUF012 - one record for the whole test


def test_every_way_to_name_a_setting_reaches_the_method(cli, tmp_path, image, install):
    def build(settings, weights):
        Settled.built = dict(settings)
        return Settled()

    install("settled", build)
    (tmp_path / "s.toml").write_text('a = 1\nb = 1\n[settled]\nc = 1\nd = 1\n[geodesic]\ne = "x"\n')
    words = ["segment", image, "--method", "settled", "--config", "s.toml"]
    ran = cli(*words, "--set", "b=2", "--set", "settled.d=2.5", "--set", "settled.f=on", "--json")
    assert ran.code == 0, ran.err
    assert Settled.built == {"a": 1, "b": 2, "c": 1, "d": 2.5, "f": "on"}


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_every_command_has_the_shared_options_and_examples_that_would_run(cli, name):
    ran = cli(*name.split(), "--help")
    assert ran.code == 0
    options = set(re.findall(r"--[a-z][a-z-]*", ran.out.split("Examples:")[0]))
    assert {"--config", "--set", "--json", "--help"} <= options
    _, _, examples = ran.out.partition("Examples:")
    lines = [line.strip() for line in examples.strip().splitlines()]
    assert lines
    for line in lines:
        program, *words = line.split()
        known, _ = main.find(words)
        assert (program, known.split()[0]) == ("assent", name.split()[0])
        if known == name:
            assert set(re.findall(r"--[a-z][a-z-]*", line)) <= options


TABLE = {
    "segment": "method click box scribble context out candidates",
    "propagate": "out auto-accept-risk",
    "bench": "method data label annotator raters images context carry-over target-dice rounds"
    " lapse seed split volume weights resume out",
    "bench suite": "data out",
    "train": "data steps minutes device resume out",
}


@pytest.mark.parametrize("name", list(TABLE))
def test_the_promised_options_are_there(cli, name):
    shown = cli(*name.split(), "--help").out
    assert {f"--{option}" for option in TABLE[name].split()} <= set(shown.split())


def test_the_overview_lists_every_command(cli):
    ran = cli("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in main.COMMANDS)
    assert cli().out == ran.out
    inside = cli("weights", "--help").out
    assert "weights info" in inside
    assert "segment" not in inside.partition("Commands:")[2]


def test_the_version_is_that_of_the_package(cli):
    ran = cli("--version")
    assert (ran.code, ran.out) == (0, "0.1.0\n")


def test_a_mask_of_a_dicom_series_can_be_a_dicom_seg(cli, tmp_path):
    source = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    (tmp_path / "ct").mkdir()
    for number in range(3):
        source.SOPInstanceUID = source.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        source.ImagePositionPatient = [0.0, 0.0, 5.0 * number]
        source.save_as(tmp_path / "ct" / f"{number}.dcm")
    words = ["segment", "ct", "--method", "geodesic", "--click", "1,64,64,+", "--out"]
    for out in ("mask.dcm", "mask.nii.gz"):
        assert cli(*words, out).code == 0
    image = read_image(tmp_path / "ct")
    drawn = read_mask(tmp_path / "mask.nii.gz", like=image)
    assert drawn.any()
    assert np.array_equal(read_mask(tmp_path / "mask.dcm", like=image), drawn)
    slice_before = (tmp_path / "ct" / "1.dcm").read_bytes()
    refused = cli(*words, "ct/1.dcm")
    assert refused.code == 2
    assert "1.dcm is there already" in refused.err
    assert (tmp_path / "ct" / "1.dcm").read_bytes() == slice_before
    assert cli(*words, "mask.dcm").code == 0, "an earlier SEG is replaced"
