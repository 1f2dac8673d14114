"""Means of a run with their intervals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.bench.config import BenchConfig
from assent.bench.curves import Curve, curves
from assent.bench.record import Record
from assent.core.intervals import mean_interval

Group = tuple[str, str]

FIRST_IMAGES_OF_SEQUENCE = 5
"""How many images of a sequence are summarised apart from the rest, as there is little context."""

FIRST_IMAGES_OF_PROFILE = 4
"""The same where a profile is carried over."""


def summarise(records: Iterable[Record], config: BenchConfig) -> dict[str, Any]:
    """The summary of a run, or of runs that differ in their seed only; JSON-able.

    A view that was played with several seeds counts once, with its mean. Intervals are 95 %
    bootstrap intervals that draw whole cases, in 3D whole groups of volumes, since the raters
    and targets of one image rise and fall together.

    Args:
        records: In any order.
        config: Of the run.

    Returns:
        ``trials``, ``cases``, ``orders``, ``errors`` (counts); ``dice_at`` and ``seconds_at``
        (lists by round), ``hd95_mm`` after the last round and ``energy_distance`` in round 0
        (over the views that have one, None without any), ``total_actions`` (sum over the
        trials of one order) and ``actions`` (the same by kind), ``latency_ms_median``; with a
        target also ``noc`` (unreached counts as all rounds), ``failure_rate``, and ``noc90``
        and ``noc80`` where the target is 0.9; where they are known, ``others_dice``,
        ``calibration_error``, ``accepted`` and ``accepted_bad`` (see ``Curve``); each mean has
        its interval beside it under ``..._ci``. ``targets`` holds the same for each dataset and
        target (of strokes drawn by hand, for each person as well), and for the first images of a
        sequence and the later ones, where there are several of these.
    """
    records = list(records)
    summary = _summary(records, config)
    played = {(r.key, r.seed) for r in records if not r.error}
    summary["errors"] = len({(r.key, r.seed) for r in records if r.error} - played)
    parts: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        if not record.error:
            parts.setdefault(_part_of(record, config), []).append(record)
    if len(parts) > 1:
        summary["targets"] = {
            " ".join(filter(None, name)): _summary(parts[name], config) for name in sorted(parts)
        }
    return summary


def _part_of(record: Record, config: BenchConfig) -> tuple[str, ...]:
    """What a record is summarised with, besides the run as a whole."""
    place = ""
    if record.place is not None:
        first = FIRST_IMAGES_OF_PROFILE if config.carry_over else FIRST_IMAGES_OF_SEQUENCE
        place = f"images 1 to {first}" if record.place < first else f"images from {first + 1}"
    person = record.rater if config.annotator == "hand" else ""
    return record.dataset, record.target, person, place


def _summary(records: Sequence[Record], config: BenchConfig) -> dict[str, Any]:
    found = list(curves(records, config).values())
    groups = [curve.group for curve in found]
    last = {(r.key, r.seed): r for r in sorted(records, key=lambda r: r.round) if not r.error}
    orders = len({seed for _, seed in last})
    actions: Counter[str] = Counter()
    for record in last.values():
        actions.update(record.actions)
    latencies = [r.latency_ms for r in records if r.latency_ms is not None]
    return {
        "trials": len(last),
        "cases": len({key[:2] for key, _ in last}),
        "orders": orders,
        **_by_round("dice_at", [curve.dice for curve in found], groups, config.rounds),
        **_by_round("seconds_at", [curve.seconds for curve in found], groups, config.rounds),
        **_where_known("hd95_mm", [curve.hd95_mm for curve in found], groups),
        **_where_known("energy_distance", [curve.energy_distance for curve in found], groups),
        **_if_any("others_dice", [curve.others_dice for curve in found], groups),
        **_if_any("calibration_error", [curve.calibration_error for curve in found], groups),
        **_if_any("accepted", [curve.accepted for curve in found], groups),
        **_if_any("accepted_bad", [curve.accepted_bad for curve in found], groups),
        "actions": {kind: _per_order(count, orders) for kind, count in actions.items()},
        "total_actions": _per_order(actions.total(), orders),
        "latency_ms_median": float(np.median(latencies)) if latencies else None,
        "target_dice": config.target_dice,
        **_effort(found, groups, config),
        **_lower_effort(records, groups, config),
    }


def _by_round(
    name: str, rows: Sequence[NDArray[np.float64]], groups: Sequence[Group], rounds: int
) -> dict[str, Any]:
    """Means after 0 to ``rounds`` answers; what was not played repeats the last value."""
    columns = [[row[min(r, len(row) - 1)] for row in rows] for r in range(rounds + 1)]
    intervals = [mean_interval(column, groups) for column in columns if column]
    return {
        name: [i.mean for i in intervals],
        f"{name}_ci": [[i.low, i.high] for i in intervals],
    }


def _where_known(
    name: str, values: Sequence[float | None], groups: Sequence[Group]
) -> dict[str, Any]:
    known = [(v, group) for v, group in zip(values, groups, strict=True) if v is not None]
    if not known:
        return {name: None, f"{name}_ci": None}
    interval = mean_interval([v for v, _ in known], [group for _, group in known])
    return {name: interval.mean, f"{name}_ci": [interval.low, interval.high]}


def _if_any(name: str, values: Sequence[float | None], groups: Sequence[Group]) -> dict[str, Any]:
    return _where_known(name, values, groups) if any(v is not None for v in values) else {}


def _effort(found: Sequence[Curve], groups: Sequence[Group], config: BenchConfig) -> dict[str, Any]:
    if config.target_dice is None or not config.rounds or not found:
        return {}
    result = {
        **_where_known("noc", [curve.noc for curve in found], groups),
        **_where_known("failure_rate", [curve.failed for curve in found], groups),
    }
    if config.target_dice == 0.9:
        result |= {"noc90": result["noc"], "noc90_ci": result["noc_ci"]}
    return result


def _lower_effort(
    records: Sequence[Record], groups: Sequence[Group], config: BenchConfig
) -> dict[str, Any]:
    """Answers to the lower of the two usual targets, which the way to the higher one passes."""
    if config.target_dice != 0.9:
        return {}
    lower = curves(records, replace(config, target_dice=0.8)).values()
    return _if_any("noc80", [curve.noc for curve in lower], groups)


def _per_order(count: int, orders: int) -> float:
    return count if orders < 2 else count / orders
