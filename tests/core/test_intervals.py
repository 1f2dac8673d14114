"""Bootstrap intervals of means and of paired differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import InputError
from assent.core.intervals import Interval, mean_interval, paired_difference_interval

VALUES = st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=20)
quick = settings(max_examples=50, deadline=None)


@quick
@given(VALUES, st.integers(0, 1000))
def test_the_interval_lies_within_the_values_and_around_the_mean(values, seed):
    found = mean_interval(values, seed=seed, draws=200)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).random(30)
    assert mean_interval(values, seed=3) == mean_interval(values, seed=3)
    assert mean_interval(values, seed=3) != mean_interval(values, seed=4)


def test_draws_in_chunks_are_the_same_draws(monkeypatch):
    values = np.random.default_rng(0).random(30)
    whole = mean_interval(values, draws=100)
    monkeypatch.setattr("assent.core.intervals._CHUNK", 70)
    assert mean_interval(values, draws=100) == whole


def test_width_is_that_of_a_normal_mean_when_there_are_many_values():
    values = np.random.default_rng(1).normal(size=400)
    found = mean_interval(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = 0
    for trial in range(300):
        cases = rng.normal(size=40)
        records = np.repeat(cases, 3) + 0.1 * rng.normal(size=120)
        found = mean_interval(records, np.repeat(np.arange(40), 3), seed=trial, draws=300)
        held += found.low <= 0.0 <= found.high
    assert 0.89 <= held / 300 <= 0.98


def test_copies_of_a_record_do_not_narrow_the_interval():
    cases = np.random.default_rng(3).random(12)
    once = mean_interval(cases)
    copied = np.repeat(cases, 5)
    together = mean_interval(copied, [f"case{n // 5}" for n in range(60)])
    apart = mean_interval(copied)
    assert (together.low, together.high) == pytest.approx((once.low, once.high))
    assert apart.high - apart.low < 0.7 * (once.high - once.low)


def test_the_mean_counts_records_where_groups_differ_in_size():
    found = mean_interval([1.0, 1.0, 1.0, 5.0], ["a", "a", "a", "b"])
    assert found == Interval(mean=2.0, low=1.0, high=5.0)


def test_one_group_has_no_width():
    assert mean_interval([1.0, 3.0], ["a", "a"]) == Interval(2.0, 2.0, 2.0)


def test_infinite_distances_make_an_infinite_mean_and_no_nonsense():
    found = mean_interval([1.0] * 50 + [np.inf], draws=500)
    assert (found.mean, found.low, found.high) == (np.inf, 1.0, np.inf)


@quick
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=15))
def test_a_difference_has_the_opposite_sign_the_other_way_round(pairs):
    a, b = zip(*pairs, strict=True)
    assert paired_difference_interval(a, b, draws=50).mean == pytest.approx(
        -paired_difference_interval(b, a, draws=50).mean
    )
    assert paired_difference_interval(a, a, draws=50) == Interval(0.0, 0.0, 0.0)


def test_pairing_finds_a_small_gain_under_a_large_spread_of_cases():
    rng = np.random.default_rng(4)
    before = rng.random(40)
    after = before + 0.02 + 0.01 * rng.normal(size=40)
    gain = paired_difference_interval(after, before, range(40))
    assert 0.0 < gain.low < 0.02 < gain.high < 0.04
    assert mean_interval(after).low < mean_interval(before).high


def test_two_infinite_distances_do_not_differ():
    found = paired_difference_interval([np.inf, 1.0], [np.inf, 1.0])
    assert found == Interval(0.0, 0.0, 0.0)


def test_what_has_no_mean_is_refused():
    with pytest.raises(InputError, match=r"at least one number without NaN; got shape \(0,\)"):
        mean_interval([])
    with pytest.raises(InputError, match=r"with 1 NaN\. Leave out records"):
        mean_interval([1.0, np.nan])
    with pytest.raises(InputError, match="2 values and 1 groups"):
        mean_interval([1.0, 2.0], ["a"])
    with pytest.raises(InputError, match="at least one draw; got 0"):
        mean_interval([1.0], draws=0)
    with pytest.raises(InputError, match="two equally long lists; got 1 and 2"):
        paired_difference_interval([1.0], [1.0, 2.0])
