"""Every pixel takes the label of the seed that is nearest along paths that avoid edges.

Geodesic segmentation (Bai and Sapiro, ICCV 2007) with the distance of ``core.geodesic``, and
the border of the image as background. No training; the settings were chosen on images of the
training sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.errors import ConfigError
from assent.core.geodesic import geodesic_distance
from assent.core.share import share_of_distance
from assent.methods.baselines.seeded import SeedConfig, SeededMethod
from assent.methods.baselines.seeds import Seeds
from assent.methods.protocol import Method
from assent.methods.settings import to_config


@dataclass(frozen=True, kw_only=True)
class GeodesicConfig(SeedConfig):
    """Settings of the geodesic method."""

    contrast: float = 1000.0
    """An intensity change from 0 to 1 costs as much as this many pixels."""

    smoothing_px: float = 0.7
    """Standard deviation of the blur before edges are measured."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.smoothing_px, self.contrast) < 0:
            raise ConfigError("smoothing_px and contrast must not be negative.")


def build(settings: Mapping[str, Any], weights: Path | None) -> Method:
    """The method; ``weights`` are ignored, there are none."""
    config = to_config(GeodesicConfig, settings)
    return SeededMethod("geodesic", config, lambda voxels, seeds: spread(voxels, seeds, config))


def spread(
    voxels: NDArray[np.float32], seeds: Seeds, config: GeodesicConfig
) -> NDArray[np.float32]:
    """Probability ``(H, W)`` from a slice ``(C, H, W)`` in [0, 1] and its seeds."""
    sigma = config.smoothing_px
    blurred = ndimage.gaussian_filter(voxels, (0, sigma, sigma))
    labelled = np.stack([seeds.inside, seeds.outside])
    both = np.broadcast_to(blurred, (2, *blurred.shape))
    to_inside, to_outside = geodesic_distance(both, labelled, contrast=config.contrast)
    return share_of_distance(to_inside, to_outside)
