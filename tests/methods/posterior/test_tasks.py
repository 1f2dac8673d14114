import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.case import Case, Reference
from assent.core.errors import FileFormatError
from assent.core.image import from_array
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior.tasks import (
    SLICES,
    STEPS_PER_PIXEL,
    _signed_distance,
    read_tasks,
    signed_distance,
    what_is_wrong,
)
from methods.posterior.posterior_tiny import disk

masks = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).random((9, 13)) < (seed % 11) / 10
)


@given(masks)
@settings(max_examples=40, deadline=None)
def test_a_mask_comes_back_from_its_signed_distance(mask):
    distance = signed_distance(mask)
    assert distance.dtype == np.int8
    assert np.array_equal(distance < 0, mask)


def test_empty_and_full_masks_are_far_from_any_border():
    assert (signed_distance(np.zeros((5, 5), bool)) == 127).all()
    assert (signed_distance(np.ones((5, 5), bool)) <= -127).all()


def test_another_threshold_moves_the_border_by_pixels():
    mask = disk(40, 40, at=(20, 20), radius=10)
    distance = signed_distance(mask)
    for shift in (-3, 2):
        moved = distance < shift * STEPS_PER_PIXEL
        exact = disk(40, 40, at=(20, 20), radius=10 + shift)
        assert 2 * (moved & exact).sum() / (moved.sum() + exact.sum()) > 0.95


def test_an_object_that_leaves_the_image_has_no_border_there():
    mask = np.zeros((30, 30), bool)
    mask[:, :10] = True
    distance = signed_distance(mask)
    assert (distance[0] == distance[15]).all()


def test_a_distance_does_not_depend_on_how_much_of_the_image_is_looked_at():
    mask = disk(120, 150, at=(70, 40), radius=12) | disk(120, 150, at=(60, 60), radius=5)
    assert np.array_equal(signed_distance(mask), _signed_distance(mask))


class Folder:
    """Six images: two sound masks of a disk, and one of each thing that can be wrong."""

    name, use, modality, has_raters = "toy", "train", "", True

    def cases(self, *splits):
        shape = (1, 40, 40)
        sound = disk(40, 40, at=(20, 20), radius=9)[None]
        masks = [sound, np.zeros(shape, bool), ~sound, np.ones(shape, bool), sound, sound]
        return [self._case(str(k), mask) for k, mask in enumerate(masks)]

    def _case(self, name, mask):
        image = from_array(np.random.default_rng(0).uniform(0, 200, (40, 40)))

        def broken():
            raise FileFormatError(f"{name}.png is cut short. Copy it again.")

        steady = disk(40, 40, at=(20, 20), radius=7)[None]
        references = (
            Reference("disk", "ann", broken if name == "4" else lambda: mask),
            Reference("disk", "bob", lambda: steady),
        )
        read = broken if name == "5" else lambda: image
        return Case(name, "toy", name, "train", read, references)


def test_what_cannot_be_learned_from_is_left_out_by_name():
    left_out = []
    (task,) = read_tasks([Folder()], "train", side=64, leave_out=left_out.append)
    assert [(item.dataset, item.name, item.reason) for item in left_out] == [
        ("toy", "1/disk/ann", "the mask is empty"),
        ("toy", "2/disk/ann", "object and background of the mask seem swapped"),
        ("toy", "3/disk/ann", "the mask covers the whole image"),
        ("toy", "4/disk/ann", "4.png is cut short. Copy it again."),
        ("toy", "5", "5.png is cut short. Copy it again."),
    ]
    assert [set(example.distances) for example in task.examples] == [{"ann", "bob"}] + [{"bob"}] * 4


def test_a_large_object_that_leaves_the_image_is_no_swapped_one():
    rows = np.zeros((1, 40, 40), bool)
    rows[:, :36] = True
    assert what_is_wrong(rows) == ""
    holes = ~disk(40, 40, at=(20, 38), radius=9)[None]
    assert what_is_wrong(holes) == "", "what is free reaches the frame"
    assert what_is_wrong(~disk(40, 40, at=(20, 20), radius=18)[None]) == "", "more is free"


def test_raters_are_kept_apart_and_images_reduced():
    source = open_synthetic("raters2d", images=5)
    (task,) = read_tasks([source], "train", side=48)
    assert (task.dataset, task.target, task.has_raters) == ("synthetic-raters2d", "lesion", True)
    assert len(task.examples) == 3, "the train split alone"
    for example in task.examples:
        assert example.image.dtype == np.uint8
        assert example.image.shape[0] == 3
        assert max(example.image.shape[1:]) == 48
        assert set(example.distances) == {"careful", "wide", "smooth", "satellite"}
        assert example.parts == ()
        for distance in example.distances.values():
            assert distance.shape == example.image.shape[1:]
        wide, careful = (int((example.distances[r] < 0).sum()) for r in ("wide", "careful"))
        assert wide > careful


def test_each_target_is_a_task():
    tasks = read_tasks([open_synthetic("cells2d", images=4)], "train", side=64)
    assert [t.target for t in tasks] == ["cell", "nucleus"]
    assert not any(t.has_raters for t in tasks)
    again = read_tasks([open_synthetic("cells2d", images=4)], "train", side=64)
    for one, other in zip(tasks, again, strict=True):
        for a, b in zip(one.examples, other.examples, strict=True):
            assert np.array_equal(a.image, b.image)
            assert np.array_equal(a.distances[""], b.distances[""])


def test_volumes_give_a_few_slices_that_show_the_target():
    tasks = read_tasks([open_synthetic("volume3d", images=1)], "train", side=64)
    assert {t.target for t in tasks} == {"organ", "lesion"}
    for task in tasks:
        assert 1 <= len(task.examples) <= SLICES
        for example in task.examples:
            assert any((d < 0).any() for d in example.distances.values())


def test_a_split_without_cases_gives_no_task():
    assert read_tasks([open_synthetic("raters2d", images=2)], "test", side=64) == []


def test_single_components_are_kept_where_there_are_several():
    mask = disk(64, 64, at=(16, 16), radius=8) | disk(64, 64, at=(45, 45), radius=6)
    mask[2, 60] = True
    reference = Reference("spots", "", lambda: mask[None])
    image = from_array(50.0 + 100 * mask)
    case = Case("0", "toy", "0", "train", lambda: image, (reference,))

    class Toy:
        name, use, modality, has_raters = "toy", "train", "", False

        def cases(self, *splits):
            return [case]

    (task,) = read_tasks([Toy()], "train", side=64)
    (example,) = task.examples
    areas = [int((part < 0).sum()) for part in example.parts]
    assert len(areas) == 2, "a speck is no part"
    assert areas == sorted(areas, reverse=True)
    assert sum(areas) == mask.sum() - 1
