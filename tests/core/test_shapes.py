"""Axis letters are bound to sizes, and misfits are said plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import InputError, ShapeError
from assent.core.shapes import check_shape


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=0, max_size=5))
def test_fitting_letters_are_bound_to_their_sizes(shape):
    letters = "ABCDE"[: len(shape)]
    sizes = check_shape("array", np.zeros(shape), " ".join(letters))
    assert sizes == dict(zip(letters, shape, strict=True))


def test_letters_carry_over_to_the_next_check():
    sizes = check_shape("masks", np.zeros((4, 1, 8, 9)), "K D H W")
    assert check_shape("scores", np.zeros(4), "K", **sizes) == sizes
    with pytest.raises(ShapeError) as caught:
        check_shape("scores", np.zeros(5), "K", **sizes)
    assert str(caught.value) == "scores must have axes (K) with K = 4; got shape (5,)."


def test_a_wrong_number_of_axes_is_named():
    with pytest.raises(ShapeError) as caught:
        check_shape("mask", np.zeros((8, 9)), "D H W")
    assert str(caught.value) == "mask must have axes (D, H, W); got shape (8, 9)."


def test_a_number_stands_for_itself():
    assert check_shape("colour", np.zeros((3, 8)), "3 N") == {"N": 8}
    with pytest.raises(ShapeError, match=r"axes \(3, N\); got shape \(4, 8\)"):
        check_shape("colour", np.zeros((4, 8)), "3 N")


def test_a_repeated_letter_must_have_one_size():
    assert check_shape("matrix", np.zeros((4, 4)), "N N") == {"N": 4}
    with pytest.raises(ShapeError, match=r"got shape \(4, 5\)"):
        check_shape("matrix", np.zeros((4, 5)), "N N")


def test_known_sizes_are_not_changed():
    sizes = {"D": 1}
    check_shape("mask", np.zeros((1, 2, 3)), "D H W", **sizes)
    assert sizes == {"D": 1}


def test_a_wrong_shape_is_wrong_input():
    assert issubclass(ShapeError, InputError)
