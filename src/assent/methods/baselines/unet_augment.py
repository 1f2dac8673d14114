"""Random flips, affine maps and intensity changes of a training batch."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a batch is changed; 0 leaves it alone."""

    rotation: float = 0.3
    """Largest rotation, in radians."""

    scaling: float = 0.25
    """Largest share by which the image grows or shrinks."""

    shift: float = 0.1
    """Largest shift, as a share of the side."""

    gamma: float = 0.3
    """Standard deviation of the logarithm of the exponent of intensities."""

    brightness: float = 0.1
    """Standard deviation of what is added to each channel."""

    noise: float = 0.03
    """Largest standard deviation of the noise."""


def augment(
    images: Tensor, masks: Tensor, strength: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The batch moved and recoloured, image and mask alike.

    Args:
        images: ``(B, 3, S, S)`` in [0, 1].
        masks: ``(B, 1, S, S)``, 0 or 1.
        strength: How far.
        generator: Of every random number, on the CPU.

    Returns:
        Images in [0, 1] and masks of 0 or 1, of the same shapes.
    """
    matrices = _matrices(len(images), strength, generator).to(images)
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False)
    moved_masks = functional.grid_sample(masks, grid, align_corners=False)
    return _recolour(moved, strength, generator), (moved_masks > 0.5).to(masks)


def _matrices(count: int, strength: Augmentation, generator: torch.Generator) -> Tensor:
    """``(B, 2, 3)`` maps from output to input, in units of half a side."""

    def uniform(reach: float) -> Tensor:
        return (2.0 * torch.rand(count, generator=generator) - 1.0) * reach

    angle, size = uniform(strength.rotation), (1.0 + strength.scaling) ** uniform(1.0)
    flips = torch.randint(0, 2, (2, count), generator=generator) * 2.0 - 1.0
    cosine, sine = torch.cos(angle) / size, torch.sin(angle) / size
    shifts = 2.0 * uniform(strength.shift), 2.0 * uniform(strength.shift)
    rows = [cosine * flips[0], -sine * flips[1], shifts[0]]
    rows += [sine * flips[0], cosine * flips[1], shifts[1]]
    return torch.stack(rows, dim=1).reshape(count, 2, 3)


def _recolour(images: Tensor, strength: Augmentation, generator: torch.Generator) -> Tensor:
    count, channels = images.shape[:2]

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(images)

    exponents = torch.exp(strength.gamma * normal(count, 1, 1, 1))
    added = strength.brightness * normal(count, channels, 1, 1)
    spread = strength.noise * torch.rand(count, 1, 1, 1, generator=generator).to(images)
    grain = spread * normal(*images.shape)
    return (images.clamp(0.0, 1.0) ** exponents + added + grain).clamp(0.0, 1.0)
