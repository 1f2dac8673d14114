import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.feedback import Accept, Judge, Pick
from assent.core.metrics import dice
from assent.methods import level_sets
from assent.methods.level_sets import DISTINCT_DICE, LevelState


@st.composite
def states(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(3, 12)), draw(st.integers(3, 12)))
    power = draw(st.sampled_from([0.1, 1.0, 5.0]))
    probability = (rng.random(shape) ** power).astype(np.float32)
    probability[rng.random(shape) < 0.2] = draw(st.sampled_from([0.0, 0.5, 1.0]))
    threshold = draw(st.integers(1, 255)) / 256
    return LevelState(probability=probability, spacing_zyx_mm=None, threshold=threshold)


@settings(max_examples=40, deadline=None)
@given(states())
def test_everything_on_offer_is_distinct_on_all_pages(state):
    masks = [level_sets.propose(state).recommended]
    page = 0
    while len(shown := level_sets.propose(state, page=page).alternatives):
        assert len(shown) <= state.choices
        masks.extend(shown)
        page += 1
    for i, mask in enumerate(masks):
        for other in masks[:i]:
            assert dice(mask, other) <= DISTINCT_DICE


@settings(max_examples=40, deadline=None)
@given(states())
def test_sizes_counted_from_the_histogram_are_exact(state):
    counted = level_sets._sizes(state.probability)
    naive = [int((state.probability > k / 256).sum()) for k in range(257)]
    assert counted.tolist() == naive


@settings(max_examples=30, deadline=None)
@given(states(), st.integers(0, 3))
def test_a_pick_makes_the_alternative_the_recommendation(state, index):
    proposal = level_sets.propose(state)
    if index >= len(proposal.alternatives):
        return
    for answer in (Pick(index, 0), Accept(index, 0)):
        following = level_sets.propose(level_sets.hear(state, answer))
        np.testing.assert_array_equal(following.recommended, proposal.alternatives[index])


def slope():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    return LevelState(probability=np.tile(ramp, (1, 16, 1)), spacing_zyx_mm=(3.0, 0.5, 0.5))


def test_better_takes_the_challenger_and_worse_brings_another():
    state = slope()
    first = level_sets.propose(state)
    better = level_sets.propose(level_sets.hear(state, Judge("better", 0)))
    np.testing.assert_array_equal(better.recommended, first.alternatives[first.challenger])
    for answer in ("worse", "cannot_tell"):
        other = level_sets.propose(level_sets.hear(state, Judge(answer, 0)))
        np.testing.assert_array_equal(other.recommended, first.recommended)
        assert other.challenger != first.challenger


def test_tags_measure_how_far_the_border_moves():
    rows, columns = np.mgrid[:64, :64]
    radius = np.hypot(rows - 32, columns - 32)[None]
    cone = LevelState(
        probability=np.clip(1 - radius / 32, 0, 1).astype(np.float32), spacing_zyx_mm=(3, 0.5, 0.5)
    )
    proposal = level_sets.propose(cone)
    assert len(proposal.tags) == 4
    for tag, threshold in zip(
        proposal.tags, level_sets.alternative_thresholds(cone, page=0), strict=True
    ):
        word, shift, unit = tag.replace(",", "").split()
        assert word == ("looser" if threshold < 0.5 else "tighter")
        assert float(shift) == pytest.approx(0.5 * 32 * (0.5 - threshold), abs=0.15)
        assert unit == "mm"


@settings(max_examples=30, deadline=None)
@given(states())
def test_no_two_alternatives_of_a_page_read_the_same(state):
    tags = level_sets.propose(state).tags
    assert len(set(tags)) == len(tags)


def test_expected_dice_is_what_random_masks_achieve_on_average():
    rng = np.random.default_rng(0)
    probability = rng.random((1, 40, 40)).astype(np.float32)
    mask = probability > 0.4
    drawn = [dice(mask, rng.random(mask.shape) < probability) for _ in range(200)]
    assert level_sets.expected_dice(probability, mask) == pytest.approx(np.mean(drawn), abs=0.005)


def test_an_empty_map_offers_nothing_and_is_sure():
    state = LevelState(probability=np.zeros((1, 4, 4), np.float32), spacing_zyx_mm=None)
    proposal = level_sets.propose(state)
    assert not proposal.recommended.any()
    assert len(proposal.alternatives) == 0
    assert proposal.challenger is None
    assert proposal.predicted_dice == 1.0
    assert not proposal.uncertainty.any()
