"""Claims: what is compared, when one holds, and when it cannot be told."""

import pytest

from assent.bench.check import Check
from assent.bench.claims import judge
from assent.bench.config import BenchConfig
from assent.bench.suite_report import Row
from assent.bench.summarise import summarise
from bench.test_results import trial

CONFIG = BenchConfig(method="m", rounds=2, target_dice=0.9)


def row(*trials, config=CONFIG):
    records = tuple(record for each in trials for record in each)
    return Row(config, records, summarise(records, config))


ROWS = {
    "slow": row(trial("1", 0.1, 0.2, 0.95), trial("2", 0.1, 0.2, 0.9)),
    "quick": row(trial("1", 0.3, 0.95, 0.95), trial("2", 0.1, 0.9, 0.9)),
    "ready": row(trial("1", 0.9, 0.9, 0.9), trial("2", 0.9, 0.9, 0.9)),
    "failed": row(trial("1", 0.0, error="broken")),
    "elsewhere": row(trial("9", 0.5, 0.5, 0.5)),
}


def told(**settings):
    return judge(Check(**{"check": "it is so", "run": "quick", **settings}), ROWS)


def test_a_claim_about_a_row_is_about_its_mean():
    found = told(metric="noc", at_most=1.0)
    assert found == {
        "check": "it is so",
        "value": 1.0,
        "low": 1.0,
        "high": 1.0,
        "target": 1.0,
        "pass": True,
    }
    assert not told(metric="noc", at_most=0.9)["pass"]
    assert told(round=0, at_least=0.2)["value"] == pytest.approx(0.2)
    assert not told(round=0, at_least=0.21)["pass"]
    assert told(metric="failure_rate", at_most=0.0)["pass"]


def test_a_claim_about_several_rows_is_about_the_best_of_them():
    few = told(metric="noc", minus=("slow", "ready"), at_most=0.0)
    assert (few["value"], few["pass"]) == (1.0, False)  # ready takes no answer at all
    much = told(round=1, minus=("slow", "ready"), at_least=0.0)
    assert much["value"] == pytest.approx(0.025)  # not the 0.725 above the slow one
    assert told(metric="noc", minus=("slow",), at_most=0.0)["value"] == -1.0


def test_a_row_gains_over_its_own_beginning():
    gain = told(run="slow", minus=("slow",), round=2, minus_round=0, at_least=0.02)
    assert gain["value"] == pytest.approx(0.825)
    assert (gain["low"], gain["high"]) == pytest.approx((0.8, 0.85))


def test_a_whole_interval_can_be_asked_for():
    over = {"minus": ("slow",), "round": 0, "at_least": 0.0}
    assert told(**over)["value"] == pytest.approx(0.1)
    assert told(**over)["pass"]
    assert not told(**over, low_above=0.0)["pass"]  # one of two images gains nothing
    assert told(minus=("slow",), round=1, at_least=0.0, low_above=0.0)["pass"]
    assert not told(minus=("slow",), round=1, at_least=0.9, low_above=0.0)["pass"]


@pytest.mark.parametrize("minus", [("missing",), ("failed",), ("elsewhere",), ("slow", "missing")])
def test_what_was_not_measured_does_not_hold(minus):
    found = told(minus=minus, at_least=-1.0)
    assert (found["value"], found["low"], found["high"]) == (None, None, None)
    assert found["pass"] is False
    assert told(run=minus[-1], metric="hd95_mm", at_most=99.0)["pass"] is (minus == ("elsewhere",))


MANY = {
    **ROWS,
    "a, ours": row(trial("1", 0.1, 0.95, 0.95)),
    "a, theirs": row(trial("1", 0.1, 0.2, 0.95)),
    "a, others": row(trial("1", 0.1, 0.2, 0.3)),
    "b, ours": row(trial("1", 0.2, 0.95, 0.95), trial("2", 0.2, 0.95, 0.95)),
    "b, theirs": row(trial("1", 0.4, 0.5, 0.6), trial("2", 0.4, 0.5, 0.6)),
    "b, others": row(trial("1", 0.1, 0.92, 0.95), trial("2", 0.1, 0.8, 0.95)),
    "one by one": row(
        *(trial(str(c), c / 10 + 0.3, 0.95, 0.95, place=c, seed=0) for c in range(4)),
        *(trial(str(c), c * c / 12, 0.2, 0.95, place=3 - c, seed=1) for c in range(4)),
    ),
    "alone": row(*(trial(str(c), 0.0, 0.2, 0.95) for c in range(4))),
    "raters": row(trial("1", 0.5, 0.6, 0.7, others_dice=0.8), trial("2", 0.5, 0.6, 0.9)),
}


def said(**settings):
    return judge(Check(**{"check": "it is so", "metric": "noc", **settings}), MANY)


def test_a_claim_over_several_rows_is_about_their_mean():
    over = {"over": ("a", "b"), "run": "{over}, ours"}
    assert said(**over, metric="dice_at", at_least=0.0)["value"] == pytest.approx(0.15)
    fewer = said(**over, minus=("{over}, theirs",), at_most=0.0)
    assert fewer["value"] == -1.0
    share = said(**over, minus=("{over}, theirs",), relative=True, at_most=-0.25)
    assert (share["value"], share["pass"]) == (-0.5, True)


def test_the_best_row_is_chosen_for_each_of_several():
    both = ("{over}, theirs", "{over}, others")
    found = said(over=("a", "b"), run="{over}, ours", minus=both, relative=True, at_most=-0.25)
    # Two answers are the least of a, one and a half those of b.
    assert found["value"] == pytest.approx(2.0 / 3.5 - 1.0)


def test_a_claim_over_several_rows_needs_all_of_them():
    found = said(over=("a", "missing"), run="{over}, ours", at_most=99.0)
    assert (found["value"], found["pass"]) == (None, False)


def test_only_some_places_of_an_order_count():
    start = said(run="one by one", metric="dice_at", last_image=1, at_least=0.0)
    assert start["value"] == pytest.approx((0.3 + 0.75) / 2)
    late = said(run="one by one", metric="dice_at", first_image=4, at_least=0.0)
    assert late["value"] == pytest.approx((0.6 + 0.0) / 2)


def test_what_has_no_places_counts_whole():
    found = said(run="one by one", minus=("alone",), last_image=1, at_most=0.0)
    assert found["value"] == pytest.approx((-1.0 + 0.0) / 2)


def test_one_measure_can_be_subtracted_from_another():
    found = said(
        run="raters",
        minus=("raters",),
        metric="dice_at",
        round=2,
        minus_metric="others_dice",
        at_least=-0.2,
    )
    # The second image has no other raters.
    assert (found["value"], found["pass"]) == (pytest.approx(-0.1), True)


def test_a_claim_about_what_nobody_measured_does_not_hold():
    found = said(run="slow", metric="accepted_bad", at_most=1.0)
    assert (found["value"], found["pass"]) == (None, False)
