from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.errors import ConfigError
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior.episodes import (
    STOCK,
    TARGETS,
    Batch,
    EpisodeMix,
    EpisodeSampler,
    Stock,
    _warp,
)
from assent.methods.posterior.recolour import Look
from assent.methods.posterior.tasks import Example, Task, read_tasks, signed_distance
from methods.posterior.posterior_tiny import disk

SIDE = 32
REAL = EpisodeMix(raters=0.0, superpixels=0.0, phantoms=0.0, habit=0.0, context_most=3)
PLAIN = Look(grain=0.0)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tasks():
    return read_tasks(
        [open_synthetic("raters2d", images=7), open_synthetic("cells2d", images=4)],
        "train",
        side=64,
    )


def same(one, other):
    return one.kinds == other.kinds and all(
        torch.equal(getattr(one, name), getattr(other, name))
        for name in ("image", "target", "context_image", "context_mask", "confidence")
    )


def test_one_seed_gives_the_same_batches_and_another_gives_others(tasks):
    def batches(seed):
        sampler = EpisodeSampler(tasks, EpisodeMix(), seed=[seed])
        return [sampler.batch(2, SIDE) for _ in range(3)]

    first, second, third = batches(1), batches(1), batches(2)
    assert all(same(a, b) for a, b in zip(first, second, strict=True))
    assert not any(same(a, b) for a, b in zip(first, third, strict=True))
    assert not same(first[0], first[1])


def test_batches_have_the_shapes_they_promise(tasks):
    sampler = EpisodeSampler(tasks, EpisodeMix(), seed=[0])
    for _ in range(4):
        batch = sampler.batch(3, SIDE)
        entries = batch.confidence.shape[1]
        assert batch.image.shape == (3 * TARGETS, 3, SIDE, SIDE)
        assert batch.target.shape == (3 * TARGETS, 1, SIDE, SIDE)
        assert batch.context_image.shape == (3, entries, 3, SIDE, SIDE)
        assert batch.context_mask.shape == (3, entries, 1, SIDE, SIDE)
        assert entries >= 2
        assert entries % 2 == 0
        assert batch.shared.shape == (3,)
        assert len(batch.kinds) == 3
        for mask in (batch.target, batch.context_mask):
            assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert batch.image.min() >= 0
        assert batch.image.max() <= 1
        assert torch.isfinite(batch.image).all()


def test_context_that_is_absent_has_no_confidence(tasks):
    sampler = EpisodeSampler(tasks, EpisodeMix(context_most=4), seed=[5])
    sizes = []
    for _ in range(12):
        batch = sampler.batch(2, SIDE)
        drawn = batch.context_image.flatten(2).any(-1)
        assert torch.equal(drawn, batch.confidence > 0)
        assert set(batch.confidence.unique().tolist()) <= {0.0, 1.0}
        sizes += batch.confidence.sum(1).int().tolist()
    assert 0 in sizes
    assert max(sizes) > 1
    assert max(sizes) <= 4


def test_a_large_task_lends_no_more_context_than_asked_and_often_none(tasks):
    many = [replace(task, examples=task.examples * 8) for task in tasks]
    sampler = EpisodeSampler(many, replace(REAL, raters=0.5), seed=[3])
    sizes = [float(n) for _ in range(10) for n in sampler.batch(2, SIDE).confidence.sum(1)]
    assert max(sizes) <= REAL.context_most
    assert sizes.count(0.0) >= 4
    assert len(set(sizes)) > 2


def test_targets_are_what_one_rater_drew():
    """Half of the images were drawn small by one person, the others large by another."""
    examples = []
    for k, (rater, radius) in enumerate([("small", 6.0), ("large", 20.0)] * 5):
        mask = disk(64, 64, (32, 32), radius)
        distances = {rater: signed_distance(mask)}
        examples.append(Example(np.full((3, 64, 64), 20 * k, np.uint8), distances))
    task = Task("halves", "disk", True, tuple(examples))
    mix = EpisodeMix(raters=1.0, superpixels=0.0, phantoms=0.0, context_most=0)
    sampler = EpisodeSampler([task], mix, seed=[0])
    for _ in range(6):
        areas = sampler.batch(1, SIDE).target.sum((1, 2, 3))
        assert areas.max() < 4 * areas.min(), "never the other person's"


def test_without_real_images_everything_is_invented():
    batch = EpisodeSampler([], EpisodeMix(), seed=[0]).batch(3, SIDE)
    assert batch.kinds == ("phantom",) * 3


def test_every_kind_of_episode_is_drawn(tasks):
    mix = EpisodeMix(raters=0.25, superpixels=0.25, phantoms=0.25, context_most=2)
    sampler = EpisodeSampler(tasks, mix, seed=[0])
    kinds = {kind for _ in range(10) for kind in sampler.batch(3, SIDE).kinds}
    assert kinds == {"raters", "superpixel", "phantom", "real"}


