import numpy as np
import pytest

from assent.methods.posterior.phantoms import FAMILIES, phantom_task, superpixel_task
from assent.methods.posterior.tasks import Example, signed_distance
from methods.posterior.posterior_tiny import disk


@pytest.mark.parametrize("seed", range(6))
def test_invented_tasks_are_drawn_from_their_seed(seed):
    first, second = (phantom_task(3, 96, np.random.default_rng(seed)) for _ in range(2))
    assert len(first.examples) == 3
    assert not first.has_raters
    for a, b in zip(first.examples, second.examples, strict=True):
        assert a.image.shape == (3, 96, 96)
        assert a.image.dtype == np.uint8
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.distances[""], b.distances[""])


def test_images_of_one_task_differ():
    task = phantom_task(2, 96, np.random.default_rng(1))
    assert not np.array_equal(task.examples[0].image, task.examples[1].image)


@pytest.mark.parametrize("family", sorted(set(FAMILIES), key=lambda f: f.__name__))
def test_every_family_usually_draws_an_object_and_surroundings(family):
    shares = [family(np.random.default_rng(seed), 96).mean() for seed in range(12)]
    assert family(np.random.default_rng(0), 96).shape == (96, 96)
    assert np.mean([0 < s < 0.95 for s in shares]) > 0.8


def test_an_object_can_be_seen():
    """Inside and outside differ in colour in most invented tasks."""
    gaps = []
    for seed in range(8):
        example = phantom_task(1, 96, np.random.default_rng(seed)).examples[0]
        inside = example.distances[""] < 0
        if inside.any() and not inside.all():
            pixels = example.image.reshape(3, -1)
            means = [pixels[:, side.ravel()].mean(1) for side in (inside, ~inside)]
            gaps.append(np.abs(means[0] - means[1]).max())
    assert np.median(gaps) > 10


@pytest.mark.parametrize("size", [(80, 100), (200, 180)])
def test_a_superpixel_is_one_region_of_the_image(size):
    mask = disk(*size, at=(40, 50), radius=20)
    pixels = np.repeat((50 + 150 * mask)[None], 3, 0).astype(np.uint8)
    example = Example(pixels, {"": signed_distance(mask)})
    task = superpixel_task(example, 5, np.random.default_rng(3))
    assert len(task.examples) == 5
    assert all(e is task.examples[0] for e in task.examples)
    copy = task.examples[0]
    assert copy.image.shape[1:] == copy.distances[""].shape
    assert 0 < (copy.distances[""] < 0).sum() < copy.distances[""].size
    again = superpixel_task(example, 5, np.random.default_rng(3))
    assert np.array_equal(again.examples[0].distances[""], copy.distances[""])


def test_a_constant_image_still_gives_a_superpixel_task():
    blank = np.full((3, 64, 64), 90, np.uint8)
    example = Example(blank, {"": signed_distance(np.zeros((64, 64), bool))})
    task = superpixel_task(example, 2, np.random.default_rng(0))
    assert task.examples[0].distances[""].shape == (64, 64)
