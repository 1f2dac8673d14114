"""The plain 2D U-Net: encoder, decoder, skip connections, nothing else."""

from collections.abc import Sequence
from typing import cast

from torch import nn

from assent.core.errors import ConfigError

LEVELS = 5
"""Resolutions of the network; each further one halves the size."""


def build_unet(channels: Sequence[int] = (32, 32, 64, 128, 256), *, inputs: int = 3) -> nn.Module:
    """MONAI's ``BasicUNet``: two convolutions a level, instance normalisation, leaky ReLU.

    Args:
        channels: Features at each of the five resolutions, finest first.
        inputs: Channels of the image.

    Returns:
        A module from ``(B, inputs, H, W)`` to logits ``(B, 1, H, W)``. H and W must be
        multiples of 16, and one of them more than 16.

    Raises:
        ConfigError: If there are not five positive numbers of features.
    """
    from monai.networks.nets import BasicUNet  # noqa: PLC0415 - monai takes seconds to import

    if len(channels) != LEVELS or min(channels) < 1:
        raise ConfigError(
            f"unet.channels is {tuple(channels)}, but needs {LEVELS} positive numbers: the"
            " features at each resolution, finest first."
        )
    return cast(
        nn.Module,
        BasicUNet(
            spatial_dims=2,
            in_channels=inputs,
            out_channels=1,
            features=(*channels, channels[0]),
        ),
    )
