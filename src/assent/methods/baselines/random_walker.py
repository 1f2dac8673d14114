"""Where would a random walker arrive first: at a positive or at a negative seed?

Grady, IEEE Transactions on Pattern Analysis and Machine Intelligence 2006, as implemented in
scikit-image, with the border of the image as background. No training; the settings were chosen
on images of the training sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import ConfigError
from assent.methods.baselines.seeded import SeedConfig, SeededMethod
from assent.methods.baselines.seeds import Seeds
from assent.methods.protocol import Method
from assent.methods.settings import to_config


@dataclass(frozen=True, kw_only=True)
class RandomWalkerConfig(SeedConfig):
    """Settings of the random walker."""

    working_size: int = 256
    """Longest side in pixels on which the walk is solved; larger slices are reduced to it."""

    beta: float = 500.0
    """How much an edge slows the walker down (the paper's free parameter)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beta <= 0:
            raise ConfigError(f"beta is {self.beta}, but must be positive.")


def build(settings: Mapping[str, Any], weights: Path | None) -> Method:
    """The method; ``weights`` are ignored, there are none."""
    config = to_config(RandomWalkerConfig, settings)
    return SeededMethod(
        "random-walker", config, lambda voxels, seeds: spread(voxels, seeds, config.beta)
    )


def spread(voxels: NDArray[np.float32], seeds: Seeds, beta: float) -> NDArray[np.float32]:
    """Probability ``(H, W)`` from a slice ``(C, H, W)`` in [0, 1] and its seeds."""
    from skimage.segmentation import random_walker  # noqa: PLC0415 - a slow import

    labels = np.where(seeds.inside, 1, np.where(seeds.outside, 2, 0))
    if labels.all():
        return seeds.inside.astype(np.float32)
    if float(voxels.std()) == 0.0:
        # Edges are measured against the spread of intensities; a ramp that the walker does not
        # notice stands in where there is none.
        voxels, beta = np.indices(voxels.shape, dtype=np.float32)[1], 1e-6
    share = random_walker(
        voxels,
        labels,
        beta=beta,
        mode="cg_j",
        return_full_prob=True,
        channel_axis=0,
        prob_tol=1.0,  # the solver's small excesses are clipped here instead of warned about
    )
    return np.asarray(np.clip(share[0], 0.0, 1.0), dtype=np.float32)
