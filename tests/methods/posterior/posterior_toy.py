"""A toy image: a disk whose border moves with z, for the tests of the posterior."""

import numpy as np

from assent.methods.posterior.bases import Bases
from assent.methods.posterior.config import PosteriorConfig

SIDE = 32
CONFIG = PosteriorConfig(particles=256, particle_side=32, choose_side=32)


def toy_bases(latent=4, side=SIDE, radius=0.3):
    """A disk of smooth border: z_0 widens it, the others push parts of the ring."""
    y, x = (np.mgrid[:side, :side] - (side - 1) / 2) / side
    r, angle = np.hypot(y, x), np.arctan2(y, x)
    mean = 40 * (radius - r)
    ring = np.exp(-(((r - radius) / 0.15) ** 2))
    rows = [2.5 * ring]
    for i in range(1, latent):
        order, turn = (i + 1) // 2, (i % 2) * np.pi / 2
        rows.append(2.0 * ring * np.cos(order * angle - turn))
    directions = np.stack([row.ravel() for row in rows])
    return Bases(mean.ravel().astype(np.float32), directions.astype(np.float32), (1, side, side))


def flat_bases(latent=2):
    """Bases that say nothing: every z draws the same mask."""
    return Bases(np.full(16, -5, np.float32), np.zeros((latent, 16), np.float32), (1, 4, 4))
