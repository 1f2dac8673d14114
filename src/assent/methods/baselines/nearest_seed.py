"""Every pixel takes the label of the seed that is nearest in colour, and a little in place.

Colour is CIE Lab, in which equal distances look about equally different; gray images use
lightness alone. Islands without a positive seed are dropped and holes without a negative one
filled. No training; the settings were chosen on images of the training sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.connected import keep_connected
from assent.core.errors import ConfigError
from assent.core.nearest_seed import colour_and_place, nearest_distance
from assent.core.share import share_of_distance
from assent.methods.baselines.seeded import SeedConfig, SeededMethod
from assent.methods.baselines.seeds import Seeds, frame_of
from assent.methods.protocol import Method
from assent.methods.settings import to_config


@dataclass(frozen=True, kw_only=True)
class NearestSeedConfig(SeedConfig):
    """Settings of the nearest-seed method."""

    smoothing_px: float = 0.7
    """Standard deviation of the blur before colours are compared."""

    place_weight: float = 0.5
    """Crossing the longer side counts as much as this share of the way from black to white."""

    median_px: int = 5
    """Side of the median filter that takes specks out of the result; 1 for none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.smoothing_px, self.place_weight) < 0:
            raise ConfigError("smoothing_px and place_weight must not be negative.")
        if self.median_px < 1:
            raise ConfigError(f"median_px is {self.median_px}, but must be at least 1.")


def build(settings: Mapping[str, Any], weights: Path | None) -> Method:
    """The method; ``weights`` are ignored, there are none."""
    config = to_config(NearestSeedConfig, settings)
    return SeededMethod("nearest-seed", config, lambda voxels, seeds: spread(voxels, seeds, config))


def spread(
    voxels: NDArray[np.float32], seeds: Seeds, config: NearestSeedConfig
) -> NDArray[np.float32]:
    """Probability ``(H, W)`` from a slice ``(C, H, W)`` in [0, 1] and its seeds."""
    features = colour_and_place(
        voxels, smoothing_px=config.smoothing_px, place_weight=config.place_weight
    )
    probability = share_of_distance(
        nearest_distance(features, seeds.inside), nearest_distance(features, frame_of(seeds))
    )
    smooth = ndimage.median_filter(probability, size=config.median_px)
    return keep_connected(smooth, seeds.inside, seeds.outside)
