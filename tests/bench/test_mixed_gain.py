"""What the mixed annotator takes for worth a pick."""

import numpy as np
import pytest

from assent.bench.annotators import Wish, answer
from assent.core.candidates import Proposal
from assent.core.feedback import Correct, Pick
from assent.core.metrics import dice

WANTED = np.zeros((1, 40, 40), np.bool_)
WANTED[0, 10:30, 10:30] = True


def short_of(pixels):
    mask = WANTED.copy()
    mask[0, 10:30, 10:30].flat[:pixels] = False
    return mask


@pytest.mark.parametrize(
    ("missing", "is_worth_it"), [(0, True), (12, True), (13, False), (20, False)]
)
def test_an_alternative_must_gain_one_point_of_dice(missing, is_worth_it):
    recommended, other = short_of(20), short_of(missing)
    assert (dice(other, WANTED) - dice(recommended, WANTED) > 0.01) == is_worth_it
    blank = np.zeros(WANTED.shape, np.float32)
    shown = Proposal(
        recommended=recommended,
        alternatives=other[None],
        tags=("",),
        probability=blank,
        uncertainty=blank,
        predicted_dice=0.5,
        scores=(0.5,),
        round=0,
        page=0,
        challenger=0,
    )
    heard = frozenset({"pick", "click"})
    wish = Wish(WANTED, (1.0, 1.0, 1.0), heard, 0.0, np.random.default_rng(0))
    assert isinstance(answer("mixed", shown, wish), Pick if is_worth_it else Correct)
