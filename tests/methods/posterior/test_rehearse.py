from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.errors import ConfigError
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior.channels import empty_marks, network_inputs
from assent.methods.posterior.episodes import TARGETS, EpisodeMix, EpisodeSampler
from assent.methods.posterior.network import NetworkShape
from assent.methods.posterior.rehearse import (
    PosteriorTraining,
    _context_tokens,
    _first_prompts,
    _rater_latent,
    _sibling_tokens,
    episode_loss,
    rounds_of,
)
from assent.methods.posterior.tasks import read_tasks
from methods.posterior.posterior_tiny import SHAPE, disk, tiny_network

SIDE = 32


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def batch():
    tasks = read_tasks([open_synthetic("raters2d", images=7)], "train", side=64)
    mix = EpisodeMix(raters=1.0, superpixels=0.0, phantoms=0.0, context_most=3)
    sampler = EpisodeSampler(tasks, mix, seed=[3])
    found = sampler.batch(2, SIDE)
    while not found.confidence.any() or found.shared.all() or not found.shared.any():
        found = sampler.batch(2, SIDE)
    return found


def test_the_loss_is_finite_and_repeats_exactly(batch):
    network = tiny_network().train()
    found = [
        episode_loss(network, batch, PosteriorTraining(), np.random.default_rng(0))
        for _ in range(2)
    ]
    assert torch.isfinite(found[0][0])
    assert torch.equal(found[0][0], found[1][0])
    figures = found[0][1]
    assert set(figures) == {"dice_0", "dice_1", "dice_2", "dice_z", "loss", "z"}
    assert all(0 <= figures[k] <= 1 for k in figures if k.startswith("dice"))


def test_the_loss_reaches_every_parameter(batch):
    network = tiny_network().train()
    loss, _ = episode_loss(network, batch, PosteriorTraining(), np.random.default_rng(0))
    loss.backward()
    silent = [
        name
        for name, p in network.named_parameters()
        if p.grad is None or not torch.isfinite(p.grad).all() or p.grad.abs().sum() == 0
    ]
    assert silent == []


@pytest.mark.parametrize("played", [1, 2, 3])
def test_only_the_last_round_played_is_learned_from(batch, played):
    network = tiny_network().train()
    calls = []
    network.register_forward_hook(lambda *_: calls.append(torch.is_grad_enabled()))
    rng = np.random.default_rng(0)
    loss, figures = episode_loss(network, batch, PosteriorTraining(), rng, played=played)
    assert calls == [False] * (played - 1) + [True]
    assert loss.requires_grad
    assert [k for k in figures if k[-1].isdigit()] == [f"dice_{k}" for k in range(played)]


def test_half_of_the_steps_play_one_round_and_processes_agree():
    settings = PosteriorTraining()
    drawn = [rounds_of(settings, 7, step) for step in range(400)]
    assert drawn == [rounds_of(settings, 7, step) for step in range(400)]
    assert 0.42 < drawn.count(1) / 400 < 0.58
    assert 0.18 < drawn.count(2) / 400 < 0.32
    assert drawn.count(1) + drawn.count(2) + drawn.count(3) == 400
    assert rounds_of(PosteriorTraining(rounds=1), 7, 3) == 1


