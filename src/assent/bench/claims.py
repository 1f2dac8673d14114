"""Whether the claims of a suite hold, with the value and interval of each."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from assent.bench.check import Check
from assent.bench.curves import Curve, Curves, curves
from assent.bench.pooled import paired, plain, pooled
from assent.bench.suite_report import Row
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
    if not rows.keys() >= check.rows:
        return None
    known = {name: _curves(rows[name]) for name in check.rows}
    parts = []
    for run, minus in check.parts:
        counted = _curves(rows[run], check.first_image - 1, check.last_image)
        value = partial(_value, check.metric, check.round)
        other = partial(_value, *check.subtracted)
        pairs = [paired(counted, known[row], value, other) for row in minus]
        pairs = pairs or [plain(counted, value)]
        usable = [pair for pair in pairs if pair is not None]
        if len(usable) < len(pairs):
            return None
        # Where more is better, the best of several rows leaves the smallest difference.
        best = min if check.at_least is not None else max
        parts.append(best(usable, key=lambda pair: pair.difference))
    return pooled(parts, relative=check.relative)


def _curves(row: Row, first: int = 0, last: int | None = None) -> Curves:
    """Curves of a row over the places from ``first`` to before ``last``, where places matter."""
    kept = [
        record
        for record in row.records
        if record.place is None or (record.place >= first and (last is None or record.place < last))
    ]
    return curves(kept, row.config)


def _value(metric: str, answers: int, curve: Curve) -> float | None:
    if metric == "dice_at":
        return float(curve.dice[min(answers, len(curve.dice) - 1)])
    found: float | None = getattr(curve, {"failure_rate": "failed"}.get(metric, metric))
    return found
