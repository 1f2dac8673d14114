"""Folders, runs and weights that cannot be used: one sentence, and what was there stays."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from assent.testing.methods import ThresholdMethod
from interfaces.small_files import (
    check_refused,
    cut,
    disc,
    everything_in,
    write_drawing,
    write_picture,
    write_set,
)


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
