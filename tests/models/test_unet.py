import pytest
import torch

from assent.core.errors import ConfigError
from assent.models.unet import build_unet

TINY = (2, 2, 4, 4, 4)


@pytest.mark.parametrize(("inputs", "size"), [(1, (32, 16)), (3, (16, 48))])
def test_logits_lie_on_the_grid_of_the_image(inputs, size):
    network = build_unet(TINY, inputs=inputs)
    assert network(torch.rand(2, inputs, *size)).shape == (2, 1, *size)


def test_every_parameter_matters():
    network = build_unet(TINY, inputs=1)
    network(torch.rand(1, 1, 32, 32)).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("channels", [(8,), (), (8, 8, 8, 8, 0), (8,) * 6])
def test_other_than_five_resolutions_are_refused(channels):
    with pytest.raises(ConfigError, match="channels"):
        build_unet(channels)
