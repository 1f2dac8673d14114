"""Answers survive JSON, and damaged ones are refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from assent.core.errors import InputError
from assent.core.feedback import Accept, Correct, Judge, Pick, from_json, to_json
from assent.core.prompts import BoundingBox, Click, Scribble

COUNT = st.integers(0, 1000)
INDEX = st.tuples(COUNT, COUNT, COUNT)
BOXES = st.builds(
    lambda low, size: BoundingBox(low, (low[0] + size, low[1] + size, low[2] + 1)),
    INDEX,
    st.integers(1, 50),
)
SCRIBBLES = st.builds(Scribble, st.lists(INDEX, min_size=1, max_size=5).map(tuple), st.booleans())
PROMPTS = st.builds(Click, INDEX, st.booleans()) | SCRIBBLES | BOXES
MASKS = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, max_side=5))

PICKS = st.builds(Pick, st.none() | COUNT, COUNT, COUNT)
JUDGEMENTS = st.builds(Judge, st.sampled_from(["better", "worse", "cannot_tell"]), COUNT, COUNT)
CORRECTIONS = st.builds(
    Correct,
    st.lists(PROMPTS, max_size=3).map(tuple),
    COUNT,
    st.lists(COUNT, max_size=3).map(tuple),
)
ACCEPTED = st.builds(Accept, st.just("recommended") | COUNT, COUNT, page=COUNT)
EDITED = st.builds(Accept, st.just("edited"), COUNT, MASKS, COUNT)
quick = settings(max_examples=50, deadline=None)


@quick
@given(PICKS | JUDGEMENTS | CORRECTIONS)
def test_answers_survive_json(feedback):
    assert from_json(json.loads(json.dumps(to_json(feedback)))) == feedback


@quick
@given(ACCEPTED | EDITED)
def test_accepted_masks_survive_json(feedback):
    back = from_json(json.loads(json.dumps(to_json(feedback))))
    assert isinstance(back, Accept)
    assert (back.choice, back.round, back.page) == (feedback.choice, feedback.round, feedback.page)
    if feedback.edited is None:
        assert back.edited is None
    else:
        assert back.edited is not None
        assert np.array_equal(back.edited, feedback.edited)


@pytest.mark.parametrize(
    ("value", "feedback"),
    [
        ({"kind": "pick", "candidate": None, "round": 3}, Pick(None, 3, page=0)),
        ({"kind": "judge", "answer": "worse", "round": 1}, Judge("worse", 1, page=0)),
        ({"kind": "correct", "prompts": [], "round": 2}, Correct((), 2, removed=())),
    ],
)
def test_what_may_be_left_out_is_filled_in(value, feedback):
    assert from_json(value) == feedback


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"kind": "zoom"}, "Unknown answer 'zoom'; expected pick, judge, correct or accept"),
        ({}, "lacks or misstates a field: 'kind'"),
        ([], "lacks or misstates a field"),
        (None, "lacks or misstates a field"),
        ({"kind": "pick", "candidate": 1}, "lacks or misstates a field: 'round'"),
        ({"kind": "pick", "round": 0}, "lacks or misstates a field: 'candidate'"),
        ({"kind": "pick", "candidate": -1, "round": 0}, "'candidate': expected a whole number"),
        ({"kind": "pick", "candidate": "2", "round": 0}, "'candidate'.* got '2'"),
        ({"kind": "pick", "candidate": 1, "round": 0.5}, r"'round'.* got 0\.5"),
        ({"kind": "pick", "candidate": 1, "round": True}, "'round'.* got True"),
        ({"kind": "pick", "candidate": 1, "round": 0, "page": None}, "'page'.* got None"),
        (
            {"kind": "judge", "answer": "same", "round": 0},
            "better, worse or cannot_tell, not 'same'",
        ),
        ({"kind": "judge", "answer": [], "round": 0}, r"better, worse or cannot_tell, not \[\]"),
        ({"kind": "correct", "prompts": 3, "round": 0}, "lacks or misstates a field"),
        ({"kind": "correct", "prompts": [{"kind": "x"}], "round": 0}, "Unknown prompt kind 'x'"),
        ({"kind": "correct", "prompts": [], "round": 0, "removed": [-1]}, "'removed'.* got -1"),
        ({"kind": "accept", "choice": "best", "round": 0}, "'choice'.* got 'best'"),
        ({"kind": "accept", "choice": "edited", "round": 0}, "if and only if the mask is sent"),
        (
            {"kind": "accept", "choice": "edited", "round": 0, "edited": {"shape": [1, 1, 1]}},
            "A run-length mask needs 'runs'",
        ),
    ],
)
def test_damaged_answers_are_refused(value, message):
    with pytest.raises(InputError, match=message):
        from_json(value)


def test_a_painted_mask_comes_with_the_choice_edited_and_no_other():
    mask = np.ones((1, 2, 2), np.bool_)
    assert Accept("edited", 0, mask).edited is mask
    for choice, edited in (("edited", None), ("recommended", mask), (1, mask)):
        with pytest.raises(InputError, match="edited if and only if the mask is sent along"):
            Accept(choice, 0, edited)


def test_painted_masks_stay_out_of_messages():
    assert "edited=" not in repr(Accept("edited", 0, np.ones((1, 2, 2), np.bool_)))