def test_z_is_shared_only_where_somebody_has_a_habit(tasks):
    single = [t for t in tasks if not t.has_raters]
    sampler = EpisodeSampler(single, REAL, seed=[0])
    assert not any(sampler.batch(3, SIDE).shared.any() for _ in range(4))
    several = EpisodeMix(raters=1.0, superpixels=0.0, phantoms=0.0)
    sampler = EpisodeSampler(tasks, several, seed=[0])
    shared = np.concatenate([sampler.batch(3, SIDE).shared for _ in range(6)])
    assert 0.2 < shared.mean() < 0.8


def test_a_task_with_fewer_images_than_targets_repeats_them():
    mask = disk(40, 40, at=(20, 20), radius=9)
    pixels = np.repeat((60 + 120 * mask)[None], 3, 0).astype(np.uint8)
    task = Task("few", "disk", False, (Example(pixels, {"": signed_distance(mask)}),) * 2)
    batch = EpisodeSampler([task], REAL, seed=[0]).batch(4, SIDE)
    assert isinstance(batch, Batch)
    assert (batch.confidence == 0).all(), "no image is left for the context"
    assert batch.target.flatten(1).any(1).float().mean() > 0.8


def test_invented_tasks_are_used_several_times_and_then_go():
    invented = []
    stock = Stock(np.random.default_rng(0))

    def invent():
        invented.append(Task("phantoms", str(len(invented)), False, ()))
        return invented[-1]

    drawn = [stock.task(invent).target for _ in range(600)]
    assert STOCK < len(invented) < 200
    assert len(set(drawn[:30])) > 12, "variety from the start"
    late = drawn[-50:]
    assert len(set(late)) > 8
    assert min(map(int, late)) > 0, "the oldest are gone"


def test_appearance_and_shared_z_can_be_turned_off(tasks):
    mix = EpisodeMix(raters=1.0, superpixels=0.0, phantoms=0.0, shared=0.0)
    assert not any(EpisodeSampler(tasks, mix, seed=[0]).batch(3, SIDE).shared.any() for _ in "abc")
    gray = np.full((3, 40, 40), 120, np.uint8)
    mask = signed_distance(disk(40, 40, at=(20, 20), radius=9))
    task = Task("even", "disk", False, (Example(gray, {"": mask}),) * 5)
    for strength, count in ((0.0, 1), (1.0, 2)):
        sampler = EpisodeSampler([task], replace(REAL, appearance=strength), seed=[1])
        levels = torch.cat([sampler.batch(2, SIDE).image.flatten() for _ in range(4)])
        assert (len(levels.unique()) > 10) == (count == 2)


def test_shares_of_episodes_cannot_exceed_the_whole():
    with pytest.raises(ConfigError, match=r"raters, superpixels and phantoms sum to 1\.1"):
        EpisodeMix(raters=0.6, superpixels=0.2, phantoms=0.3)


def test_a_turned_look_swaps_rows_and_columns():
    mask = np.zeros((48, 48), bool)
    mask[20:28, 4:44] = True
    pixels = np.repeat((250 * mask)[None], 3, 0).astype(np.uint8)
    for turn in (False, True):
        look = Look(grain=0.0, turn=turn)
        lying = 0
        for seed in range(5):
            rng = np.random.default_rng(seed)
            image, found = _warp(pixels, signed_distance(mask), 48, look, (0.0, 0.0), rng)
            lying += int(found[0].any(0).sum() > found[0].any(1).sum())
            assert ((image.mean(0) > 0.5) == (found[0] > 0)).float().mean() > 0.93
        assert lying == (0 if turn else 5)


def warped(shape, hand=(0.0, 0.0), seed=0, radius=9.0):
    mask = disk(*shape, at=(shape[0] / 2 - 0.5, shape[1] / 2 - 0.5), radius=radius)
    pixels = np.repeat((250 * mask)[None], 3, 0).astype(np.uint8)
    rng = np.random.default_rng(seed)
    return _warp(pixels, signed_distance(mask), 48, PLAIN, hand, rng)


@pytest.mark.parametrize("shape", [(40, 40), (40, 60), (64, 44)])
def test_image_and_mask_move_together(shape):
    for seed in range(8):
        image, mask = warped(shape, seed=seed)
        assert image.shape == (3, 48, 48)
        assert mask.shape == (1, 48, 48)
        bright = image.mean(0) > (image.max() + image.min()) / 2
        inside = mask[0] > 0
        overlap = 2 * (bright & inside).sum() / (bright.sum() + inside.sum())
        assert overlap > 0.85


def test_a_habit_moves_the_border_by_a_share_of_the_radius():
    for seed in range(5):
        areas = [float(warped((40, 40), (h, 0.0), seed)[1].sum()) for h in (-0.2, 0.0, 0.2)]
        radii = np.sqrt(np.array(areas) / np.pi)
        assert radii[0] / radii[1] == pytest.approx(0.8, abs=0.07)
        assert radii[2] / radii[1] == pytest.approx(1.2, abs=0.07)


def test_a_tight_habit_never_loses_the_object():
    _, mask = warped((40, 40), (-1.5, 0.0))
    assert mask.any()
