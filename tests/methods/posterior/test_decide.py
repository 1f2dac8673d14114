import numpy as np
import pytest

from assent.core.errors import InputError
from assent.core.uncertainty import entropy_bits
from assent.methods.posterior.bases import Bases
from assent.methods.posterior.decide import (
    THRESHOLDS,
    calibrate,
    decide,
    expected_dice,
    fit_calibration,
    mean_probability,
)
from assent.methods.posterior.particles import LatentPrior, Particles, infer
from methods.posterior.posterior_toy import CONFIG, toy_bases

BASES = toy_bases()
PARTICLES = infer(BASES, (), LatentPrior.standard(4), seed=0, round=0, config=CONFIG)


def uneven(count=30, seed=0):
    rng = np.random.default_rng(seed)
    return Particles.weighted(
        1.5 * rng.standard_normal((count, 4)), rng.normal(0, 2, count), np.zeros(count)
    )


def brute_expected_dice(bases, particles, mask):
    total = 0.0
    for weight, other in zip(particles.weights, bases.masks(particles.z), strict=True):
        area = mask.sum() + other.sum()
        total += weight * (1.0 if area == 0 else 2 * (mask & other).sum() / area)
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_cut_has_the_largest_expected_dice(seed):
    particles = uneven(seed=seed)
    decision = decide(BASES, particles)
    p = decision.probability
    tried = [brute_expected_dice(BASES, particles, p > np.float32(t)) for t in THRESHOLDS]
    assert decision.expected_dice == pytest.approx(max(tried))
    assert decision.threshold == THRESHOLDS[int(np.argmax(tried))]
    assert (decision.mask == (p > np.float32(decision.threshold))).all()
    every = max(brute_expected_dice(BASES, particles, p > v) for v in np.unique(p)[::4])
    assert decision.expected_dice > every - 0.01


def test_the_mean_probability_is_the_weighted_mean_of_sigmoids():
    particles = uneven()
    logits = BASES.logits(particles.z).astype(float)
    wanted = particles.weights @ (1 / (1 + np.exp(-logits)))
    assert np.allclose(mean_probability(BASES, particles), wanted, atol=1e-5)


def test_a_posterior_that_mostly_sees_nothing_recommends_nothing():
    mean, directions = np.full(64, -4, np.float32), np.zeros((1, 64), np.float32)
    directions[0, :8] = 8
    bases = Bases(mean, directions, (1, 8, 8))
    particles = Particles.weighted(np.array([[0.0], [1.0]]), np.log([0.9, 0.1]), np.zeros(2))
    decision = decide(bases, particles)
    assert not decision.mask.any()
    assert decision.expected_dice == pytest.approx(0.9)


def test_expected_dice_of_many_masks_is_that_of_each():
    masks = BASES.masks(PARTICLES.z[:3])
    wanted = [brute_expected_dice(BASES, PARTICLES, m) for m in masks]
    assert np.allclose(expected_dice(BASES, PARTICLES, masks), wanted)


def test_entropy_is_one_bit_at_one_half_and_none_when_sure():
    bits = entropy_bits(np.array([0, 0.11, 0.5, 1], np.float32))
    assert bits == pytest.approx([0, 0.5, 1, 0], abs=2e-3)
    assert bits.dtype == np.float32


def test_calibration_is_the_identity_by_default_and_learns_overconfidence():
    rng = np.random.default_rng(0)
    assert calibrate(0.83) == 0.83
    expected = rng.uniform(0.6, 0.99, 200)
    achieved = np.clip(expected - 0.1 + rng.normal(0, 0.03, 200), 0, 1)
    coefficients = fit_calibration(expected, achieved)
    values = [calibrate(x, coefficients) for x in np.linspace(0, 1, 50)]
    assert np.all(np.diff(values) > 0)
    assert calibrate(0.9, coefficients) == pytest.approx(0.8, abs=0.03)


def test_calibration_stays_monotone_and_moderate():
    reversed_order = fit_calibration(np.array([0.5, 0.7, 0.9]), np.array([0.9, 0.7, 0.5]))
    assert reversed_order[1] > 0
    assert calibrate(0.8, fit_calibration(np.array([0.8]), np.array([0.8]))) == pytest.approx(
        0.8, abs=0.01
    )
    with pytest.raises(InputError, match="Calibration"):
        fit_calibration(np.array([0.8]), np.array([1.2]))
    with pytest.raises(InputError, match="Calibration"):
        fit_calibration(np.array([]), np.array([]))
