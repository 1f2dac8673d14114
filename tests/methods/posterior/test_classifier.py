import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.connected import keep_connected
from assent.core.prompts import Click
from assent.methods.baselines.nearest_seed import NearestSeedConfig, spread
from assent.methods.baselines.seeds import by_slice, seeds_of
from assent.methods.posterior.classifier import (
    BLUR_PX,
    MEDIAN_PX,
    PLACE,
    margins,
    margins_alone,
)
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
    for margin in (found.colour, found.path, found.walk):
        assert margin.shape == (1, 48, 64)
        assert torch.isfinite(margin).all()
        assert margin.abs().max() <= 1
    assert (found.to_positive[0].numpy()[positive[0]] == 0).all()
    assert (found.path[0].numpy()[positive[0]] > 0).all()
    assert (found.path[0].numpy()[(negative & ~positive)[0]] < 0).all()


def test_all_margins_find_a_bright_disk_from_one_click():
    mask = disk(48, 64, at=(22, 30), radius=10)
    positive = blank()
    positive[0, 22, 30] = True
    found = margins(painted(mask), positive, blank())
    for margin in (found.colour, found.path, found.walk):
        drawn = margin[0].numpy() > 0
        assert 2 * (drawn & mask).sum() / (drawn.sum() + mask.sum()) > 0.9


def test_seeds_have_the_sign_of_their_prompt():
    mask = disk(48, 64, at=(22, 30), radius=12)
    positive, negative = blank(), blank()
    positive[0, 20:25, 28:33] = True
    negative[0, 40:44, 50:54] = True
    found = margins(painted(mask), positive, negative)
    for margin in (found.colour, found.path, found.walk):
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
    assert (after.walk[0].numpy()[other] < 0).mean() > 0.9
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
    assert torch.equal(first.walk, second.walk)


def test_the_margins_that_the_network_was_trained_on_stay_as_they_are():
    rows, columns = np.mgrid[:32, :48]
    waves = [
        np.sin(rows / 5) + np.cos(columns / 7),
        np.cos(rows / 9) * np.sin(columns / 4),
        np.sin((rows + columns) / 8),
    ]
    image = torch.from_numpy(np.stack(waves).astype(np.float32)[None] / 4 + 0.5)
    positive, negative = blank(32, 48), blank(32, 48)
    positive[0, 14:18, 20:24] = True
    negative[0, 4:7, 36:40] = True
    found = margins(image, positive, negative)
    colour = [
        [-0.6442, -0.6869, -0.2928, -0.8061],
        [-0.7953, 0.3847, 0.1553, -0.6940],
        [-0.6784, -0.2125, -0.7439, -0.6574],
    ]
    path = [
        [-0.6400, -0.4823, -0.5167, -0.8636],
        [-0.7155, 0.6154, 0.6041, -0.6866],
        [-0.7351, -0.3352, -0.6022, -0.7262],
    ]
    np.testing.assert_allclose(found.colour[0, 4::12, 4::12], colour, atol=2e-3)
    np.testing.assert_allclose(found.path[0, 4::12, 4::12], path, atol=2e-3)


def test_alone_colour_is_judged_as_the_baseline_judges_it():
    image = painted(disk(48, 64, at=(22, 30), radius=9), contrast=0.3, noise=0.1)
    clicks = (Click((0, 22, 30)), Click((0, 40, 50), positive=False))
    seeds = seeds_of(by_slice(clicks)[0], (48, 64), (48, 64))
    negative = blank()
    negative[0, 38:43, 48:53] = seeds.outside[38:43, 48:53]
    colour, path, walk = margins_alone(image, seeds.inside[None], negative)
    rule = NearestSeedConfig(place_weight=PLACE, smoothing_px=BLUR_PX, median_px=MEDIAN_PX)
    judged = spread(image[0].numpy(), seeds, rule)
    joined = keep_connected(colour, seeds.inside, seeds.outside)
    np.testing.assert_allclose(joined, 2 * judged - 1, atol=1e-3)
    same = margins(image, seeds.inside[None], negative)
    np.testing.assert_array_equal(path, same.path[0])
    np.testing.assert_array_equal(walk, same.walk[0])


def test_alone_the_border_is_outside_unless_a_positive_seed_lies_near():
    positive = blank()
    positive[0, 2:6, 2:6] = True
    colour, _, _ = margins_alone(torch.full((1, 3, 48, 64), 0.5), positive, blank())
    assert colour[0, 3] > 0
    assert colour[47, 63] < 0


def test_alone_a_short_stroke_is_not_lost_among_the_seeds_of_a_large_image():
    positive, negative = blank(160, 200), blank(160, 200)
    positive[0, 20:140, 60:100] = True
    negative[0, 80:82, 150:152] = True
    image = torch.full((1, 3, 160, 200), 0.5)
    image[..., 78:84, 148:154] = 0.55
    colour, _, _ = margins_alone(image, positive, negative)
    assert (colour[80:82, 150:152] < -0.9).all()
    assert (colour[30:130, 65:95] > 0.5).all()


def test_the_walk_is_found_on_a_small_grid_and_laid_out_on_the_whole():
    mask = disk(256, 320, at=(110, 150), radius=60)
    positive = blank(256, 320)
    positive[0, 108:113, 148:153] = True
    walk = margins(painted(mask), positive, blank(256, 320)).walk[0].numpy()
    assert walk.shape == (256, 320)
    assert 2 * ((walk > 0) & mask).sum() / ((walk > 0).sum() + mask.sum()) > 0.95
    assert walk[positive[0]].min() > 0.8
