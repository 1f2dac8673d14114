from dataclasses import replace

import numpy as np
import pytest

from assent.methods.posterior.bases import Bases, dice_between
from assent.methods.posterior.choice import answer_probabilities
from assent.methods.posterior.decide import decide
from assent.methods.posterior.evidence import (
    JudgeAnswer,
    PackedMasks,
    PickAnswer,
    StrokeAnswer,
    log_likelihood,
)
from assent.methods.posterior.particles import (
    LatentPrior,
    Particles,
    _largest_step,
    infer,
    systematic,
)
from methods.posterior.posterior_toy import CONFIG, flat_bases, toy_bases

BASES = toy_bases()
PRIOR = LatentPrior.standard(BASES.latent)


def simulate(true_z, rounds, *, lapse_rate, seed):
    """A person who wants the mask of ``true_z`` picks among four random masks a round."""
    rng = np.random.default_rng(seed)
    wanted, particles, answers = BASES.masks(true_z[None]), None, ()
    chain = []
    for number in range(rounds + 1):
        particles = infer(
            BASES, answers, PRIOR, seed=seed, round=number, config=CONFIG, previous=particles
        )
        chain.append(particles)
        shown = BASES.masks(particles.z[rng.choice(len(particles.z), 4, p=particles.weights)])
        best = int(np.argmax(dice_between(wanted, shown)[0]))
        pick = int(rng.integers(4)) if rng.random() < lapse_rate else best
        answers = (*answers, PickAnswer(PackedMasks.of(shown), pick))
    return chain, answers


@pytest.mark.parametrize("lapse_rate", [0.0, 0.2])
def test_a_simulated_person_is_recovered(lapse_rate):
    gains, distances = [], []
    for seed in range(6):
        true_z = np.random.default_rng(100 + seed).standard_normal(4)
        wanted = BASES.masks(true_z[None])
        chain, _ = simulate(true_z, 8, lapse_rate=lapse_rate, seed=seed)
        scores = [
            dice_between(decide(BASES, p).mask[None], wanted)[0, 0] for p in (chain[0], chain[-1])
        ]
        gains.append(scores[1] - scores[0])
        distances.append(np.linalg.norm(chain[-1].mean() - true_z) / np.linalg.norm(true_z))
    assert np.mean(gains) > 0.02
    assert np.median(distances) < 0.75


def test_expected_dice_rises_as_answers_come_in():
    rises = []
    for seed in range(4):
        chain, _ = simulate(np.array([1.5, 1.0, 0, 0]), 6, lapse_rate=0, seed=seed)
        rises.append(decide(BASES, chain[-1]).expected_dice - decide(BASES, chain[0]).expected_dice)
    assert min(rises) > 0


def test_the_lapse_term_forgives_a_mistake():
    wide, narrow = BASES.masks(np.array([[2.0, 0, 0, 0], [-2.0, 0, 0, 0]]))
    pair = PackedMasks.of(np.stack([wide, narrow]))
    answers = [PickAnswer(pair, 0)] * 8 + [PickAnswer(pair, 1)]
    for lapse, forgiving in ((0.1, True), (0.0, False)):
        config = replace(CONFIG, lapse=lapse, beta=60)
        log_l = log_likelihood(BASES, answers, np.array([[2.0, 0, 0, 0], [0.0, 0, 0, 0]]), config)
        assert (log_l[0] > log_l[1]) == forgiving


def test_the_same_arguments_give_the_same_bits_and_the_chain_replays():
    true_z = np.array([1.0, -1.0, 0.5, 0])
    first, answers = simulate(true_z, 5, lapse_rate=0, seed=4)
    again = None
    for number, kept in enumerate(first):
        again = infer(
            BASES, answers[:number], PRIOR, seed=4, round=number, config=CONFIG, previous=again
        )
        assert (again.z == kept.z).all()
        assert (again.log_weights == kept.log_weights).all()
    other = infer(BASES, (), PRIOR, seed=5, round=0, config=CONFIG)
    assert not np.array_equal(other.z, first[0].z)


def test_cannot_tell_changes_nothing():
    before = infer(BASES, (), PRIOR, seed=0, round=0, config=CONFIG)
    masks = BASES.masks(before.z[:2])
    unsure = JudgeAnswer.of(masks[0], masks[1], "cannot_tell")
    after = infer(BASES, [unsure], PRIOR, seed=0, round=1, config=CONFIG, previous=before)
    assert (after.z == before.z).all()
    assert np.allclose(after.log_weights, before.log_weights)


