import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.candidates import Proposal
from assent.core.prompts import Click
from assent.render.region import Region, region_of_interest, shown_slice


def proposal_of(recommended, alternatives, uncertainty=None):
    doubt = np.zeros(recommended.shape, np.float32) if uncertainty is None else uncertainty
    count = len(alternatives)
    return Proposal(
        recommended, alternatives, ("other",) * count, doubt, doubt, 0.5, (0.5,) * count, 0
    )


boxes = st.tuples(st.integers(0, 29), st.integers(0, 19), st.integers(1, 30), st.integers(1, 20))


@settings(max_examples=50)
@given(boxes)
def test_the_region_holds_every_mask_and_stays_in_the_image(box):
    top, left, height, width = box
    mask = np.zeros((30, 20), bool)
    mask[top : top + height, left : left + width] = True
    region = region_of_interest([mask], (30, 20))
    assert 0 <= region.top < region.bottom <= 30
    assert 0 <= region.left < region.right <= 20
    assert region.cut(mask).sum() == mask.sum()


def test_prompts_widen_the_region_and_nothing_shows_the_whole_slice():
    mask = np.zeros((100, 100), bool)
    mask[10:20, 10:20] = True
    region = region_of_interest([mask], (100, 100), prompts=[Click((0, 60, 15))])
    assert region.bottom > 60
    assert region_of_interest([mask & False], (100, 100)) == Region(0, 100, 0, 100)


def test_a_small_object_is_shown_large():
    mask = np.zeros((200, 200), bool)
    mask[100:110, 50:56] = True
    region = region_of_interest([mask], (200, 200))
    assert region.height == region.width == 34, "with its surroundings"


def test_a_volume_shows_the_slice_where_alternatives_disagree_most():
    recommended = np.zeros((5, 8, 8), bool)
    recommended[0, :6, :6] = True
    alternatives = np.repeat(recommended[None], 2, 0)
    assert shown_slice(proposal_of(recommended, alternatives)) == 0
    alternatives[1, 3, 2:4, 2:4] = True
    assert shown_slice(proposal_of(recommended, alternatives)) == 3


def test_the_slice_with_the_most_of_the_reference_comes_before_disagreement():
    recommended = np.zeros((5, 8, 8), bool)
    alternatives = np.repeat(recommended[None], 2, 0)
    alternatives[1, 3, 2:4, 2:4] = True
    reference = np.zeros((5, 8, 8), bool)
    reference[1, :5] = reference[2, :3] = True
    assert shown_slice(proposal_of(recommended, alternatives), reference=reference) == 1


def test_the_slice_that_was_first_drawn_on_is_shown():
    recommended = np.ones((5, 8, 8), bool)
    shown = proposal_of(recommended, np.zeros((1, 5, 8, 8), bool))
    drawn = [Click((4, 1, 1)), Click((2, 1, 1))]
    assert shown_slice(shown, prompts=drawn, reference=recommended) == 4
    assert shown_slice(shown) == 0


def test_without_any_mask_the_most_doubtful_slice_is_shown():
    empty = np.zeros((5, 8, 8), bool)
    doubt = np.zeros((5, 8, 8), np.float32)
    doubt[2] = 1.0
    assert shown_slice(proposal_of(empty, empty[None][:0], doubt)) == 2
    assert shown_slice(proposal_of(empty, empty[None][:0])) == 2
