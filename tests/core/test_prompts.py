"""Prompts survive JSON and stay inside the image."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import InputError
from assent.core.prompts import (
    BoundingBox,
    Click,
    Scribble,
    check_inside,
    extent_zyx,
    from_json,
    seeds_zyx,
    to_json,
)

SHAPE = (3, 20, 30)
inside = st.tuples(st.integers(0, 2), st.integers(0, 19), st.integers(0, 29))
clicks = st.builds(Click, inside, st.booleans())
scribbles = st.builds(Scribble, st.lists(inside, min_size=1).map(tuple), st.booleans())
boxes = st.tuples(inside, inside).map(
    lambda pair: BoundingBox(
        tuple(map(min, *pair)), tuple(max(a, b) + 1 for a, b in zip(*pair, strict=True))
    )
)
prompts = st.one_of(clicks, scribbles, boxes)


@settings(max_examples=50)
@given(prompts)
def test_json_round_trip(prompt):
    assert from_json(json.loads(json.dumps(to_json(prompt)))) == prompt


def test_indices_from_arrays_survive_json():
    at = tuple(np.argwhere(np.eye(3))[1])
    click = Click((0, *at))
    assert from_json(json.loads(json.dumps(to_json(click)))) == click
    scribble = Scribble((click.at_zyx,))
    assert from_json(json.loads(json.dumps(to_json(scribble)))) == scribble


@settings(max_examples=50)
@given(prompts)
def test_prompts_inside_are_accepted_and_their_extent_is_inside(prompt):
    check_inside(prompt, SHAPE)
    low, high = extent_zyx(prompt)
    assert all(0 <= a < b <= n for a, b, n in zip(low, high, SHAPE, strict=True))


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (Click((0, 20, 0)), "click"),
        (Click((0, -1, 0)), "click"),
        (Click((3, 0, 0)), "click"),
        (Scribble(((0, 1, 1), (0, 1, 30))), "scribble"),
        (BoundingBox((0, 0, 0), (1, 21, 5)), "box"),
        (BoundingBox((-1, 0, 0), (1, 2, 5)), "box"),
    ],
)
def test_prompts_outside_name_position_and_size(prompt, kind):
    with pytest.raises(InputError, match=rf"The {kind} at .* outside .* \(3, 20, 30\)"):
        check_inside(prompt, SHAPE)


def test_the_last_voxel_is_inside():
    check_inside(Click((2, 19, 29)), SHAPE)
    check_inside(BoundingBox((0, 0, 0), SHAPE), SHAPE)


def test_empty_prompts_are_refused():
    with pytest.raises(InputError, match="no points"):
        Scribble(())
    for high in [(1, 1, 0), (1, 0, 1), (0, 1, 1)]:
        with pytest.raises(InputError, match="is empty"):
            BoundingBox((0, 0, 0), high)


@settings(max_examples=50)
@given(st.lists(prompts))
def test_seeds_are_the_points_of_one_sign(given_prompts):
    drawn = [p for p in given_prompts if not isinstance(p, BoundingBox)]
    for sign in (True, False):
        expected = [
            point
            for prompt in drawn
            if prompt.positive == sign
            for point in ([prompt.at_zyx] if isinstance(prompt, Click) else prompt.points_zyx)
        ]
        seeds = seeds_zyx(given_prompts, positive=sign)
        assert seeds.shape == (len(expected), 3)
        assert seeds.dtype == np.int64
        assert [tuple(row) for row in seeds.tolist()] == expected


@pytest.mark.parametrize(
    "value",
    [
        {}, [], None, {"kind": "lasso"}, {"kind": "click"}, {"kind": "click", "at_zyx": [1, 2]},
        {"kind": "click", "at_zyx": [1, 2, 3]}, {"kind": "click", "at_zyx": None, "positive": True},
        {"kind": "click", "at_zyx": ["a", 0, 0], "positive": True},
        {"kind": "click", "at_zyx": [float("inf"), 0, 0], "positive": True},
        {"kind": "scribble", "points_zyx": [], "positive": True},
        {"kind": "scribble", "points_zyx": 3, "positive": True},
        {"kind": "box", "low_zyx": [0, 0, 0]},
        {"kind": "box", "low_zyx": [0, 0, 0], "high_zyx": [0, 1, 1]},
    ],
)  # fmt: skip
def test_malformed_json_is_an_input_error(value):
    with pytest.raises(InputError):
        from_json(value)
