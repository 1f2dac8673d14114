"""Prompts to a target, failures, and quality along the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core import effort
from assent.core.errors import InputError

CURVES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)
quick = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize(
    ("scores", "clicks"),
    [
        ([0.1, 0.5, 0.9], 2),
        ([0.95], 0),
        ([0.1, 0.95, 0.2], 1),
        ([0.1, 0.5], 20),
        ([0.0] * 20 + [0.9], 20),
        ([0.0] * 21 + [1.0], 20),
    ],
)
def test_clicks_are_counted_up_to_the_first_score_at_the_target(scores, clicks):
    assert effort.noc(scores, target=0.90, max_clicks=20) == clicks


def test_reaching_the_target_with_the_last_click_is_no_failure():
    just, late, never = [0.0] * 20 + [0.9], [0.0] * 21 + [0.9], [0.0]
    assert effort.failure_rate([just]) == 0.0
    assert effort.failure_rate([just, late, never]) == pytest.approx(2 / 3)


@quick
@given(CURVES, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(0, 25))
def test_a_higher_target_takes_no_fewer_clicks(scores, one, other, most):
    low, high = sorted((one, other))
    assert 0 <= effort.noc(scores, low, most) <= effort.noc(scores, high, most) <= most
    assert effort.failure_rate([scores], low, most) <= effort.failure_rate([scores], high, most)


@quick
@given(CURVES, st.floats(0.0, 1.0), st.integers(1, 25))
def test_fewer_clicks_than_allowed_means_success(scores, target, most):
    if effort.noc(scores, target, most) < most:
        assert effort.failure_rate([scores], target, most) == 0.0


@quick
@given(st.lists(CURVES, min_size=1, max_size=5), st.integers(0, 12))
def test_scores_are_carried_forward_after_the_annotator_stops(curves, rounds):
    table = effort.dice_at(curves, rounds)
    assert table.shape == (len(curves), rounds + 1)
    for row, scores in zip(table, curves, strict=True):
        known = scores[: rounds + 1]
        assert row[: len(known)].tolist() == known
        assert (row[len(known) :] == scores[-1]).all()
    assert np.array_equal(effort.effort_curve(curves, rounds), table.mean(axis=0))


def test_nothing_to_count_is_said():
    with pytest.raises(InputError, match="at least the one before any answer"):
        effort.noc([])
    with pytest.raises(InputError, match="at least the one before any answer"):
        effort.failure_rate([[0.5], []])
    with pytest.raises(InputError, match=r"over cases; got none\. Run at least one"):
        effort.failure_rate([])
    with pytest.raises(InputError, match="over cases; got none"):
        effort.dice_at([], rounds=3)
    with pytest.raises(InputError, match=r"rounds must be 0 or more; got -1"):
        effort.effort_curve([[0.5]], rounds=-1)
