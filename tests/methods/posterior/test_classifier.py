import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.methods.posterior.classifier import margins
from methods.posterior.posterior_tiny import disk


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def blank(height=48, width=64, batch=1):
    return np.zeros((batch, height, width), bool)


def painted(mask, contrast=0.5, noise=0.02):
    rng = np.random.default_rng(0)
    gray = 0.2 + contrast * mask + rng.normal(0, noise, mask.shape)
    return torch.from_numpy(np.repeat(gray[None, None], 3, 1).clip(0, 1).astype(np.float32))


spots = st.tuples(st.integers(0, 47), st.integers(0, 63))


@given(st.lists(spots, min_size=1, max_size=4), st.lists(spots, max_size=4), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_margins_are_bounded_and_finite(inside, outside, seed):
    positive, negative = blank(), blank()
    for row, column in inside:
        positive[0, row, column] = True
    for row, column in outside:
        negative[0, row, column] = True
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(seed))
    found = margins(image, positive, negative & ~positive)
    for margin in (found.colour, found.path):
        assert margin.shape == (1, 48, 64)
        assert torch.isfinite(margin).all()
        assert margin.abs().max() <= 1
    assert (found.to_positive[0].numpy()[positive[0]] == 0).all()
    assert (found.path[0].numpy()[positive[0]] > 0).all()
    assert (found.path[0].numpy()[(negative & ~positive)[0]] < 0).all()


def test_both_margins_find_a_bright_disk_from_one_click():
    mask = disk(48, 64, at=(22, 30), radius=10)
    positive = blank()
    positive[0, 22, 30] = True
    found = margins(painted(mask), positive, blank())
    for margin in (found.colour, found.path):
        drawn = margin[0].numpy() > 0
        assert 2 * (drawn & mask).sum() / (drawn.sum() + mask.sum()) > 0.9


def test_seeds_have_the_sign_of_their_prompt():
    mask = disk(48, 64, at=(22, 30), radius=12)
    positive, negative = blank(), blank()
    positive[0, 20:25, 28:33] = True
    negative[0, 40:44, 50:54] = True
    found = margins(painted(mask), positive, negative)
    for margin in (found.colour, found.path):
        values = margin[0].numpy()
        assert (values[positive[0]] > 0.5).all()
        assert (values[negative[0]] < -0.5).all()


def test_a_negative_click_takes_back_what_looks_alike():
    two = disk(48, 64, at=(22, 16), radius=8) | disk(48, 64, at=(22, 46), radius=8)
    positive, negative = blank(), blank()
    positive[0, 22, 16] = True
    before = margins(painted(two), positive, negative)
    negative[0, 20:25, 44:49] = True
    after = margins(painted(two), positive, negative)
    other = disk(48, 64, at=(22, 46), radius=6)
    assert before.colour[0].numpy()[other].mean() > 0, "by colour the other disk is inside at first"
    assert (after.colour[0].numpy()[other] < 0).mean() > 0.9
    assert (after.path[0].numpy()[other] < 0).mean() > 0.9
    own = disk(48, 64, at=(22, 16), radius=6)
    assert (after.colour[0].numpy()[own] > 0).mean() > 0.9


def test_the_border_is_outside_unless_a_positive_seed_lies_near():
    positive = blank()
    positive[0, 2:6, 2:6] = True
    found = margins(torch.full((1, 3, 48, 64), 0.5), positive, blank())
    path = found.path[0].numpy()
    assert path[0, 3] > 0
    assert path[3, 0] > 0
    assert path[47, 63] < 0
    assert path[0, 63] < 0


def test_a_constant_image_is_split_by_distance_alone():
    positive, negative = blank(48, 48), blank(48, 48)
    positive[0, 24, 24] = True
    path = margins(torch.zeros(1, 3, 48, 48), positive, negative).path[0].numpy()
    assert path[24, 24] > 0.9
    assert np.allclose(path, path[::-1, :][np.r_[-1:47]], atol=0.3)
    assert path[24, 30] > path[24, 36] > path[24, 44]


def test_margins_are_a_function_of_their_arguments():
    positive = blank()
    positive[0, 10:14, 10:14] = True
    image = torch.rand(1, 3, 48, 64)
    first, second = (margins(image, positive, blank()) for _ in range(2))
    assert torch.equal(first.colour, second.colour)
    assert torch.equal(first.path, second.path)
