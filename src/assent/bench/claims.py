"""Whether the claims of a suite hold, with the value and interval of each."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from assent.bench.curves import Curve, curves
from assent.bench.suite import Check
from assent.bench.suite_report import Row
from assent.bench.summarise import compare
from assent.core.intervals import Interval


def judge(check: Check, rows: Mapping[str, Row]) -> dict[str, Any]:
    """Whether a claim holds: ``{check, value, low, high, target, pass}``.

    The value is a mean, low and high its 95 % interval; all are None, and the claim fails,
    where a row was not run.
    """
    target = check.at_least if check.at_least is not None else check.at_most
    found = _measure(check, rows)
    value, low, high = (None,) * 3 if found is None else (found.mean, found.low, found.high)
    outcome = {"value": value, "low": low, "high": high, "target": target}
    return {"check": check.check, **outcome, "pass": found is not None and _holds(check, found)}


def _holds(check: Check, found: Interval) -> bool:
    return (
        (check.at_least is None or found.mean >= check.at_least)
        and (check.at_most is None or found.mean <= check.at_most)
        and (check.low_above is None or found.low > check.low_above)
    )


def _measure(check: Check, rows: Mapping[str, Row]) -> Interval | None:
    wanted = {check.run, *check.minus}
    if not rows.keys() >= wanted or not all(rows[name].summary["trials"] for name in wanted):
        return None
    if not check.minus:
        return _of_row(check, rows[check.run])
    differences = [_difference(check, rows[check.run], rows[name]) for name in check.minus]
    known = [each for each in differences if each is not None]
    # Where more is better, the best of several rows leaves the smallest difference.
    best = min if check.at_least is not None else max
    return best(known, key=lambda each: each.mean) if len(known) == len(differences) else None


def _of_row(check: Check, row: Row) -> Interval | None:
    value, interval = row.summary[check.metric], row.summary[f"{check.metric}_ci"]
    if isinstance(value, list):
        value, interval = value[check.round], interval[check.round]
    return None if value is None else Interval(value, *interval)


def _difference(check: Check, row: Row, other: Row) -> Interval | None:
    first, second = (curves(each.records, each.config) for each in (row, other))
    if check.metric == "noc":
        return compare(first, second, _noc)
    before = check.round if check.minus_round is None else check.minus_round
    return compare(first, second, partial(_dice, check.round), partial(_dice, before))


def _noc(curve: Curve) -> float:
    assert curve.noc is not None  # a suite refuses such a check of a run without a target
    return curve.noc


def _dice(answers: int, curve: Curve) -> float:
    return float(curve.dice[answers])