def test_the_order_of_picks_does_not_matter_without_resampling():
    config = replace(CONFIG, resample_below=0.0)
    _, answers = simulate(np.array([1.0, 0, 0, 0]), 3, lapse_rate=0, seed=1)
    there, back = (
        infer(BASES, list(a), PRIOR, seed=0, round=4, config=config)
        for a in (answers, answers[::-1])
    )
    assert np.allclose(there.log_weights, back.log_weights)


def importance_mean(bases, answers, prior, config, count=40_000):
    rng = np.random.default_rng(99)
    z = prior.draw(count, rng)
    big = Particles.weighted(z, log_likelihood(bases, answers, z, config), np.zeros(count))
    return big.mean(), big.covariance()


def sharp_history(bases, target, rounds):
    rng = np.random.default_rng(8)
    wanted, answers = bases.masks(target[None]), []
    for _ in range(rounds):
        shown = bases.masks(rng.standard_normal((4, bases.latent)) * 1.5)
        best = int(np.argmax(answer_probabilities(dice_between(wanted, shown), CONFIG)[0]))
        answers.append(PickAnswer(PackedMasks.of(shown), None if best == 4 else best))
    return answers


@pytest.mark.parametrize("stroke", [False, True])
def test_resampling_and_metropolis_keep_the_target(stroke):
    bases = toy_bases(latent=2)
    prior = LatentPrior(np.array([0.5, -0.5]), np.array([[0.5, 0.2], [0.2, 0.6]]), 0.9)
    config = replace(CONFIG, particles=2048, beta=60, resample_below=0.9, metropolis_steps=3)
    answers = sharp_history(bases, np.array([1.2, -0.8]), 5)
    if stroke:
        answers.insert(2, StrokeAnswer(np.array([16 * 32 + 27]), True))
    particles, renewed = None, 0
    for number in range(len(answers) + 1):
        particles = infer(
            bases, answers[:number], prior, seed=2, round=number, config=config, previous=particles
        )
        renewed += number > 0 and bool(np.ptp(particles.log_weights) == 0)
    mean, covariance = importance_mean(bases, answers, prior, config)
    assert renewed >= 2
    assert np.allclose(particles.mean(), mean, atol=0.12)
    assert np.allclose(particles.covariance(), covariance, atol=0.12)


def test_moved_particles_are_weighed_right_when_a_click_changes_the_bases():
    before, prior = toy_bases(latent=2), LatentPrior.standard(2)
    turn = np.array([[0.9, 0.3], [-0.3, 0.9]], np.float32)
    after = Bases(before.mean - 1, turn @ before.directions, before.shape)
    config = replace(CONFIG, particles=2048, beta=60, resample_below=0.9)
    answers = sharp_history(before, np.array([1.0, 0.5]), 3)
    moved = infer(before, answers, prior, seed=0, round=3, config=config)
    assert np.ptp(moved.log_weights) == 0
    keep = replace(config, resample_below=0.0)
    particles = infer(after, answers, prior, seed=0, round=4, config=keep, previous=moved)
    mean, _ = importance_mean(after, answers, prior, config)
    assert np.linalg.norm(moved.mean() - mean) > 0.3
    assert np.allclose(particles.mean(), mean, atol=0.12)


def test_a_surprise_that_leaves_hardly_any_particle_still_reaches_the_target():
    bases, prior = toy_bases(latent=2), LatentPrior.standard(2)
    config = replace(CONFIG, particles=1024, beta=200, lapse=0.001, metropolis_steps=4)
    answers = sharp_history(bases, np.array([2.2, 2.2]), 12)
    particles = infer(bases, answers, prior, seed=0, round=12, config=config)
    mean, covariance = importance_mean(bases, answers, prior, config, count=100_000)
    assert np.allclose(particles.mean(), mean, atol=0.12)
    assert np.allclose(particles.covariance(), covariance, atol=0.12)


def test_bases_that_say_nothing_leave_the_prior():
    bases = flat_bases()
    shown = PackedMasks.of(np.eye(4, 16, dtype=bool))
    particles = infer(
        bases, [PickAnswer(shown, 1)] * 5, LatentPrior.standard(2), seed=0, round=5, config=CONFIG
    )
    assert particles.effective_size == pytest.approx(256)
    assert np.allclose(particles.mean(), 0, atol=1e-9)


