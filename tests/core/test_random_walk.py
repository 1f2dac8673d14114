"""The random walk against the exact solution of its linear system."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import spsolve

from assent.core.random_walk import random_walk

quick = settings(max_examples=25, deadline=None)


def exact(image, inside, outside, beta=500.0, floor=1e-3):
    """Grady's equation 9 for an image ``(C, H, W)``, solved directly."""
    height, width = inside.shape
    number = np.arange(height * width).reshape(height, width)
    pairs = [(number[:-1], number[1:], 1), (number[:, :-1], number[:, 1:], 2)]
    rows = np.concatenate([a.ravel() for a, _, _ in pairs])
    columns = np.concatenate([b.ravel() for _, b, _ in pairs])
    spread = 10.0 * image.std() + 1e-6
    change = [np.square(np.diff(image, axis=axis)).sum(0).ravel() for _, _, axis in pairs]
    weight = np.exp(-beta * np.concatenate(change) / spread) + floor
    joined = sparse.coo_matrix((weight, (rows, columns)), (number.size, number.size))
    joined = (joined + joined.T).tocsr()
    laplacian = (sparse.diags(np.asarray(joined.sum(1)).ravel()) - joined).tocsr()
    known = (inside | outside).ravel()
    told = inside.ravel().astype(float)
    free = np.flatnonzero(~known)
    right = -laplacian[free][:, known] @ told[known]
    told[free] = spsolve(laplacian[free][:, free].tocsc(), right)
    return told.reshape(height, width)


def seeds(height, width, *, inside, outside):
    found = np.zeros((2, height, width), bool)
    for kind, spots in enumerate((inside, outside)):
        for row, column in spots:
            found[kind, row, column] = True
    return found


spots = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 31)), min_size=1, max_size=4)


@quick
@given(inside=spots, outside=spots, seed=st.integers(0, 99))
def test_iterated_to_the_end_it_is_the_solution_of_the_linear_system(inside, outside, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((2, 24, 32), dtype=np.float32)
    near, far = seeds(24, 32, inside=inside, outside=outside)
    far &= ~near
    if not far.any():
        far[0, 0] = not near[0, 0]
        far[23, 31] = near[0, 0]
    found = random_walk(image[None], near[None], far[None], iterations=2000, tolerance=1e-7)
    np.testing.assert_allclose(found[0], exact(image, near, far), atol=2e-3)


def test_stopped_early_on_several_levels_it_is_on_the_same_side_nearly_everywhere():
    rows, columns = np.mgrid[:128, :128]
    disk = (rows - 60) ** 2 + (columns - 70) ** 2 < 30**2
    noise = np.random.default_rng(0).normal(0, 0.05, (1, 128, 128))
    image = (0.3 + 0.3 * disk + noise).astype(np.float32)
    inside, outside = np.zeros((2, 128, 128), bool)
    inside[58:63, 68:73] = True
    outside[[0, -1]] = outside[:, [0, -1]] = True
    found = random_walk(image[None], inside[None], outside[None])[0]
    assert ((found > 0.5) == (exact(image, inside, outside) > 0.5)).mean() > 0.995
    assert ((found > 0.5) == disk).mean() > 0.99


def test_images_of_a_batch_do_not_hear_of_each_other():
    rng = np.random.default_rng(1)
    image = rng.random((2, 3, 64, 64), dtype=np.float32)
    inside, outside = np.zeros((2, 2, 64, 64), bool)
    inside[:, 20:24, 20:24] = True
    outside[0, 50:60, 50:60] = True
    outside[1, 5:8, 5:8] = True
    exactly = {"iterations": 500, "tolerance": 1e-6}
    both = random_walk(image, inside, outside, **exactly)
    alone = random_walk(image[1:], inside[1:], outside[1:], **exactly)
    np.testing.assert_allclose(both[1], alone[0], atol=1e-3)


def test_what_is_not_seeded_is_decided_by_the_seeds_there_are():
    image = np.zeros((1, 1, 16, 16), np.float32)
    none, one = np.zeros((2, 1, 16, 16), bool)
    one[0, 4, 4] = True
    assert (random_walk(image, one, none) == 1).all()
    assert (random_walk(image, none, one) == 0).all()
    assert (random_walk(image, none, none) == 0).all()
    assert random_walk(image, one, one)[0, 4, 4] == 1


@pytest.mark.parametrize("floor", [1e-3, 1e-2])
def test_an_edge_holds_the_walker_back(floor):
    image = np.zeros((1, 1, 20, 40), np.float32)
    image[..., 25:] = 1.0
    inside, outside = np.zeros((2, 1, 20, 40), bool)
    inside[0, 10, 5], outside[0, 10, 35] = True, True
    found = random_walk(image, inside, outside, floor=floor, iterations=500, tolerance=1e-5)[0]
    assert (found[:, :25] > 0.5).all()
    assert (found[:, 25:] < 0.5).all()
