"""A proposal holds together: every part lies on one grid and counts the same alternatives."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from assent.core.candidates import Proposal
from assent.core.errors import ShapeError


def proposal(alternatives: int = 2) -> Proposal:
    return Proposal(
        recommended=np.zeros((1, 4, 5), np.bool_),
        alternatives=np.zeros((alternatives, 1, 4, 5), np.bool_),
        tags=("looser",) * alternatives,
        probability=np.zeros((1, 4, 5), np.float32),
        uncertainty=np.zeros((1, 4, 5), np.float32),
        predicted_dice=0.9,
        scores=(0.8,) * alternatives,
        round=0,
    )


@pytest.mark.parametrize("alternatives", [0, 1, 4])
def test_any_number_of_alternatives_can_be_on_offer(alternatives):
    assert len(proposal(alternatives).alternatives) == alternatives


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"recommended": np.zeros((4, 5), np.bool_)}, r"recommended must have axes \(D, H, W\)"),
        ({"alternatives": np.zeros((2, 1, 4, 6), np.bool_)}, r"alternatives .* W = 5; got"),
        ({"probability": np.zeros((1, 5, 4), np.float32)}, r"probability .* H = 4, W = 5; got"),
        ({"uncertainty": np.zeros((2, 4, 5), np.float32)}, r"uncertainty .* D = 1, H = 4"),
        ({"scores": (0.5,)}, r"scores must have axes \(K\) with K = 2; got shape \(1,\)"),
        ({"tags": ("a", "b", "c")}, r"tags must have axes \(K\) with K = 2; got shape \(3,\)"),
    ],
)
def test_parts_that_do_not_fit_are_named(changed, message):
    with pytest.raises(ShapeError, match=message):
        replace(proposal(), **changed)


def test_a_proposal_is_not_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        proposal().round = 1


def test_masks_stay_out_of_messages():
    shown = repr(proposal())
    assert "array" not in shown
    assert "predicted_dice=0.9" in shown
