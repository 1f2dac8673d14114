"""The energy distance between a method's masks and the raters'."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core import raters
from assent.core.errors import InputError, ShapeError

STACKS = st.integers(1, 5).flatmap(lambda n: arrays(np.bool_, (n, 1, 3, 4)))
quick = settings(max_examples=50, deadline=None)


@quick
@given(STACKS, STACKS)
def test_energy_distance_is_symmetric_and_bounded(masks, references):
    there = raters.generalised_energy_distance(masks, references)
    assert there == pytest.approx(raters.generalised_energy_distance(references, masks), abs=1e-12)
    assert 0.0 <= there <= 2.0
    assert raters.generalised_energy_distance(masks, masks) == pytest.approx(0.0, abs=1e-12)


@quick
@given(STACKS, STACKS)
def test_energy_distance_is_its_definition(masks, references):
    def distance(a, b):
        return 1 - (a & b).sum() / (a | b).sum() if (a | b).any() else 0.0

    def mean_distance(some, others):
        return np.mean([distance(a, b) for a in some for b in others])

    expected = (
        2 * mean_distance(masks, references)
        - mean_distance(masks, masks)
        - mean_distance(references, references)
    )
    found = raters.generalised_energy_distance(masks, references)
    assert found == pytest.approx(expected, abs=1e-12)


def test_disjoint_certain_sets_are_as_far_apart_as_can_be():
    one = np.array([[True, False]])
    assert raters.generalised_energy_distance(one, ~one) == 2.0
    empty = np.zeros_like(one)
    assert raters.generalised_energy_distance(empty, empty) == 0.0


def test_too_few_masks_and_other_axes_are_refused():
    none, one = np.zeros((0, 1, 2, 2), np.bool_), np.ones((1, 1, 2, 2), np.bool_)
    with pytest.raises(InputError, match="energy distance of masks needs at least 1 mask; got 0"):
        raters.generalised_energy_distance(none, one)
    with pytest.raises(InputError, match="energy distance of references needs at least 1 mask"):
        raters.generalised_energy_distance(one, none)
    with pytest.raises(ShapeError, match="all axes after the first"):
        raters.generalised_energy_distance(one, np.ones((1, 1, 2, 3), np.bool_))
