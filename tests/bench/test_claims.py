"""Claims: what is compared, when one holds, and when it cannot be told."""

import pytest

from assent.bench.claims import judge
from assent.bench.config import BenchConfig
from assent.bench.check import Check
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
