"""The check of a folder reports everything at once and names the file."""

import json

import numpy as np
import PIL.Image
import pytest

from assent.datasets.check import check_folder


def by_severity(findings, severity):
    return [finding for finding in findings if finding.severity == severity]


def test_a_sound_folder_has_counts_only(plain_folder):
    findings = check_folder(plain_folder)
    assert not by_severity(findings, "error")
    sentences = " ".join(f.sentence for f in by_severity(findings, "note"))
    assert "Label cell: 2 images" in sentences
    assert "Label nucleus: 3 images" in sentences
    assert "3 images in 3 groups" in sentences


def test_everything_odd_is_found_in_one_go(rater_folder):
    images, masks = rater_folder / "images", rater_folder / "masks"
    (images / "000.png").write_bytes((images / "000.png").read_bytes()[:60])
    (images / "001.png").write_bytes(b"")
    PIL.Image.fromarray(np.zeros((20, 20), np.uint8)).save(masks / "anna" / "002.png")
    PIL.Image.fromarray(np.full((20, 20), 255, np.uint8)).save(masks / "bela" / "002.png")
    PIL.Image.fromarray(np.ones((9, 20), np.uint8)).save(masks / "anna" / "003.png")
    (masks / "bela" / "004.png").write_bytes(b"not a picture")
    PIL.Image.fromarray(np.ones((20, 20), np.uint8)).save(masks / "bela" / "099.png")
    PIL.Image.fromarray(np.full((20, 20), 7, np.uint8)).save(images / "005.png")
    said = json.loads((rater_folder / "dataset.json").read_text())
    said["mask_folders"].append("carl")
    said["items"].append({"id": "050"})
    (rater_folder / "dataset.json").write_text(json.dumps(said))
    findings = check_folder(rater_folder)
    errors = {f.file: f.sentence for f in by_severity(findings, "error")}
    assert set(errors) == {
        "images/000.png",
        "images/001.png",
        "masks/anna/003.png",
        "masks/bela/004.png",
        "dataset.json",
    }
    assert "carl" in errors["dataset.json"]
    warnings = {(f.file, f.sentence[:22]) for f in by_severity(findings, "warning")}
    assert ("masks/anna/002.png", "The mask is empty: the") in warnings
    assert ("masks/bela/002.png", "The mask covers the wh") in warnings
    assert ("masks/bela/099.png", "This mask belongs to n") in warnings
    assert ("images/005.png", "Every voxel of this im") in warnings
    assert ("dataset.json", "Item 050 is described ") in warnings
    assert all(f.remedy for f in findings if f.severity == "warning")
    assert errors["images/000.png"].endswith("export it anew.")
    remedies = {f.remedy for f in findings if f.sentence.endswith("export it anew.")}
    assert remedies == {""}, "an error says twice what to do"
    order = [f.severity for f in findings]
    assert order == sorted(order, key=("error", "warning", "note").index)


def test_identical_raters_are_reported(rater_folder):
    warnings = by_severity(check_folder(rater_folder), "warning")
    assert any("Rater twin is identical to anna" in f.sentence for f in warnings)


def test_names_that_differ_in_suffix_only_are_reported(plain_folder):
    PIL.Image.new("L", (12, 10), 3).save(plain_folder / "images" / "img0.bmp")
    warnings = by_severity(check_folder(plain_folder), "warning")
    assert any(f.file == "images" and "img0" in f.sentence for f in warnings)


@pytest.mark.parametrize("break_it", ["missing", "description", "empty"])
def test_a_folder_that_cannot_be_used_at_all_gives_one_error(tmp_path, plain_folder, break_it):
    root = {"missing": tmp_path / "nowhere", "empty": tmp_path / "empty"}.get(
        break_it, plain_folder
    )
    (tmp_path / "empty").mkdir()
    if break_it == "description":
        (plain_folder / "dataset.json").write_text("{")
    (finding,) = check_folder(root)
    assert finding.severity == "error"
    assert finding.sentence.count(". ") == 1, "what is wrong, and what to do"


@pytest.mark.data
def test_real_folders_have_no_errors(real_data):
    for name in ("bubil_ds1", "drosophila_vnc_em", "dcmqi_liver_ct3", "sts_ct_tumour"):
        assert not by_severity(check_folder(real_data / name), "error")
