from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior import batches as module
from assent.methods.posterior.batches import AHEAD, Batches
from assent.methods.posterior.episodes import EpisodeMix, EpisodeSampler
from assent.methods.posterior.tasks import read_tasks

SIDE = 32
MIX = EpisodeMix(phantoms=0.0, superpixels=0.0, context_most=2)


@pytest.fixture(scope="module")
def tasks():
    return read_tasks([open_synthetic("cells2d", images=4)], "train", side=64)


class Worker(ThreadPoolExecutor):
    """A thread that draws as a process would."""

    def __init__(self, tasks, mix, seed):
        super().__init__(1)
        self.sampler, self.drawn = EpisodeSampler(tasks, mix, seed=seed), []

    def submit(self, _, episodes, side):
        self.drawn.append((episodes, side))
        return super().submit(self.sampler.batch, episodes, side)


def same(one, other):
    return torch.equal(one.image, other.image) and torch.equal(one.target, other.target)


def test_without_workers_a_batch_is_what_the_sampler_draws(tasks):
    batches, sampler = (
        Batches(tasks, MIX, seed=[4], workers=0),
        EpisodeSampler(tasks, MIX, seed=[4]),
    )
    for _ in range(2):
        assert same(batches.batch(1, SIDE), sampler.batch(1, SIDE))
    batches.close()


def test_workers_draw_ahead_in_turn_and_always_the_same(tasks):
    started = []

    def start(*given):
        started.append(Worker(*given))
        return started[-1]

    runs = []
    for _ in range(2):
        batches = Batches(tasks, MIX, seed=[4], workers=2, open_worker=start)
        runs.append([batches.batch(1, SIDE) for _ in range(4)])
        batches.close()
    assert all(same(a, b) for a, b in zip(*runs, strict=True))
    assert not same(runs[0][0], runs[0][1]), "each draws its own"
    own = EpisodeSampler(tasks, MIX, seed=[4, 1])
    assert same(runs[0][1], own.batch(1, SIDE))
    assert same(runs[0][3], own.batch(1, SIDE))
    assert sum(len(worker.drawn) for worker in started[:2]) == 4 + AHEAD * 2 - 1


def test_what_was_prepared_for_another_size_is_not_used(tasks):
    batches = Batches(tasks, MIX, seed=[4], workers=1, open_worker=Worker)
    assert batches.batch(1, SIDE).image.shape[-1] == SIDE
    assert batches.batch(1, 48).image.shape[-1] == 48
    assert len(batches.batch(2, 48).image) == 2 * len(batches.batch(1, 48).image)
    batches.close()


def test_a_process_draws_what_its_seed_says(tasks, monkeypatch):
    """In this process, but by the functions that another one is started with."""
    monkeypatch.setattr(module.signal, "signal", lambda *given: None)
    before = torch.get_num_threads()
    module.begin_drawing(tasks, MIX, [4, 0])
    torch.set_num_threads(before)
    try:
        assert same(module.draw(1, SIDE), EpisodeSampler(tasks, MIX, seed=[4, 0]).batch(1, SIDE))
    finally:
        module._SAMPLERS.clear()
