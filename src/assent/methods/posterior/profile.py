"""What finished images say about a person, as numbers that can be read, exported and reset.

Each finished image leaves the posterior mean m_j and covariance S_j of z. Over n images

    m = mean of m_j,   C = mean of S_j + mean of (m_j - m)(m_j - m)'   (total covariance),

and W is the within-person covariance learned on training raters. With r = n / (n + shrink) the
next prior is

    share N(r m, r (C + W) + (1 - r) I) + (1 - share) N(0, I),

the shrinkage acting on the mean and covariance of the person's Gaussian, which is N(0, I) for a
person without finished images. Each m_j and S_j come from N(0, I) and the answers on that image
alone: a profile that entered its own making would confirm itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.shapes import check_shape
from assent.methods.posterior.bases import Bases
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import AcceptAnswer, Answer
from assent.methods.posterior.particles import LatentPrior, Particles, infer

Floats = NDArray[np.float64]

_LEAST_REACH = 0.05
"""Where no reading comes near the accepted mask, none is preferred for an accidental overlap."""

_SURE = 1.96
"""Standard errors by which a width must differ from none, so that chance says it once in twenty."""

_VISIBLE = {"pixels": 0.5, "mm": 0.1}
"""The least width worth words: a shift of the border that a person could see."""


class Finished(NamedTuple):
    """What one finished image says about its annotator.

    Attributes:
        mean: ``(d,)`` posterior mean of z.
        covariance: ``(d, d)`` posterior covariance of z.
        width: ``(d,)`` of ``width_direction``.
        unit: Of the width: "mm", or "pixels" for an image without physical size.
    """

    mean: Floats
    covariance: Floats
    width: Floats
    unit: str


def finish(
    bases: Bases,
    answers: Sequence[Answer],
    accepted: AcceptAnswer,
    *,
    seed: int,
    config: PosteriorConfig,
    previous: Particles,
    spacing: tuple[float, str],
) -> Finished:
    """What an image says about the average reader once its mask is known.

    Args:
        bases: Of the finished image.
        answers: Its history before the acceptance.
        accepted: The accepted mask on the particle grid.
        seed: Of the session.
        config: Settings.
        previous: Particles before the acceptance, whatever prior they began with.
        spacing: In-plane distance of neighbouring grid points, and its unit.
    """
    reach = float(bases.dice(previous.z, accepted.accepted.unpack()).max())
    history = (*answers, replace(accepted, reach=max(reach, _LEAST_REACH)))
    particles = infer(
        bases,
        history,
        LatentPrior.standard(bases.latent),
        seed=seed,
        round=len(history),
        config=config,
        previous=previous,
    )
    width, unit = width_direction(bases, spacing[0]), spacing[1]
    return Finished(particles.mean(), particles.covariance(), width, unit)


def learn(finished: Sequence[Finished], within: Floats) -> dict[str, Any]:
    """A profile from the finished images of one person.

    Args:
        finished: What each image says.
        within: ``(d, d)`` covariance of one person's z between images.

    Returns:
        JSON-able: ``n``, ``mean`` (d), ``covariance`` (d x d), ``within`` (d x d), ``width`` (d):
        what each latent number does to the border, in ``unit``: "mm" over the images with a
        physical size, "pixels" where there is none.
    """
    latent = len(within)
    check_shape("within", within, "d d")
    for one in finished:
        check_shape("mean", one.mean, "d", d=latent)
        check_shape("covariance", one.covariance, "d d", d=latent)
    mean, total = np.zeros(latent), np.zeros((latent, latent))
    width, unit = np.zeros(latent), "pixels"
    if finished:
        means = np.stack([one.mean for one in finished])
        mean = means.mean(0)
        total = np.mean([one.covariance for one in finished], axis=0)
        total = total + (means - mean).T @ (means - mean) / len(means)
        if any(one.unit == "mm" for one in finished):
            unit = "mm"
        width = np.mean([one.width for one in finished if one.unit == unit], axis=0)
    return {
        "n": len(finished),
        "mean": mean.tolist(),
        "covariance": total.tolist(),
        "within": np.asarray(within, np.float64).tolist(),
        "width": width.tolist(),
        "unit": unit,
    }


def prior_from(
    profile: Mapping[str, Any] | None, latent: int, config: PosteriorConfig
) -> LatentPrior:
    """The prior of the next image; N(0, I) without a profile or with an empty one.

    Raises:
        InputError: If the profile lacks a field or belongs to another latent size.
    """
    if profile is None:
        return LatentPrior.standard(latent)
    count, mean, covariance, within = _read(profile, latent)
    if count == 0:
        return LatentPrior.standard(latent)
    trust = count / (count + config.profile_shrink)
    spread = trust * (covariance + within) + (1 - trust) * np.eye(latent)
    # A person of perfect constancy and no learned W would have no density to weigh with.
    spread = (spread + spread.T) / 2 + 1e-4 * np.eye(latent)
    return LatentPrior(trust * mean, spread, config.person_share)


def within_person(people: Sequence[Sequence[Floats]]) -> Floats:
    """W from training raters: the pooled covariance of z between images of one person.

    Args:
        people: For each rater the means ``(d,)`` of z on their images; raters with fewer than
            two images say nothing.

    Raises:
        InputError: If no rater has two images.
    """
    groups = [np.stack(list(means)) for means in people if len(means) > 1]
    if not groups:
        raise InputError("The within-person covariance needs a rater with at least two images.")
    scatter = sum((g - g.mean(0)).T @ (g - g.mean(0)) for g in groups)
    return np.asarray(scatter / sum(len(g) - 1 for g in groups))


def width_direction(bases: Bases, spacing: float) -> Floats:
    """Outward shift of the border per unit of each latent number, in the unit of ``spacing``.

    The change of the area between z_i = -1/2 and z_i = +1/2, divided by the length of the border
    at z = 0, counted in points of the grid.

    Args:
        bases: Of one image.
        spacing: In-plane distance of neighbouring grid points.

    Returns:
        ``(d,)``; zeros where the image has no object at z = 0.
    """
    steps = 0.5 * np.eye(bases.latent)
    masks = bases.masks(np.concatenate([np.zeros((1, bases.latent)), steps, -steps]))
    middle = np.pad(masks[0].reshape(bases.shape), ((0, 0), (1, 1), (1, 1)))
    length = sum(int((middle != np.roll(middle, 1, axis)).sum()) for axis in (1, 2))
    if length == 0:
        return np.zeros(bases.latent)
    areas = masks.sum(1, dtype=np.float64)[1:].reshape(2, -1)
    # Steps along pixel edges overstate a smooth border's length by 4 / pi on average.
    return np.asarray((areas[0] - areas[1]) / (length * np.pi / 4) * spacing)


def describe(profile: Mapping[str, Any], config: PosteriorConfig) -> str:
    """One clause about a person, as in "draws 1.3 mm wider than the average reader, known from …".

    A width is told only where it is beyond doubt and large enough to be seen.

    Args:
        profile: Of ``learn``.
        config: Settings; the shrunk mean is described, so one image claims little.
    """
    count, width = int(profile["n"]), np.array(profile["width"], np.float64)
    if count == 0:
        return "has finished no image yet"
    images = f"{count} image" if count == 1 else f"{count} images"
    offset = float(np.array(profile["mean"]) @ width)
    doubt = np.sqrt(max(float(width @ np.array(profile["covariance"]) @ width), 0.0) / count)
    told = count / (count + config.profile_shrink) * offset
    if abs(offset) < _SURE * doubt or abs(told) < _VISIBLE[profile["unit"]]:
        return f"draws about as wide as the average reader, as far as {images} can tell"
    wider = "wider" if told > 0 else "narrower"
    size = f"{abs(told):.1f} {profile['unit']}"
    return f"draws {size} {wider} than the average reader, known from {images}"


def _read(profile: Mapping[str, Any], latent: int) -> tuple[int, Floats, Floats, Floats]:
    try:
        count = int(profile["n"])
        mean, covariance, within = (
            np.array(profile[name], np.float64) for name in ("mean", "covariance", "within")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"This profile lacks or misstates a field ({error}). Reset it, or import it again."
        ) from error
    square = (latent, latent)
    if mean.shape != (latent,) or covariance.shape != square or within.shape != square:
        raise InputError(
            f"This profile has {mean.size} latent numbers, but the weights in use have {latent}."
            " Profiles fit the weights they were learned with; reset it."
        )
    if (
        count < 0
        or not np.isfinite(mean).all()
        or not (_is_spread(covariance) and _is_spread(within))
    ):
        raise InputError(
            "This profile holds numbers that are no mean and covariance."
            " Reset it, or import it again."
        )
    return count, mean, covariance, within


def _is_spread(covariance: Floats) -> bool:
    if not np.isfinite(covariance).all() or not np.allclose(covariance, covariance.T):
        return False
    return bool(np.linalg.eigvalsh(covariance).min() > -1e-6)
