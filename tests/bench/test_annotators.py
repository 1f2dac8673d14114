"""What simulated people answer: which pair they compare, and how often they slip."""

from dataclasses import replace

import numpy as np
import pytest

from assent.bench.annotators import Wish, answer
from assent.core.candidates import Proposal
from assent.core.feedback import Judge, Pick
from assent.core.scribbles import KINDS
from assent.core.simulate import next_scribble

WANTED = np.zeros((1, 6, 6), np.bool_)
WANTED[0, 1:5, 1:5] = True
CLOSE = WANTED.copy()
CLOSE[0, 1, 1] = False
FAR = WANTED.copy()
FAR[0, :, 3:] = False


def proposal(recommended, *alternatives, challenger=0):
    blank = np.zeros(WANTED.shape, np.float32)
    return Proposal(
        recommended=recommended,
        alternatives=np.stack(alternatives),
        tags=("",) * len(alternatives),
        probability=blank,
        uncertainty=blank,
        predicted_dice=0.5,
        scores=(0.5,) * len(alternatives),
        round=3,
        page=1,
        challenger=challenger,
    )


def wish(lapse=0.0, seed=0):
    heard = frozenset({"pick", "judge", "click"})
    return Wish(WANTED, (1.0, 1.0, 1.0), heard, lapse, np.random.default_rng(seed))


def test_better_says_that_the_challenger_beats_the_recommendation():
    assert answer("judge", proposal(FAR, CLOSE), wish()) == Judge("better", 3, 1)
    assert answer("judge", proposal(CLOSE, FAR), wish()) == Judge("worse", 3, 1)


def test_the_challenger_is_judged_not_the_first_alternative():
    shown = proposal(CLOSE, FAR, WANTED, challenger=1)
    assert answer("judge", shown, wish()).answer == "better"
    assert answer("judge", proposal(FAR, CLOSE, challenger=None), wish()) is None


def test_a_careful_pick_is_the_best_whatever_its_place():
    careful = wish()
    for _ in range(20):
        assert answer("pick", proposal(FAR, FAR, WANTED, CLOSE), careful) == Pick(1, 3, 1)


@pytest.mark.parametrize("lapse", [0.1, 0.5])
def test_lapses_come_as_often_as_their_rate_says(lapse):
    shown = proposal(FAR, FAR, CLOSE, WANTED, FAR)
    person = wish(lapse)
    picks = [answer("pick", shown, person).candidate for _ in range(2000)]
    # A careless pick is any of the four, the best one included.
    assert np.mean([pick != 2 for pick in picks]) == pytest.approx(lapse * 3 / 4, abs=0.03)
    verdicts = [answer("judge", shown, person).answer for _ in range(2000)]
    better = [verdict == "better" for verdict in verdicts]
    # The first alternative is as far off as the recommendation: not better, unless flipped.
    assert np.mean(better) == pytest.approx(lapse, abs=0.03)


def test_scribbles_are_of_the_kind_that_is_asked_for():
    y, x = np.ogrid[:40, :40]
    wanted = ((y - 20) ** 2 + (x - 20) ** 2 <= 15**2)[None]
    empty = np.zeros_like(wanted)
    shown = replace(
        proposal(FAR, CLOSE),
        recommended=empty,
        alternatives=empty[None],
        probability=empty.astype(np.float32),
        uncertainty=empty.astype(np.float32),
    )
    drawn = {}
    for kind in KINDS:
        heard = frozenset({"scribble"})
        person = Wish(wanted, (1.0, 1.0, 1.0), heard, 0.0, np.random.default_rng(3), kind)
        (drawn[kind],) = answer("scribble", shown, person).prompts
        rng = np.random.default_rng(3)
        assert drawn[kind] == next_scribble(empty, wanted, kind, rng=rng)
    assert len(set(drawn.values())) == len(KINDS)


def test_a_mixed_annotator_picks_what_gains_enough_and_clicks_otherwise():
    assert answer("mixed", proposal(FAR, CLOSE, WANTED), wish()) == Pick(1, 3, 1)
    clicked = answer("mixed", proposal(CLOSE, FAR, CLOSE), wish())
    assert clicked.prompts[0].at_zyx == (0, 1, 1)
    assert clicked.prompts[0].positive
