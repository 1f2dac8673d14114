"""Phantoms: the same from the same seed, by raters with habits that show."""

import pickle

import numpy as np
import pytest

from assent.core.errors import InputError, NotFoundError
from assent.core.mask import boundary_offset_mm, components
from assent.core.metrics import dice
from assent.datasets.habits import Habit, draw
from assent.datasets.synthetic import KINDS, open_synthetic


def masks_of(case, target):
    return {r.rater: r.read() for r in case.references if r.target == target}


@pytest.mark.parametrize("name", KINDS)
def test_equal_seeds_give_equal_images_and_masks(name):
    first, again = (open_synthetic(name, images=2, seed=5).cases()[1] for _ in range(2))
    other = open_synthetic(name, images=2, seed=6).cases()[1]
    assert first.read_image().content_id == again.read_image().content_id
    assert first.read_image().content_id != other.read_image().content_id
    for one, two in zip(first.references, again.references, strict=True):
        assert np.array_equal(one.read(), two.read())


@pytest.mark.parametrize("name", KINDS)
def test_every_reference_lies_on_the_image_and_is_neither_empty_nor_full(name):
    for case in open_synthetic(name, images=3, seed=1).cases():
        image = case.read_image()
        assert np.isfinite(image.voxels).all()
        assert image.voxels.std() > 5
        for reference in case.references:
            mask = reference.read()
            assert mask.shape == image.shape_dhw
            assert mask.dtype == np.bool_
            assert 0 < mask.mean() < 0.6


@pytest.mark.parametrize("name", KINDS)
def test_names_say_that_it_is_a_phantom(name):
    source = open_synthetic(name, images=1)
    assert source.name == f"synthetic-{name}"
    assert source.modality.startswith("phantom")
    assert "phantom" in source.cases()[0].read_image().name


def test_a_first_image_does_not_depend_on_how_many_there_are():
    few, many = open_synthetic(images=5).cases(), open_synthetic(images=9).cases()
    assert [(c.id, c.split) for c in few] == [(c.id, c.split) for c in many[:5]]
    assert {c.split for c in few} == {"train", "val", "test"}
    assert few[4].read_image().content_id == many[4].read_image().content_id


def test_habits_are_stable_over_images():
    offsets = {"wide": [], "smooth": [], "satellite": []}
    extra_parts = []
    for case in open_synthetic("raters2d", images=8, seed=2).cases():
        masks = masks_of(case, "lesion")
        assert set(masks) == {"careful", "wide", "smooth", "satellite"}
        spacing = case.read_image().geometry.spacing_zyx_mm
        for rater, found in offsets.items():
            found.append(boundary_offset_mm(masks[rater], masks["careful"], spacing))
        extra = masks["satellite"] & ~masks["wide"]
        extra_parts.append(extra.sum() > 15)
    assert min(offsets["wide"]) > 0.8
    assert max(offsets["wide"]) < 2.2
    assert all(abs(offset) < 0.8 for offset in offsets["smooth"])
    assert sum(extra_parts) >= 6


def test_raters_disagree_but_mean_the_same_object():
    for case in open_synthetic("raters2d", images=5).cases():
        masks = list(masks_of(case, "lesion").values())
        scores = [dice(a, b) for i, a in enumerate(masks) for b in masks[:i]]
        assert min(scores) > 0.6
        assert max(scores) < 0.999


def test_cells_are_in_colour_and_the_nucleus_lies_in_the_cell():
    source = open_synthetic("cells2d", images=3)
    assert not source.has_raters
    for case in source.cases():
        assert case.read_image().voxels.shape[0] == 3
        nucleus, cell = (masks_of(case, t)[""] for t in ("nucleus", "cell"))
        assert not (nucleus & ~cell).any()
        assert components(cell)[1] == 1
        grey = case.read_image().voxels.mean(axis=0)
        assert grey[nucleus].mean() < grey[cell & ~nucleus].mean() - 20


def test_the_volume_is_a_ct_with_thick_slices():
    case = open_synthetic("volume3d", images=1).cases()[0]
    image = case.read_image()
    assert image.modality == "CT"
    assert image.is_volume
    assert image.geometry.spacing_zyx_mm == (5.0, 3.0, 3.0)
    organ, lesion = (masks_of(case, t)["careful"] for t in ("organ", "lesion"))
    assert image.voxels.min() < -900
    assert 80 < image.voxels[0][organ & ~lesion].mean() < 130
    assert 35 < image.voxels[0][lesion].mean() < 95
    assert (lesion & ~organ).sum() < 0.1 * lesion.sum()


def test_the_object_can_be_seen():
    for name, target in (("raters2d", "lesion"), ("tubes2d", "vessel")):
        for case in open_synthetic(name, images=4).cases():
            mask = next(iter(masks_of(case, target).values()))
            grey = case.read_image().voxels[0]
            inside, outside = grey[mask], grey[~mask]
            spread = np.hypot(inside.std(), outside.std())
            assert abs(inside.mean() - outside.mean()) > 0.7 * spread


def test_a_label_is_a_target_or_a_rater():
    assert open_synthetic("volume3d", label="lesion").targets == ("lesion",)
    wide = open_synthetic("volume3d", label="wide")
    assert (wide.raters, wide.targets) == (("wide",), ("organ", "lesion"))
    with pytest.raises(NotFoundError, match="careful, lesion, organ, satellite, wide"):
        open_synthetic("volume3d", label="spleen")
    with pytest.raises(NotFoundError, match="raters2d"):
        open_synthetic("brain")
    with pytest.raises(InputError, match="At least one"):
        open_synthetic(images=0)


def test_cases_travel_to_other_processes():
    case = open_synthetic(images=1).cases()[0]
    copy = pickle.loads(pickle.dumps(case))
    assert copy.read_image().content_id == case.read_image().content_id


def test_what_a_reader_gets_may_be_changed_without_harm():
    reference = open_synthetic("cells2d", images=1).cases()[0].references[0]
    before = reference.read()
    reference.read()[:] = True
    assert np.array_equal(reference.read(), before)


def test_smoothing_keeps_the_size_and_an_empty_object_stays_empty():
    core = np.zeros((1, 40, 40), np.bool_)
    core[0, 8:32, 8:32] = True
    none = np.zeros_like(core)
    rng = np.random.default_rng(0)
    habit = Habit("smooth", smoothing_mm=4.0, hand_px=0.0)
    drawn = draw(habit, core, none, spacing_zyx_mm=(1.0, 1.0, 1.0), rng=rng)
    assert abs(int(drawn.sum()) - int(core.sum())) < 12
    assert not drawn[0, 8, 8]
    assert not draw(habit, none, none, spacing_zyx_mm=(1.0, 1.0, 1.0), rng=rng).any()
