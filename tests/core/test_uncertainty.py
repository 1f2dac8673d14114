"""Mean, entropy, variance and agreement of an ensemble."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core import uncertainty
from assent.core.errors import InputError

P = st.floats(0.0, 1.0, width=32)
ENSEMBLES = st.integers(1, 6).flatmap(lambda n: arrays(np.float32, (n, 1, 2, 3), elements=P))
MEASURES = [uncertainty.mean_probability, uncertainty.variance, uncertainty.agreement]
quick = settings(max_examples=50, deadline=None)


@quick
@given(arrays(np.float32, (1, 3, 4), elements=P))
def test_entropy_is_symmetric_and_within_a_bit(probability):
    bits = uncertainty.entropy_bits(probability)
    assert bits.dtype == np.float32
    assert ((bits >= 0.0) & (bits <= 1.0)).all()
    assert bits == pytest.approx(uncertainty.entropy_bits(1.0 - probability), abs=1e-6)


def test_entropy_is_shannons():
    p = 0.11
    expected = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    assert uncertainty.entropy_bits(np.array([p])) == pytest.approx(expected, rel=1e-6)


def test_rounding_beyond_the_range_counts_as_certain():
    assert uncertainty.entropy_bits(np.array([1.0 + 1e-7, -1e-7])).tolist() == [0.0, 0.0]


@quick
@given(ENSEMBLES)
def test_measures_have_their_range_and_type(ensemble):
    for measure, low, high in zip(MEASURES, (0.0, 0.0, 0.5), (1.0, 0.25, 1.0), strict=True):
        values = measure(ensemble)
        assert values.dtype == np.float32
        assert values.shape == ensemble.shape[1:]
        assert (values >= low - 1e-6).all()
        assert (values <= high + 1e-6).all()


@quick
@given(ENSEMBLES)
def test_mean_and_variance_are_numpys(ensemble):
    assert uncertainty.mean_probability(ensemble) == pytest.approx(ensemble.mean(0), abs=1e-5)
    assert uncertainty.variance(ensemble) == pytest.approx(ensemble.var(0), abs=1e-5)


@quick
@given(ENSEMBLES, st.data())
def test_a_weight_counts_like_copies_of_a_member(ensemble, data):
    copies = data.draw(st.lists(st.integers(0, 3), min_size=len(ensemble), max_size=len(ensemble)))
    copies[0] += 1
    for measure in MEASURES:
        weighted = measure(ensemble, np.array(copies, np.float64))
        assert weighted == pytest.approx(measure(np.repeat(ensemble, copies, axis=0)), abs=1e-5)


def test_members_that_agree_leave_no_doubt_and_a_split_leaves_all():
    yes, no = np.ones((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.float32)
    united, split = np.stack([yes, yes]), np.stack([yes, no])
    assert uncertainty.variance(united) == 0.0
    assert uncertainty.agreement(united) == 1.0
    assert uncertainty.variance(split) == 0.25
    assert uncertainty.agreement(split) == 0.5
    assert uncertainty.entropy_bits(uncertainty.mean_probability(split)) == 1.0


@pytest.mark.parametrize("measure", MEASURES)
def test_weights_that_do_not_fit_are_refused(measure):
    ensemble = np.zeros((2, 1, 2, 2), np.float32)
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0], [np.nan, 1.0]):
        with pytest.raises(InputError, match=r"2 members needs .* 2 weights of 0 or more"):
            measure(ensemble, np.array(weights))
    with pytest.raises(InputError, match="0 members needs at least one member"):
        measure(ensemble[:0])
