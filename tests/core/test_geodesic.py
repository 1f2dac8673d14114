"""Geodesic distance against Dijkstra's algorithm."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra

from assent.core.geodesic import FAR, geodesic_distance

quick = settings(max_examples=30, deadline=None)


def shortest_paths(image: np.ndarray, seeds: np.ndarray, contrast: float) -> np.ndarray:
    """Exact distances ``(H, W)`` on the 8-connected grid of an image ``(C, H, W)``."""
    height, width = seeds.shape
    number = np.arange(height * width).reshape(height, width)
    rows, columns, costs = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = np.s_[: height - down, max(0, -right) : width - max(0, right)]
        b = np.s_[down:, max(0, right) : width + min(0, right)]
        change = np.square(image[:, *b].astype(np.float64) - image[:, *a]).sum(0)
        rows.append(number[a].ravel())
        columns.append(number[b].ravel())
        costs.append(np.sqrt(down**2 + right**2 + contrast**2 * change).ravel())
    edges = (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns)))
    graph = sparse.csr_matrix(edges, shape=(number.size, number.size))
    sources = number[seeds]
    found = dijkstra(graph, directed=False, indices=sources, min_only=True)
    return found.reshape(height, width)


def random_image(rng: np.random.Generator, smoothing: float, channels: int = 1) -> np.ndarray:
    noise = rng.random((channels, 14, 11))
    smooth = ndimage.gaussian_filter(noise, (0, smoothing, smoothing))
    low, high = smooth.min(), smooth.max()
    return ((smooth - low) / (high - low)).astype(np.float32)


def random_seeds(rng: np.random.Generator) -> np.ndarray:
    seeds = np.zeros((14, 11), np.bool_)
    seeds.ravel()[rng.choice(seeds.size, rng.integers(1, 4), replace=False)] = True
    return seeds


@quick
@given(st.integers(0, 10_000), st.sampled_from([1, 3]), st.sampled_from([0.0, 10.0, 100.0]))
def test_smooth_images_are_exact_after_four_rounds(seed, channels, contrast):
    rng = np.random.default_rng(seed)
    image, seeds = random_image(rng, 3.0, channels), random_seeds(rng)
    found = geodesic_distance(image, seeds, contrast=contrast, sweeps=4)
    assert found == pytest.approx(shortest_paths(image, seeds, contrast), rel=1e-4, abs=1e-4)


@quick
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_the_distance_is_never_shorter_than_the_shortest_path(seed, sweeps):
    rng = np.random.default_rng(seed)
    image, seeds = random_image(rng, 0.0), random_seeds(rng)
    found = geodesic_distance(image, seeds, sweeps=sweeps)
    assert (found >= shortest_paths(image, seeds, 100.0) * (1 - 1e-5)).all()


@quick
@given(st.integers(0, 10_000))
def test_more_sweeps_never_lengthen_a_path_and_many_are_exact(seed):
    rng = np.random.default_rng(seed)
    image, seeds = random_image(rng, 0.0), random_seeds(rng)
    found = [geodesic_distance(image, seeds, sweeps=n) for n in (1, 2, 4, 40)]
    for fewer, more in pairwise(found):
        assert (more <= fewer).all()
    assert found[-1] == pytest.approx(shortest_paths(image, seeds, 100.0), rel=1e-4)


def test_a_batch_gives_what_each_image_gives():
    rng = np.random.default_rng(0)
    images = np.stack([random_image(rng, 1.0, 3) for _ in range(6)]).reshape(2, 3, 3, 14, 11)
    seeds = np.stack([random_seeds(rng) for _ in range(6)]).reshape(2, 3, 14, 11)
    together = geodesic_distance(images, seeds)
    assert together.shape == (2, 3, 14, 11)
    for at in np.ndindex(2, 3):
        assert np.array_equal(together[at], geodesic_distance(images[at], seeds[at]))


def test_an_image_without_seeds_is_far_away_and_leaves_its_neighbours_alone():
    rng = np.random.default_rng(1)
    images = np.stack([random_image(rng, 1.0)] * 2)
    seeds = np.stack([np.zeros((14, 11), np.bool_), random_seeds(rng)])
    distance = geodesic_distance(images, seeds)
    assert distance.dtype == np.float32
    assert (distance[0] == FAR).all()
    assert (distance[1] < FAR).all()


def test_seeds_are_at_zero_and_a_flat_image_counts_steps():
    image = np.full((1, 5, 5), 0.5, np.float32)
    seeds = np.zeros((5, 5), np.bool_)
    seeds[2, 2] = True
    distance = geodesic_distance(image, seeds)
    assert distance[2, 2] == 0.0
    assert distance[2, 4] == 2.0
    assert distance[0, 0] == pytest.approx(2 * np.sqrt(2))
    assert distance[0, 1] == pytest.approx(1 + np.sqrt(2))


def test_crossing_an_edge_costs_the_contrast():
    image = np.zeros((1, 3, 6), np.float32)
    image[..., 3:] = 1.0
    seeds = np.zeros((3, 6), np.bool_)
    seeds[:, 0] = True
    distance = geodesic_distance(image, seeds, contrast=50.0)
    assert distance[1, 2] == 2.0
    assert distance[1, 3] == pytest.approx(2.0 + np.sqrt(1 + 50.0**2))


def test_input_is_left_as_it_was():
    rng = np.random.default_rng(2)
    image, seeds = random_image(rng, 1.0), random_seeds(rng)
    kept = image.copy(), seeds.copy()
    image.setflags(write=False)
    seeds.setflags(write=False)
    geodesic_distance(image, seeds)
    assert np.array_equal(image, kept[0])
    assert np.array_equal(seeds, kept[1])
