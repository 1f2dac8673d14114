import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.case import Case, Reference
from assent.core.image import from_array
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior.tasks import SLICES, STEPS_PER_PIXEL, read_tasks, signed_distance
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
    shown = []
    again = read_tasks([open_synthetic("cells2d", images=4)], "train", side=64, report=shown.append)
    assert shown == ["synthetic-cells2d"]
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
