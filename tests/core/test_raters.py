"""Agreement of raters, their joint references, and the energy distance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core import raters
from assent.core.errors import InputError, ShapeError
from assent.core.metrics import dice, iou


def stacks(least: int) -> st.SearchStrategy[np.ndarray]:
    return st.integers(least, 5).flatmap(lambda n: arrays(np.bool_, (n, 1, 3, 4)))


quick = settings(max_examples=50, deadline=None)


@quick
@given(stacks(1))
def test_the_majority_is_where_the_soft_reference_exceeds_one_half(references):
    soft = raters.soft_reference(references)
    assert soft.dtype == np.float32
    assert soft.shape == (1, 3, 4)
    assert (raters.majority(references) == (soft > 0.5)).all()


def test_one_rater_is_their_own_majority_and_a_tie_is_background():
    one = np.array([[[[True, False]]]])
    assert (raters.majority(one) == one[0]).all()
    assert not raters.majority(np.concatenate([one, ~one])).any()


@quick
@given(stacks(2))
def test_agreement_is_the_mean_dice_of_all_pairs(references):
    pairs = [dice(references[i], references[j]) for i in range(len(references)) for j in range(i)]
    assert raters.pairwise_agreement(references) == pytest.approx(np.mean(pairs))


@quick
@given(stacks(1), stacks(1))
def test_energy_distance_is_symmetric_and_bounded(masks, references):
    there = raters.generalised_energy_distance(masks, references)
    assert there == pytest.approx(raters.generalised_energy_distance(references, masks), abs=1e-12)
    assert 0.0 <= there <= 2.0
    assert raters.generalised_energy_distance(masks, masks) == pytest.approx(0.0, abs=1e-12)


@quick
@given(stacks(1), stacks(1))
def test_energy_distance_is_its_definition(masks, references):
    def mean_distance(some, others):
        return np.mean([1 - iou(a, b) for a in some for b in others])

    expected = (
        2 * mean_distance(masks, references)
        - mean_distance(masks, masks)
        - mean_distance(references, references)
    )
    found = raters.generalised_energy_distance(masks, references)
    assert found == pytest.approx(expected, abs=1e-12)


@quick
@given(stacks(2), stacks(1))
def test_a_weight_counts_like_copies_of_a_mask(masks, references):
    copied = np.concatenate([masks, masks[:1], masks[:1]])
    weights = np.ones(len(masks))
    weights[0] = 3.0
    assert raters.generalised_energy_distance(masks, references, weights=weights) == pytest.approx(
        raters.generalised_energy_distance(copied, references), abs=1e-12
    )


def test_disjoint_certain_sets_are_as_far_apart_as_can_be():
    one = np.array([[True, False]])
    assert raters.generalised_energy_distance(one, ~one) == 2.0
    empty = np.zeros_like(one)
    assert raters.generalised_energy_distance(empty, empty) == 0.0


def test_too_few_masks_are_refused():
    none, one = np.zeros((0, 1, 2, 2), np.bool_), np.ones((1, 1, 2, 2), np.bool_)
    with pytest.raises(InputError, match="A majority needs at least 1 mask; got 0"):
        raters.majority(none)
    with pytest.raises(InputError, match="A soft reference needs at least 1 mask; got 0"):
        raters.soft_reference(none)
    with pytest.raises(InputError, match="Agreement needs at least 2 masks; got 1"):
        raters.pairwise_agreement(one)
    with pytest.raises(InputError, match="energy distance of masks needs at least 1 mask; got 0"):
        raters.generalised_energy_distance(none, one)
    with pytest.raises(InputError, match="energy distance of references needs at least 1 mask"):
        raters.generalised_energy_distance(one, none)
    with pytest.raises(ShapeError, match="all axes after the first"):
        raters.generalised_energy_distance(one, np.ones((1, 1, 2, 3), np.bool_))


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_that_are_no_probabilities_are_refused(weights):
    masks = np.ones((2, 1, 2, 2), np.bool_)
    with pytest.raises(InputError, match="weights of 2 masks must be 2 numbers of 0 or more"):
        raters.generalised_energy_distance(masks, masks, weights=np.array(weights))