def test_prior_draws_follow_the_density_they_are_weighed_with():
    prior = LatentPrior(np.array([1.0, -2.0]), np.array([[0.5, 0.1], [0.1, 0.3]]), 0.9)
    z = prior.draw(20_000, np.random.default_rng(0))
    assert np.allclose(z.mean(0), 0.9 * prior.mean, atol=0.02)
    grid = np.stack(np.meshgrid(np.linspace(-6, 6, 200), np.linspace(-7, 6, 200)), -1).reshape(
        -1, 2
    )
    density = np.exp(prior.log_density(grid))
    cell = (12 / 199) * (13 / 199)
    assert density.sum() * cell == pytest.approx(1, abs=1e-3)
    assert np.allclose((grid * density[:, None]).sum(0) * cell, 0.9 * prior.mean, atol=0.01)


def test_systematic_resampling_gives_each_particle_its_share():
    weights = np.random.default_rng(0).dirichlet(np.full(50, 0.3))
    counts = np.bincount(systematic(weights, np.random.default_rng(1)), minlength=50)
    assert counts.sum() == 50
    assert (np.abs(counts - 50 * weights) < 1 + 1e-9).all()


def test_volumes_use_fewer_particles_and_impossible_histories_stay_finite():
    bases = toy_bases()
    volume = Bases(np.tile(bases.mean, 2), np.tile(bases.directions, 2), (2, 32, 32))
    assert len(infer(volume, (), PRIOR, seed=0, round=0, config=CONFIG).z) == 64
    nothing = Particles.weighted(np.zeros((3, 2)), np.full(3, -np.inf), np.zeros(3))
    assert nothing.effective_size == pytest.approx(3)
    top = Particles.weighted(np.arange(6.0).reshape(3, 2), np.log([0.2, 0.7, 0.1]), np.zeros(3))
    assert top.heaviest(2).z.tolist() == [[2, 3], [0, 1]]
    assert top.heaviest(2).weights.sum() == pytest.approx(1)


def effective(log_weights):
    weights = np.exp(log_weights - log_weights.max())
    return weights.sum() ** 2 / np.square(weights).sum()


def test_a_power_of_the_likelihood_keeps_half_the_effective_size():
    log_likelihood = 4 * np.random.default_rng(0).standard_normal(500)
    step = _largest_step(log_likelihood, 1.0)
    assert effective(step * log_likelihood) == pytest.approx(250, rel=0.01)
    assert _largest_step(0.01 * log_likelihood, 0.7) == 0.7, "all at once where that keeps half"
    one_possible = np.full(500, -np.inf)
    one_possible[3] = 0.0
    assert _largest_step(one_possible, 0.8) == 0.8 / 16


def test_a_surprise_is_approached_in_steps():
    """In one step, a hundred particles would be children of the two or three that fit."""
    bases, prior = toy_bases(latent=4), LatentPrior.standard(4)
    config = replace(CONFIG, particles=128, beta=100, lapse=0.01)
    answers = sharp_history(bases, np.array([1.8, -1.5, 1.0, 0.5]), 12)
    mean, covariance = importance_mean(bases, answers, prior, config)
    errors, spreads = [], []
    for seed in range(8):
        z = prior.draw(128, np.random.default_rng([seed, 12, 0]))
        log_l = log_likelihood(bases, answers, z, config)
        assert effective(log_l) < 8
        found = infer(bases, answers, prior, seed=seed, round=12, config=config)
        errors.append(np.abs(found.mean() - mean).max())
        spreads.append(np.trace(found.covariance()))
    assert np.mean(errors) < 0.25
    assert np.mean(spreads) > 0.8 * np.trace(covariance)


def test_the_round_is_part_of_the_randomness_of_a_renewal():
    config = replace(CONFIG, resample_below=1.0, beta=30)
    bases, prior = toy_bases(latent=2), LatentPrior.standard(2)
    answers = sharp_history(bases, np.array([0.6, 0.4]), 2)
    before = infer(bases, (), prior, seed=0, round=0, config=config)
    one, again, other = (
        infer(bases, answers, prior, seed=0, round=k, config=config, previous=before)
        for k in (1, 1, 2)
    )
    assert np.array_equal(one.z, again.z)
    assert not np.array_equal(one.z, other.z)
