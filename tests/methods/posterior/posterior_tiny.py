"""A tiny network with random weights, and methods and images small enough for tests."""

import numpy as np
import torch

from assent.core.image import from_array
from assent.methods import registry
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.network import NetworkShape, PosteriorNetwork
from assent.methods.posterior.shipped import Constants

SHAPE = NetworkShape(widths=(8, 8, 16, 16, 16), latent=8, key=8, value=8)
FEW = {
    "particles": 32,
    "particles_volume": 16,
    "heaviest": 16,
    "candidates": 3,
    "working_side": 48,
    "particle_side": 48,
    "choose_side": 48,
}


def tiny_network(seed=0, swing=4.0):
    """Random weights; a fresh head leaves the mean to the classifier, and z moves little."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = PosteriorNetwork(SHAPE)
        network.head.out.weight[:3].normal_(std=0.1)
        network.head.out.weight[3:] *= swing
    return network.eval()


def with_network(constants=None, **settings):
    config = PosteriorConfig(**(FEW | settings))
    return Posterior(config, tiny_network(), constants or Constants(), "digest")


def without_network(**settings):
    return registry.build("posterior", settings=FEW | {"use_network": False} | settings)


def disk(height=40, width=52, at=(18, 24), radius=9.0):
    rows, columns = np.mgrid[:height, :width]
    return np.hypot(rows - at[0], columns - at[1]) < radius


def scene(*, height=40, width=52, colour=False, seed=0, spacing=None, **place):
    """A bright disk on a darker, noisy ground: image and mask ``(1, H, W)``."""
    mask = disk(height, width, **place)
    rng = np.random.default_rng(seed)
    pixels = 60 + 120 * mask + rng.normal(0, 8, mask.shape)
    if colour:
        pixels = np.stack([pixels, 0.6 * pixels, 0.3 * pixels + 40], -1)
    return from_array(pixels.astype(np.float32), spacing_zyx_mm=spacing), mask[None]


def ball(depth=6, height=40, width=44, at=(2, 19, 21), radius=9.0, reach=1.6):
    """A ball in a volume of thick slices: image and mask ``(D, H, W)``.

    It is found on the slices within ``reach`` of its centre only.
    """
    z, y, x = np.mgrid[:depth, :height, :width]
    inside = (z - at[0]) ** 2 / reach**2 + ((y - at[1]) ** 2 + (x - at[2]) ** 2) / radius**2 < 1
    rng = np.random.default_rng(1)
    voxels = 50 + 140 * inside + rng.normal(0, 6, inside.shape)
    return from_array(voxels.astype(np.float32), spacing_zyx_mm=(3.0, 1.0, 1.0)), inside
