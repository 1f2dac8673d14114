"""Whose corrections they are: those of a person who agrees with a rule, or with the network."""

import numpy as np
import pytest

from assent.core.feedback import Correct
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior.field import Field
from assent.methods.posterior.grid import WorkingGrid, draw_marks, working_planes
from assent.methods.posterior.rival import LEAST, MOST, PRIOR, RULES, Rivals, ruled
from assent.methods.posterior.solvers import classical_margins, decided
from methods.posterior.posterior_tiny import scene, with_network, without_network

SIDE = 64
GRID = WorkingGrid.of((SIDE, SIDE), SIDE)


def plane(*rectangles):
    """Logits of 4 inside of (top, bottom, left, right), of -4 elsewhere."""
    logits = np.full((SIDE, SIDE), -4.0, np.float32)
    for top, bottom, left, right in rectangles:
        logits[top:bottom, left:right] = 4.0
    return logits


def field(logits, slope=0.0):
    return Field(logits[None], np.full((2, 1, SIDE, SIDE), slope, np.float32))


CELL, NUCLEUS = (10, 54, 10, 54), (10, 30, 10, 54)
"""What the network takes, and the part of it that the first rule takes."""

CONTESTED = Rivals(field(plane(CELL)), (field(plane(NUCLEUS)), field(plane(CELL))))
SHOWN = 1 / (1 + np.exp(-plane(CELL)))
MIDDLE = (0, 42, 32)


def says(prompt, rivals=CONTESTED):
    """For the first rule."""
    return rivals.heard([prompt], SHOWN, GRID)[-1][0]


def test_a_correction_in_the_middle_of_what_a_rule_leaves_out_speaks_for_it_alone():
    assert says(Click(MIDDLE, positive=False)) > 2
    assert says(Scribble((MIDDLE, (0, 42, 33)), positive=False)) > 2
    _, other = CONTESTED.heard([Click(MIDDLE, positive=False)], SHOWN, GRID)[-1]
    assert other < -1, "the second rule takes what is shown"


def test_the_further_from_the_middle_of_the_difference_the_less_it_says():
    rows = [42, 50, 53, 58]
    heard = [says(Click((0, row, 32), positive=False)) for row in rows]
    assert heard == sorted(heard, reverse=True)
    assert heard[0] > heard[-1]


def test_the_opposite_sign_or_a_place_that_the_network_doubts_speaks_for_the_network():
    assert says(Click(MIDDLE, positive=True)) < -1
    doubtful = plane(CELL)
    doubtful[2:6, 2:60] = -0.1
    rivals = Rivals(field(doubtful), CONTESTED.rules)
    assert says(Click((0, 4, 30), positive=True), rivals) == LEAST


def test_where_network_and_rule_agree_a_correction_speaks_for_neither_of_the_two_masks():
    agreed = Rivals(CONTESTED.network, (CONTESTED.network,) * 2)
    assert says(Click(MIDDLE, positive=False), agreed) <= 0


def test_what_one_correction_says_is_bounded_and_a_box_says_nothing():
    for row in range(0, SIDE, 7):
        for positive in (True, False):
            assert LEAST <= says(Click((0, row, 20), positive=positive)) <= MOST
    assert says(BoundingBox((0, 5, 5), (1, 40, 60))) == 0.0


def test_shares_follow_the_odds_and_forget_what_was_taken_back():
    before = CONTESTED.share()
    assert before == pytest.approx(2 * np.exp(PRIOR) / (1 + 2 * np.exp(PRIOR)))
    heard = Rivals(CONTESTED.network, CONTESTED.rules, ((0.0, 0.0), (3.0, -2.0), (2.0, -2.0)))
    odds = np.exp([0.0, PRIOR + 5.0, PRIOR - 4.0])
    assert heard.share() == pytest.approx(odds[1:].sum() / odds.sum())
    assert heard.share(frozenset({1, 2})) == pytest.approx(before)
    assert Rivals(CONTESTED.network, (), ((0.0, 0.0), (3.0, 3.0))).share() == 0.0


def test_logits_and_directions_are_joined_by_the_same_shares():
    network, *rules = field(plane(CELL), 1.0), field(plane(NUCLEUS), 3.0), field(plane(), 5.0)
    joined = Rivals(network, tuple(rules), ((-PRIOR, -PRIOR),)).joined()
    means = [network.mean, *(rule.mean for rule in rules)]
    assert np.allclose(joined.mean, np.mean(means, axis=0), atol=1e-5)
    assert np.allclose(joined.directions, 3.0)
    assert Rivals(network).joined() is network


def test_a_session_hears_each_correction_once_and_undoes_it_with_the_prompt():
    method = with_network()
    image, _ = scene()
    embedding = method.embed(image)
    state = method.update(
        embedding, method.begin(embedding, seed=0), Correct((Click((0, 18, 24)),), 0)
    )
    assert state.rivals.odds == ((0.0, 0.0),), "no rule had anything to show before"
    state = method.update(embedding, state, Correct((Click((0, 30, 30), positive=False),), 1))
    assert len(state.rivals.odds) == 2
    assert any(odds != 0.0 for odds in state.rivals.odds[1])
    same = method.update(embedding, state, Correct((), 2))
    assert np.array_equal(same.solved.mean, state.solved.mean), "joined once, not twice"
    back = method.update(embedding, state, Correct((), 2, removed=(1,)))
    assert back.rivals.share(back.removed) == pytest.approx(CONTESTED.share())


def test_only_single_slices_with_both_parts_are_contested():
    image, _ = scene()
    for method in (without_network(), with_network(use_classifier=False)):
        embedding = method.embed(image)
        assert method.begin(embedding, seed=0).rivals is None


@pytest.mark.parametrize("rule", RULES)
def test_a_large_slice_is_ruled_at_half_the_resolution_to_nearly_the_same_mask(rule):
    image, mask = scene(height=192, width=208, at=(90, 100), radius=40.0)
    grid = WorkingGrid.of((192, 208), 208)
    planes = working_planes(image, grid)
    marks = draw_marks([Click((0, 90, 100)), Click((0, 20, 20), positive=False)], 0, grid)
    found = ruled(planes, marks, 4)[RULES.index(rule)]
    exact, _ = decided(classical_margins(planes, marks)[RULES.index(rule)], marks, 4)
    assert found.mean.shape == (1, 192, 208)
    assert found.directions.shape == (4, 1, 192, 208)
    assert dice(found.mean > 0, mask) > 0.95
    assert dice(found.mean > 0, exact[None] > 0) > 0.97
