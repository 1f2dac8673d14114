from dataclasses import replace

import pytest
import torch

from assent.methods.posterior.network import (
    EXPERTS,
    Channel,
    NetworkShape,
    PosteriorNetwork,
    grown,
)
from assent.models.memory import Tokens
from methods.posterior.posterior_tiny import SHAPE, tiny_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def inputs(batch=2, height=32, width=48, seed=0):
    made = torch.Generator().manual_seed(seed)
    x = torch.rand(batch, len(Channel), height, width, generator=made)
    x[:, Channel.COLOUR :] = 2 * x[:, Channel.COLOUR :] - 1
    return x


def context(network, batch=2, confidence=1.0, seed=3):
    image = torch.rand(batch, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    mask = torch.zeros(batch, 1, 32, 32)
    mask[..., 8:20, 10:24] = 1.0
    return network.memory.encode(image, mask, torch.full((batch,), confidence))


@pytest.mark.parametrize("size", [(16, 16), (32, 48), (64, 16)])
def test_mean_and_directions_lie_on_the_grid_of_the_input(size):
    network = tiny_network()
    mean, directions = network(inputs(2, *size), None)
    assert mean.shape == (2, 1, *size)
    assert directions.shape == (2, SHAPE.latent, *size)
    assert mean.dtype == directions.dtype == torch.float32


def test_a_click_costs_the_same_with_one_and_with_many_finished_images():
    """What the network returns has one shape; only the number of tokens it reads grows."""
    network = tiny_network()
    one = context(network)
    many = one
    for seed in range(7):
        many = many.joined(context(network, seed=seed))
    for tokens in (one, many):
        mean, directions = network(inputs(), tokens)
        assert mean.shape == (2, 1, 32, 48)
        assert directions.shape == (2, SHAPE.latent, 32, 48)


def test_gradients_reach_every_parameter():
    network = tiny_network().train()
    mean, directions = network(inputs(), context(network))
    (mean.square().mean() + directions.square().mean()).backward()
    silent = [
        name
        for name, p in network.named_parameters()
        if p.grad is None or not torch.isfinite(p.grad).all() or p.grad.abs().sum() == 0
    ]
    assert silent == []


def test_context_changes_the_answer_and_context_without_confidence_does_not():
    network = tiny_network()
    plain, _ = network(inputs(), None)
    told, _ = network(inputs(), context(network))
    assert not torch.allclose(plain, told, atol=1e-3)
    silent = context(network, confidence=0.0, seed=8)
    with_silent, _ = network(inputs(), context(network).joined(silent))
    assert torch.allclose(told, with_silent, atol=1e-5)


def test_items_of_a_batch_do_not_mix():
    network = tiny_network()
    tokens = context(network)
    both, _ = network(inputs(), tokens)
    for k in range(2):
        own = Tokens(tokens.keys[k : k + 1], tokens.values[k : k + 1], tokens.weight[k : k + 1])
        alone, _ = network(inputs()[k : k + 1], own)
        assert torch.allclose(both[k], alone[0], atol=1e-5)


def test_features_that_were_seen_before_need_not_be_seen_again():
    network = tiny_network()
    tokens = context(network)
    seen = network.memory.features(inputs()[:, :3])
    first, second = network(inputs(), tokens), network(inputs(), tokens, seen)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_the_margins_of_the_classifier_reach_the_mean():
    network = tiny_network()
    x = inputs()
    plain, _ = network(x, None)
    wide, _ = network(x, None)
    assert torch.equal(plain, wide)
    for margin in EXPERTS:
        x[:, margin] = 1.0
        inside, _ = network(x, None)
        x[:, margin] = -1.0
        outside, _ = network(x, None)
        assert inside.mean() > outside.mean() + 2.0


def test_the_size_of_the_default_network():
    count = sum(p.numel() for p in PosteriorNetwork(NetworkShape()).parameters())
    assert 2 * count < 20e6, "half precision weights must stay below 20 MB"


def same_weights(network, **changes):
    """Another network with the same weights."""
    other = PosteriorNetwork(replace(SHAPE, **changes)).eval()
    other.load_state_dict(network.state_dict())
    return other


def test_weights_from_before_the_random_walk_grow_to_answer_as_they_did():
    network = tiny_network()
    tensors = network.state_dict()
    old = dict(tensors)
    old["down.0.first.weight"] = tensors["down.0.first.weight"][:, : Channel.WALK]
    walk = EXPERTS.index(Channel.WALK) + 1
    for name in ("head.out.weight", "head.out.bias"):
        old[name] = torch.cat([tensors[name][:walk], tensors[name][walk + 1 :]])
    network.load_state_dict(grown(old))
    x = inputs()
    other = x.clone()
    other[:, Channel.WALK] *= -1
    with torch.no_grad():
        (mean, directions), (changed, unmoved) = network(x, None), network(other, None)
    assert torch.equal(directions, unmoved)
    assert (mean - changed).abs().max() < 0.2
    again = grown(grown(old))
    assert all(torch.equal(again[name], value) for name, value in grown(old).items())


def test_inputs_that_are_left_out_change_nothing():
    network = tiny_network()
    deaf = same_weights(network, without=("path", "near_positive"))
    x = inputs()
    changed = x.clone()
    changed[:, [Channel.PATH, Channel.NEAR_POSITIVE]] *= -0.5
    assert torch.equal(deaf(x, None)[0], deaf(changed, None)[0])
    assert not torch.allclose(network(x, None)[0], network(changed, None)[0])
    changed[:, Channel.COLOUR] *= -1
    assert not torch.allclose(deaf(x, None)[0], deaf(changed, None)[0])


def test_without_memory_the_context_is_not_heard():
    network = tiny_network()
    deaf = same_weights(network, without=("memory",))
    x = inputs()
    assert torch.equal(deaf(x, context(network))[0], network(x, None)[0])


def test_film_scales_what_the_image_says():
    torch.manual_seed(0)
    network = PosteriorNetwork(replace(SHAPE, film=True)).eval()
    x, tokens = inputs(), context(network)
    before = network(x, tokens)[1]
    with torch.no_grad():
        half = len(network.listen.bias) // 2
        network.listen.bias[:half] += 0.5
    assert not torch.allclose(network(x, tokens)[1], before)
    with pytest.raises(RuntimeError, match="listen"):
        same_weights(network)


def test_a_shape_reads_what_older_files_state():
    old = {"widths": [8, 8, 16, 16, 16], "latent": 8, "key": 8, "value": 8}
    assert NetworkShape.read(old) == SHAPE
    assert NetworkShape.read({"without": ["memory"]}).without == ("memory",)