def test_a_few_steps_on_one_batch_lower_the_loss(batch):
    network = tiny_network().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(12):
        loss, _ = episode_loss(
            network, batch, PosteriorTraining(rounds=2), np.random.default_rng(0)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_empty_targets_and_no_context_are_trained_on(batch):
    blank = replace(
        batch,
        target=torch.zeros_like(batch.target),
        confidence=torch.zeros_like(batch.confidence),
    )
    network = tiny_network().train()
    loss, _ = episode_loss(network, blank, PosteriorTraining(), np.random.default_rng(0))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_targets_of_an_episode_read_its_own_context(batch):
    network = tiny_network()
    tokens = _context_tokens(network, batch)
    entries = batch.confidence.shape[1]
    assert tokens.keys.shape[:2] == (2 * TARGETS, 50 * entries)
    for episode in range(2):
        own = network.memory.encode(
            batch.context_image[episode], batch.context_mask[episode], batch.confidence[episode]
        )
        for target in range(TARGETS):
            row = episode * TARGETS + target
            assert torch.allclose(tokens.keys[row], own.keys.flatten(0, 1), atol=1e-5)
            assert torch.allclose(tokens.weight[row], own.weight.flatten(), atol=1e-6)


def test_no_target_sees_its_own_prediction_as_context(batch):
    network = tiny_network()
    previous = torch.rand(2 * TARGETS, 1, SIDE, SIDE)
    tokens = _sibling_tokens(network, batch.image, previous)
    assert tokens.keys.shape[1] == 50 * (TARGETS - 1)
    changed = previous.clone()
    changed[1] = 1 - changed[1]
    other = _sibling_tokens(network, batch.image, changed)
    differs = (tokens.weight != other.weight).any(1)
    assert differs.tolist() == [True, False, True, True, False, False, False, False]
    assert tokens.weight.max() <= 0.7 + 1e-6


def test_a_predicted_mask_counts_seven_tenths_of_a_finished_one(batch):
    network = tiny_network()
    previous = torch.rand(2 * TARGETS, 1, SIDE, SIDE)
    tokens = _sibling_tokens(network, batch.image, previous)
    trusted = network.memory.encode(batch.image, (previous > 0.5).float(), torch.ones(2 * TARGETS))
    # The first target reads the second, third and fourth of its episode, and so for the others.
    others = torch.cat([trusted.weight[k] for k in (1, 2, 3)])
    assert torch.allclose(tokens.weight[0], 0.7 * others, atol=1e-6)
    last = torch.cat([trusted.weight[k] for k in (4, 5, 6)])
    assert torch.allclose(tokens.weight[7], 0.7 * last, atol=1e-6)
    assert others.max() > 0.5


def test_a_shared_z_is_read_off_the_other_images():
    made = torch.Generator().manual_seed(0)
    mean = torch.randn(TARGETS, 1, SIDE, SIDE, generator=made)
    directions = torch.randn(TARGETS, SHAPE.latent, SIDE, SIDE, generator=made)
    target = (torch.rand(TARGETS, 1, SIDE, SIDE, generator=made) > 0.5).float()
    other = target.clone()
    other[0] = 1 - other[0]

    def found(masks, is_shared):
        rng = np.random.default_rng(0)
        return _rater_latent(mean, directions, masks, np.array([is_shared]), rng)

    own = (found(target, False) != found(other, False)).any(1)
    shared = (found(target, True) != found(other, True)).any(1)
    assert own.tolist() == [True, False, False, False]
    assert shared.tolist() == [False, True, True, True]


def test_first_prompts_lie_where_they_say():
    target = np.stack([disk(48, 48, at=(20, 22), radius=8)] * 200)
    rng = np.random.default_rng(0)
    marks = _first_prompts(target, np.zeros(200, bool), rng)
    # A disk reaches two pixels beyond the pixel that was clicked.
    reach = disk(48, 48, at=(20, 22), radius=11)
    assert not (marks.positive & ~reach).any()
    assert not (marks.negative & disk(48, 48, at=(20, 22), radius=5)).any()
    boxed = marks.box.any((1, 2))
    assert 0.04 < boxed.mean() < 0.25
    assert all((target[k] <= marks.box[k]).all() for k in np.flatnonzero(boxed))
    prompted = marks.positive.any((1, 2)) | boxed
    assert prompted.all(), "somebody must say which object is meant"
    with_context = _first_prompts(target, np.ones(200, bool), rng)
    told = (with_context.positive | with_context.box).any((1, 2))
    assert 0.3 < told.mean() < 0.7


def test_sizes_grow_over_the_run_and_a_step_costs_about_the_same():
    config = PosteriorTraining(sizes=((0.3, 32), (0.8, 64), (1.0, 96)))
    assert [config.side_at(d) for d in (0.0, 0.3, 0.5, 0.9, 1.0, 1.01)] == [32, 32, 64, 96, 96, 96]
    assert config.episodes_at(128) == config.episodes
    assert config.episodes_at(64) > config.episodes_at(128) > config.episodes_at(256) >= 1


def test_settings_are_read_by_name():
    read = PosteriorTraining.from_settings
    assert read({}) == PosteriorTraining()
    given = read({"rounds": "2", "learning_rate": "1e-3", "sizes": [[1.0, 32]]})
    assert (given.rounds, given.learning_rate, given.sizes) == (2, 1e-3, ((1.0, 32),))


def test_settings_say_what_is_drawn_and_with_which_network():
    found = PosteriorTraining.from_settings(
        {"phantoms": 0.5, "raters": 0.2, "draw": False, "network": {"latent": 8, "film": True}}
    )
    assert (found.phantoms, found.raters, found.superpixels) == (0.5, 0.2, 0.1)
    assert not found.draw
    assert found.network == replace(NetworkShape(), latent=8, film=True)
    assert PosteriorTraining.from_settings({}).network is None


def test_the_likeliest_z_does_not_depend_on_chance(batch):
    network = tiny_network()
    tokens = _context_tokens(network, batch)
    inputs, _ = network_inputs(batch.image, empty_marks(*batch.target.shape[:1], SIDE, SIDE), None)
    mean, directions = network(inputs, tokens)
    likeliest = [_rater_latent(mean, directions, batch.target, batch.shared, None) for _ in "ab"]
    assert torch.equal(*likeliest)
    drawn = [
        _rater_latent(mean, directions, batch.target, batch.shared, np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], likeliest[0])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"tempo": 3},
            "Unknown training setting 'tempo'; known: appearance, average, context_most",
        ),
        ({"phantoms": 0.9, "raters": 0.2}, "raters, superpixels and phantoms sum to 1.2"),
        ({"draw": "sometimes"}, "draw is 'sometimes'; expected a value like true"),
        ({"network": {"depth": 3}}, "network is {'depth': 3}; expected a value like {latent = 8}"),
        (
            {"network": {"without": ["memories"]}},
            "no input 'memories' to leave out; known: blue, box",
        ),
        ({"rounds": 0}, "rounds is 0; expected a value like 3"),
        ({"rounds": 2.5}, "rounds is 2.5"),
        ({"episodes": "many"}, "episodes is 'many'"),
        ({"learning_rate": None}, "learning_rate is None"),
        ({"learning_rate": -1}, "learning_rate is -1"),
        ({"sizes": "0.35,64"}, "sides being multiples of 16"),
        ({"sizes": [(1.0, 50)]}, "sides being multiples of 16"),
        ({"sizes": []}, "sizes is"),
    ],
)
def test_misstated_settings_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        PosteriorTraining.from_settings(settings)
