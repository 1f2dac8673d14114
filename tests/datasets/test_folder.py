"""Folders become cases with the right references, raters and splits."""

import pickle
from collections import defaultdict

import numpy as np
import PIL.Image
import pytest

from assent.core.errors import FileFormatError, InputError, NotFoundError
from assent.datasets.folder import open_folder


def test_every_distinct_rater_is_a_reference_of_one_target(rater_folder):
    source = open_folder(rater_folder)
    assert source.name == "cells"
    assert source.use == "train"
    assert source.modality == "phase contrast"
    assert source.has_raters
    assert source.targets == ("cell",)
    assert source.raters == ("anna", "bela")
    assert source.copies == {"twin": "anna"}
    cases = source.cases()
    assert [c.id for c in cases] == [f"{n:03d}" for n in range(6)]
    assert [(r.target, r.rater) for r in cases[0].references] == [
        ("cell", "anna"),
        ("cell", "bela"),
    ]
    assert int(cases[0].references[1].read().sum()) == 81


def test_a_missing_mask_means_not_annotated(rater_folder, plain_folder):
    last = open_folder(rater_folder).cases()[-1]
    assert [r.rater for r in last.references] == ["anna"]
    assert [c.id for c in open_folder(plain_folder, label="cell").cases()] == ["img0", "img2"]


def test_images_of_one_patient_share_a_split_and_splits_add_up(rater_folder):
    source = open_folder(rater_folder)
    splits = defaultdict(set)
    for case in source.cases():
        splits[case.group].add(case.split)
    assert set(splits) == {"P0", "P1", "P2"}
    assert all(len(found) == 1 for found in splits.values())
    parts = [source.cases(split) for split in ("train", "val", "test")]
    assert sorted(c.id for part in parts for c in part) == [c.id for c in source.cases()]
    both = source.cases("val", "train")
    assert {c.split for c in both} <= {"val", "train"}


def test_a_label_restricts_to_one_mask_folder(rater_folder, plain_folder):
    one = open_folder(rater_folder, label="twin")
    assert one.raters == ("twin",)
    assert open_folder(rater_folder, label="cell").raters == ("anna", "bela")
    nuclei = open_folder(plain_folder, label="nucleus")
    assert nuclei.targets == ("nucleus",)
    assert all(r.target == "nucleus" for c in nuclei.cases() for r in c.references)


def test_an_unknown_label_is_answered_with_the_known_ones(rater_folder, plain_folder):
    with pytest.raises(NotFoundError, match=r"'liver'.*Known: cell, nucleus"):
        open_folder(plain_folder, label="liver")
    with pytest.raises(NotFoundError, match="anna, bela, cell, twin"):
        open_folder(rater_folder, label="gold")


def test_a_plain_folder_needs_no_description(plain_folder):
    source = open_folder(plain_folder)
    assert (source.name, source.use, source.has_raters) == ("plain", "", False)
    assert source.targets == ("cell", "nucleus")
    first = source.cases()[0]
    assert first.read_image().voxels.shape == (3, 1, 10, 12)
    assert [r.rater for r in first.references] == ["", ""]
    assert [r.read().shape for r in first.references] == [(1, 10, 12)] * 2


def test_masks_directly_in_the_mask_folder_are_one_target(plain_folder):
    masks = plain_folder / "masks"
    for path in (masks / "nucleus").iterdir():
        path.rename(masks / path.name)
    for path in (masks / "cell").iterdir():
        path.unlink()
    (masks / "nucleus").rmdir()
    (masks / "cell").rmdir()
    source = open_folder(plain_folder)
    assert source.targets == ("object",)
    assert len(source.cases()) == 3


def test_a_folder_that_is_no_dataset_is_explained(tmp_path, plain_folder):
    with pytest.raises(InputError, match="no folder 'nowhere'"):
        open_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"has no images/ or volumes/.*expected a folder images/"):
        open_folder(tmp_path / "empty")
    (plain_folder / "masks").rename(plain_folder / "other")
    with pytest.raises(InputError, match="has no masks/ or labels/"):
        open_folder(plain_folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"items": 3}', '{"items": ["a"]}'])
def test_a_broken_description_is_named(plain_folder, text):
    (plain_folder / "dataset.json").write_text(text)
    with pytest.raises(FileFormatError, match=r"dataset\.json"):
        open_folder(plain_folder)


def test_a_mask_of_another_size_is_refused_by_name(plain_folder):
    target = plain_folder / "masks" / "cell" / "img0.png"
    PIL.Image.fromarray(np.ones((7, 12), np.uint8)).save(target)
    case = open_folder(plain_folder, label="cell").cases()[0]
    with pytest.raises(InputError, match=r"img0\.png"):
        case.references[0].read()


def test_cases_travel_to_other_processes(plain_folder):
    case = pickle.loads(pickle.dumps(open_folder(plain_folder).cases()[0]))
    assert case.references[0].read().any()


@pytest.mark.data
def test_bubil_ds1_has_nine_distinct_raters(real_data):
    source = open_folder(real_data / "bubil_ds1")
    assert len(source.raters) == 9
    assert source.copies == {"Person2_ImageJ": "Person2_Amira"}
    assert "gold" not in source.raters
    case = source.cases()[0]
    masks = np.stack([r.read() for r in case.references])
    assert masks.shape[0] == 9
    assert masks.shape[1:] == case.read_image().shape_dhw
    assert (masks.mean(0) > 0.5).any()


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "count", "raters", "targets"),
    [
        ("bubil_ds2", 33, 10, 1),
        ("bubil_ds4", 53, 3, 1),
        ("wbc_jtsc", 200, 0, 3),
        ("sunnybrook_lv", 224, 0, 1),
        ("msd_hippocampus", 60, 0, 2),
        ("dcmqi_liver_ct3", 1, 0, 2),
    ],
)
def test_real_folders_open_and_groups_stay_together(real_data, name, count, raters, targets):
    source = open_folder(real_data / name)
    assert (len(source.cases()), len(source.raters), len(source.targets)) == (
        count,
        raters,
        targets,
    )
    groups = [{c.group for c in source.cases(s)} for s in ("train", "val", "test")]
    assert not groups[0] & groups[1]
    assert not groups[1] & groups[2]
    assert not groups[0] & groups[2]
    case = source.cases()[0]
    assert case.references[0].read().shape == case.read_image().shape_dhw
