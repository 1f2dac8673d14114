"""The plain 2D U-Net: encoder, decoder, skip connections, nothing else."""

from collections.abc import Sequence
from typing import cast

from torch import nn

from assent.core.errors import ConfigError


def build_unet(channels: Sequence[int] = (32, 64, 128, 256), *, inputs: int = 3) -> nn.Module:
    """MONAI's residual-free ``UNet`` with instance normalisation.

    Args:
        channels: Features at each resolution, finest first; each further one halves the size.
        inputs: Channels of the image.

    Returns:
        A module from ``(B, inputs, H, W)`` to logits ``(B, 1, H, W)``. H and W must be
        multiples of ``2 ** (len(channels) - 1)``.

    Raises:
        ConfigError: If there are fewer than two resolutions or one has no features.
    """
    from monai.networks.nets import UNet  # noqa: PLC0415 - monai takes seconds to import

    if len(channels) < 2 or min(channels) < 1:
        raise ConfigError(
            f"unet.channels is {tuple(channels)}, but needs at least two positive numbers, the"
            " features at full and at half resolution."
        )
    return cast(
        nn.Module,
        UNet(
            spatial_dims=2,
            in_channels=inputs,
            out_channels=1,
            channels=tuple(channels),
            strides=(2,) * (len(channels) - 1),
            num_res_units=0,
            norm="instance",
        ),
    )
