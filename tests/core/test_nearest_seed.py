import numpy as np
from scipy.spatial import KDTree

from assent.core.nearest_seed import FAR, colour_and_place, nearest_distance


def compared(image, *, smoothing_px=0.0, place_weight=0.0):
    return colour_and_place(
        np.asarray(image, np.float32), smoothing_px=smoothing_px, place_weight=place_weight
    )


def test_distances_are_those_to_the_nearest_of_all_seeds():
    rng = np.random.default_rng(0)
    # More pixels than are compared at once, and not a multiple of that.
    features = rng.random((23, 41, 5)).astype(np.float32)
    seeds = rng.random((23, 41)) < 0.1
    expected, _ = KDTree(features[seeds]).query(features)
    np.testing.assert_allclose(nearest_distance(features, seeds), expected, atol=2e-3)


def test_without_seeds_every_pixel_is_far():
    features = np.zeros((3, 4, 2), np.float32)
    assert (nearest_distance(features, np.zeros((3, 4), bool)) == FAR).all()


def test_from_black_to_white_is_one_and_gray_is_lightness_alone():
    gray = np.linspace(0, 1, 12).reshape(1, 3, 4)
    features = compared(gray)
    seed = np.zeros((3, 4), bool)
    seed[0, 0] = True
    assert abs(nearest_distance(features, seed)[2, 3] - 1.0) < 1e-3
    assert features.shape[-1] == 1 + 2
    tripled = compared(np.repeat(gray, 3, 0))
    np.testing.assert_allclose(
        nearest_distance(tripled, seed), nearest_distance(features, seed), atol=1e-3
    )


def test_place_counts_by_the_longer_side():
    features = compared(np.full((1, 10, 40), 0.5), place_weight=0.5)
    seed = np.zeros((10, 40), bool)
    seed[0, 0] = True
    distance = nearest_distance(features, seed)
    assert abs(distance[0, 20] - 0.25) < 1e-3
    assert abs(distance[8, 0] - 0.1) < 1e-3


def test_blur_takes_a_speck_down():
    image = np.zeros((1, 9, 9))
    image[0, 4, 4] = 1.0
    sharp, blurred = compared(image), compared(image, smoothing_px=0.7)
    assert sharp[4, 4, 0] > 0.99
    assert 0.1 < blurred[4, 4, 0] < 0.5
    assert blurred[4, 5, 0] > 0.05
