import pytest
import torch

from assent.core.errors import ConfigError
from assent.models.unet import build_unet


@pytest.mark.parametrize(("channels", "size"), [((4, 8), (6, 10)), ((4, 8, 8), (8, 20))])
def test_logits_lie_on_the_grid_of_the_image(channels, size):
    network = build_unet(channels, inputs=3)
    assert network(torch.rand(2, 3, *size)).shape == (2, 1, *size)


def test_every_parameter_matters():
    network = build_unet((4, 8), inputs=1)
    network(torch.rand(1, 1, 8, 8)).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("channels", [(8,), (), (8, 0)])
def test_too_few_resolutions_are_refused(channels):
    with pytest.raises(ConfigError, match="channels"):
        build_unet(channels)
