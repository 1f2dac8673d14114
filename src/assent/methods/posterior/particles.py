"""Weighted particles of z: the posterior over what this person wants on this image.

How "weights are recomputed from the whole history" is exact
-------------------------------------------------------------
Every set of particles remembers, besides z, the logarithm of the density under which its z are
distributed (``log_base``): the prior when they were drawn from it, later the target under which
they were last resampled and moved. In each round the target is

    log target(z) = log prior(z) + sum over *all* answers of log likelihood(answer | z, bases),

under the bases of that round, and the weights are ``target / base``: plain importance weights,
never a running product. So when a click changes the features, and with them the bases, all
earlier picks are weighed again under the new bases, whatever the particles went through. When
the effective size falls under S/4, systematic resampling followed by Metropolis steps against
that same target makes the particles a sample of it: weights become equal, and ``log_base``
becomes ``log target`` at the moved particles. Nothing is jittered. When an answer leaves too few
particles to move (a surprise), the set is instead drawn anew from the prior and led to the
target through powers of the likelihood, each as large as keeps half the effective size.

``infer`` is a function of its arguments alone; its random numbers come from (seed, round). A
history replayed round by round therefore gives the same bits as the work itself did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.progress import may_stop
from assent.core.shapes import check_shape
from assent.methods.posterior.bases import Bases
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import Answer, Evidence

Floats = NDArray[np.float64]

_STAGES = 8
"""Most powers of the likelihood between prior and target after a surprise."""


@dataclass(frozen=True, eq=False)
class Particles:
    """A weighted sample of z.

    Attributes:
        z: ``(S, d)`` float64.
        log_weights: ``(S,)`` float64; their exponentials sum to one.
        log_base: ``(S,)`` float64, log of the unnormalised density that z is distributed under.
    """

    z: Floats = field(repr=False)
    log_weights: Floats = field(repr=False)
    log_base: Floats = field(repr=False)

    @classmethod
    def weighted(cls, z: Floats, log_weights: Floats, log_base: Floats) -> "Particles":
        """From weights up to a factor; equal ones when every particle is impossible."""
        sizes = check_shape("z", z, "S d")
        check_shape("log_weights", log_weights, "S", **sizes)
        check_shape("log_base", log_base, "S", **sizes)
        return cls(z, _normalised(log_weights), log_base)

    @property
    def weights(self) -> Floats:
        """``(S,)``, summing to one."""
        return np.asarray(np.exp(self.log_weights))

    @property
    def effective_size(self) -> float:
        """1 / sum of squared weights, between 1 and S."""
        return float(1.0 / np.square(self.weights).sum())

    def mean(self) -> Floats:
        """Posterior mean of z, ``(d,)``."""
        return np.asarray(self.weights @ self.z)

    def covariance(self) -> Floats:
        """Posterior covariance of z, ``(d, d)``."""
        offset = self.z - self.mean()
        return np.asarray((offset * self.weights[:, None]).T @ offset)

    def heaviest(self, count: int) -> "Particles":
        """The particles of largest weight, heaviest first; all when there are no more.

        Equal weights (after resampling) are a random subset, since their order is random.
        """
        first = np.argsort(-self.log_weights, kind="stable")[:count]
        return Particles.weighted(self.z[first], self.log_weights[first], self.log_base[first])


@dataclass(frozen=True, eq=False)
class LatentPrior:
    """share N(mean, covariance) + (1 - share) N(0, I); share 0 is the average reader alone.

    Attributes:
        mean: ``(d,)``.
        covariance: ``(d, d)``, positive definite.
        share: Weight of the person's own Gaussian, in [0, 1).
    """

    mean: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    share: float = 0.0

    @classmethod
    def standard(cls, latent: int) -> "LatentPrior":
        """N(0, I): nobody in particular."""
        return cls(np.zeros(latent), np.eye(latent))

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """``(count, d)`` in random order.

        Each Gaussian gives its exact share, in mirrored pairs: without any answer the mean of the
        particles is then the mean of the prior, not a random number.
        """
        latent = self.mean.size
        own = round(self.share * count)
        root = np.linalg.cholesky(self.covariance)
        z = np.concatenate(
            [
                self.mean + _mirrored(own, latent, rng) @ root.T,
                _mirrored(count - own, latent, rng),
            ]
        )
        return np.asarray(z[rng.permutation(count)])

    def log_density(self, z: Floats) -> Floats:
        """``(S,)`` for z ``(S, d)``."""
        average = _log_normal(z)
        if self.share == 0:
            return average
        root = np.linalg.cholesky(self.covariance)
        own = _log_normal(np.linalg.solve(root, (z - self.mean).T).T)
        own = own - np.log(np.diag(root)).sum()
        own += np.log(self.share)
        return np.asarray(np.logaddexp(own, np.log1p(-self.share) + average))


def infer(
    bases: Bases,
    answers: Sequence[Answer],
    prior: LatentPrior,
    *,
    seed: int,
    round: int,  # noqa: A002 - the project's word
    config: PosteriorConfig,
    previous: Particles | None = None,
) -> Particles:
    """The posterior after a history of answers, under the bases of now.

    Args:
        bases: Low-rank logits of this image, with all prompts so far.
        answers: The whole history, oldest first.
        prior: Of this person, fixed for the image.
        seed: Of the session.
        round: Number of answers given; with the seed it fixes all random numbers.
        config: Settings.
        previous: Particles of the round before, or None to start from the prior.

    Returns:
        ``config.particles`` particles, ``config.particles_volume`` for a volume, or as many as
        ``previous`` has.
    """
    count = config.particles if bases.shape[0] == 1 else config.particles_volume
    target = _Target(prior, Evidence(bases, answers, config))
    if previous is None:
        z = prior.draw(count, np.random.default_rng([seed, round, 0]))
        previous = Particles.weighted(z, np.zeros(count), prior.log_density(z))
    z = previous.z
    log_weights = target.log_density(z) - previous.log_base
    particles = Particles.weighted(z, log_weights, previous.log_base)
    size, enough = particles.effective_size, config.resample_below * len(z)
    if size >= enough:
        return particles
    rng = np.random.default_rng([seed, round, 1])
    if size < min(2 * bases.latent, enough / 2):
        z, log_likelihood = _anneal(target, len(z), rng, config)
    else:
        z, log_likelihood = _renew(target, particles, 1.0, rng, config)
    log_target = prior.log_density(z) + log_likelihood
    return Particles.weighted(z, np.zeros(len(z)), log_target)


@dataclass(frozen=True, eq=False)
class _Target:
    prior: LatentPrior
    evidence: Evidence

    def log_density(self, z: Floats) -> Floats:
        return self.prior.log_density(z) + self.evidence.log_likelihood(z)


def _anneal(
    target: _Target, count: int, rng: np.random.Generator, config: PosteriorConfig
) -> tuple[Floats, Floats]:
    z = target.prior.draw(count, rng)
    log_likelihood = target.evidence.log_likelihood(z)
    power = 0.0
    for stage in range(_STAGES):
        step = 1 - power
        if stage < _STAGES - 1:
            step = _largest_step(log_likelihood, step)
        power += step
        particles = Particles.weighted(z, step * log_likelihood, log_likelihood)
        z, log_likelihood = _renew(target, particles, power, rng, config)
        if power >= 1:
            break
    return z, log_likelihood


def _largest_step(log_likelihood: Floats, most: float) -> float:
    """The largest power, up to ``most``, that keeps half the effective size."""

    def keeps_half(step: float) -> bool:
        weights = np.exp(_normalised(step * log_likelihood))
        return bool(1 / np.square(weights).sum() >= len(weights) / 2)

    if keeps_half(most):
        return most
    low, high = 0.0, most
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps_half(middle) else (low, middle)
    # Impossible particles leave no power that keeps half of them: take a small one.
    return max(low, most / 16)


def _renew(
    target: _Target,
    particles: Particles,
    power: float,
    rng: np.random.Generator,
    config: PosteriorConfig,
) -> tuple[Floats, Floats]:
    """Resample, then Metropolis steps against prior x likelihood ** power.

    Returns:
        Moved z ``(S, d)`` in random order, and their log-likelihood at full power ``(S,)``.
    """
    count, latent = particles.z.shape
    scale = 2.38 / np.sqrt(latent)
    # Few effective particles span few directions; a little of the prior opens the others.
    share = latent / (latent + particles.effective_size)
    spread = (1 - share) * particles.covariance() + 0.1 * share * np.eye(latent)
    root = scale * np.linalg.cholesky(spread)
    z = particles.z[rng.permutation(systematic(particles.weights, rng))]
    log_likelihood = target.evidence.log_likelihood(z)
    log_prior = target.prior.log_density(z)
    for _ in range(config.metropolis_steps):
        may_stop()
        moved = z + rng.standard_normal((count, latent)) @ root.T
        moved_likelihood = target.evidence.log_likelihood(moved)
        moved_prior = target.prior.log_density(moved)
        gain = power * (moved_likelihood - log_likelihood) + moved_prior - log_prior
        accepted = np.log1p(-rng.random(count)) < gain
        z = np.where(accepted[:, None], moved, z)
        log_likelihood = np.where(accepted, moved_likelihood, log_likelihood)
        log_prior = np.where(accepted, moved_prior, log_prior)
    return z, log_likelihood


def systematic(weights: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic resampling: indices ``(S,)``, each within one of its expected count."""
    count = len(weights)
    edges = np.cumsum(weights)
    places = (rng.random() + np.arange(count)) / count * edges[-1]
    return np.asarray(np.minimum(np.searchsorted(edges, places, side="right"), count - 1))


def _normalised(log_weights: Floats) -> Floats:
    total = np.logaddexp.reduce(log_weights)
    if not np.isfinite(total):
        return np.full(len(log_weights), -np.log(len(log_weights)))
    return np.asarray(log_weights - total)


def _mirrored(count: int, latent: int, rng: np.random.Generator) -> Floats:
    half = rng.standard_normal(((count + 1) // 2, latent))
    return np.concatenate([half, -half])[:count]


def _log_normal(z: Floats) -> Floats:
    return np.asarray(-0.5 * (np.square(z).sum(1) + z.shape[1] * np.log(2 * np.pi)))
