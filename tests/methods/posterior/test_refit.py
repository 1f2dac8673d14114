import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.methods.posterior.refit import LIMIT, count_prompts, refit, trust


def halves(rng, features=5):
    """Features that differ between the left and the right half, and prompts on either."""
    side = np.zeros((12, 16), bool)
    side[:, :8] = True
    maps = rng.normal(size=(features, 12, 16)) + np.where(side, 1.5, -1.5)
    return maps.astype(np.float32), side


def marks(*places):
    drawn = np.zeros((12, 16), bool)
    for rows, columns in places:
        drawn[rows, columns] = True
    return drawn


LEFT, RIGHT = marks((slice(2, 4), slice(2, 4))), marks((slice(8, 10), slice(12, 14)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_one_prompt_of_each_sign_tells_two_kinds_of_pixels_apart(seed):
    maps, side = halves(np.random.default_rng(seed))
    logit = refit(maps, LEFT, RIGHT)
    assert ((logit > 0) == side).mean() > 0.9
    assert np.abs(logit).max() <= LIMIT


def test_swapping_the_signs_swaps_the_answer():
    maps, _ = halves(np.random.default_rng(0))
    np.testing.assert_allclose(refit(maps, LEFT, RIGHT), -refit(maps, RIGHT, LEFT), atol=1e-4)


def test_units_of_the_features_do_not_matter():
    maps, _ = halves(np.random.default_rng(1))
    other = maps * np.array([1, 100, 0.01, 5, 1], np.float32)[:, None, None] + 3.0
    np.testing.assert_allclose(refit(maps, LEFT, RIGHT), refit(other, LEFT, RIGHT), atol=2e-2)


def test_a_prompt_counts_the_same_however_large_it_is():
    maps, _ = halves(np.random.default_rng(2))
    maps[:] = maps.mean((0, 2), keepdims=True)  # rows differ, pixels of a row do not
    small = refit(maps, marks((3, slice(2, 4))), RIGHT)
    large = refit(maps, marks((3, slice(0, 8))), RIGHT)
    np.testing.assert_allclose(small, large, atol=1e-4)


def test_without_prompts_it_says_nothing():
    maps, _ = halves(np.random.default_rng(3))
    assert not refit(maps, marks(), marks()).any()


def test_a_constant_feature_is_harmless():
    maps, side = halves(np.random.default_rng(4))
    maps[2] = 7.0
    assert ((refit(maps, LEFT, RIGHT) > 0) == side).mean() > 0.9


def test_trust_starts_with_the_second_prompt_and_grows():
    third = marks((slice(0, 2), slice(10, 12)), (slice(8, 10), slice(12, 14)))
    assert trust(LEFT, marks()) == 0.0
    assert trust(LEFT, RIGHT) == pytest.approx(0.25)
    assert trust(LEFT, third) > trust(LEFT, RIGHT)
    assert count_prompts(LEFT, third) == 3
