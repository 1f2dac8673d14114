import pytest
import torch

from assent.models.memory import ContextMemory, Tokens


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def memory():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ContextMemory(key=8, value=6)


def entries(count, side=32, seed=1):
    made = torch.Generator().manual_seed(seed)
    image = torch.rand(count, 3, side, side, generator=made)
    mask = torch.zeros(count, 1, side, side)
    mask[:, :, side // 4 : side // 2 + 3, side // 4 : side // 2] = 1.0
    return image, mask


def laid_out(tokens, order):
    """Entries encoded as a batch, side by side as one context in a given order."""
    picked = [
        Tokens(tokens.keys[k : k + 1], tokens.values[k : k + 1], tokens.weight[k : k + 1])
        for k in order
    ]
    joined = picked[0]
    for item in picked[1:]:
        joined = joined.joined(item)
    return joined


def test_an_example_becomes_the_same_number_of_tokens_whatever_its_size(memory):
    for side in (32, 48, 64):
        tokens = memory.encode(*entries(2, side), torch.ones(2))
        assert tokens.keys.shape == (2, 50, 16)
        assert tokens.values.shape == (2, 50, 6)
        assert tokens.weight.shape == (2, 50)
        assert ((tokens.weight >= 0) & (tokens.weight <= 1)).all()


def test_weights_of_inside_and_outside_make_up_each_cell(memory):
    image, mask = entries(1, 40)
    weight = memory.encode(image, mask, torch.ones(1)).weight[0]
    assert torch.allclose(weight[:25] + weight[25:], torch.ones(25), atol=0.02)
    halved = memory.encode(image, mask, torch.full((1,), 0.5)).weight[0]
    assert torch.allclose(halved, weight / 2)


def test_the_label_comes_first_and_says_inside_or_outside(memory):
    tokens = memory.encode(*entries(1), torch.ones(1))
    assert (tokens.values[0, :25, 0] == 1).all()
    assert (tokens.values[0, 25:, 0] == -1).all()


def test_memory_does_not_depend_on_the_order_of_entries(memory):
    tokens = memory.encode(*entries(4), torch.tensor([1.0, 0.6, 1.0, 0.3]))
    seen = memory.features(entries(1, seed=9)[0])
    first = memory.read(seen, laid_out(tokens, (0, 1, 2, 3)))
    second = memory.read(seen, laid_out(tokens, (2, 0, 3, 1)))
    assert torch.allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("sharpness", [2.0, 5.0])
def test_an_entry_without_confidence_changes_nothing(memory, sharpness):
    memory.sharpness.data.fill_(sharpness)
    image, mask = entries(3)
    seen = memory.features(image[2:])
    # The entry to be ignored is the target itself, and so resembles it most.
    tokens = memory.encode(image, mask, torch.tensor([1.0, 1.0, 0.0]))
    without = memory.read(seen, laid_out(tokens, (0, 1)))
    with_it = memory.read(seen, laid_out(tokens, (0, 1, 2)))
    assert torch.allclose(without, with_it, atol=1e-6)


def test_more_confidence_pulls_harder(memory):
    image, mask = entries(1)
    seen = memory.features(image)
    inside = torch.ones_like(mask)

    def told(trust):
        both = memory.encode(
            image.repeat(2, 1, 1, 1), torch.cat([inside, 0 * inside]), torch.tensor([trust, 0.5])
        )
        return memory.read(seen, laid_out(both, (0, 1)))[:, 0].mean()

    assert told(0.1) < told(0.5) < told(1.0)
    assert told(0.5).abs() < 0.05


def test_reading_nothing_gives_zeros_and_no_gradient_of_nan(memory):
    tokens = memory.encode(*entries(2), torch.tensor([1.0, 0.0]))
    seen = memory.features(entries(2, seed=4)[0])
    read = memory.read(seen, tokens)
    assert (read[1] == 0).all()
    assert read[0].abs().sum() > 0
    read.sum().backward()
    for name, parameter in memory.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name


def test_gradients_reach_every_parameter(memory):
    tokens = memory.encode(*entries(3), torch.ones(3))
    seen = memory.features(entries(1, seed=5)[0])
    memory.read(seen, laid_out(tokens, (0, 1, 2))).square().sum().backward()
    for name, parameter in memory.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_what_is_read_lies_on_the_grid_of_the_target(memory):
    tokens = memory.encode(*entries(1), torch.ones(1))
    read = memory.read(torch.rand(1, 64, 3, 5), tokens)
    assert read.shape == (1, 7, 3, 5)
    assert (read[:, 0].abs() <= 1 + 1e-5).all()


def test_a_pixel_takes_over_the_label_of_what_it_resembles(memory):
    """Without training: the keys of an image's own tokens resemble its own pixels most."""
    memory.sharpness.data.fill_(6.0)
    memory.place_weight.data.fill_(1.0)
    image = torch.full((1, 3, 64, 64), 0.1)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 12:40, 12:40] = 1.0
    image = torch.where(mask > 0, torch.tensor(0.9), image)
    told = memory.read(memory.features(image), memory.encode(image, mask, torch.ones(1)))[0, 0]
    inside = torch.nn.functional.interpolate(mask, size=(8, 8), mode="area")[0, 0]
    assert told[inside > 0.9].mean() > told[inside < 0.1].mean() + 0.3
