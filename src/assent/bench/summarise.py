"""Means with their intervals, and paired differences of two runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assent.bench.config import BenchConfig
from assent.bench.record import Key, Record, by_trial
from assent.core.effort import noc
from assent.core.errors import InputError
from assent.core.intervals import Interval, mean_interval, paired_difference_interval

Trial = tuple[Key, int]
Trials = dict[Trial, list[Record]]


def summarise(records: Iterable[Record], config: BenchConfig) -> dict[str, Any]:
    """The summary of a run, JSON-able.

    Intervals are 95 % bootstrap intervals that draw whole cases, since the raters and targets
    of one image rise and fall together.

    Args:
        records: Of the run, in any order.
        config: Of the run.

    Returns:
        ``trials``, ``cases``, ``errors`` (counts); ``dice_at`` and ``seconds_at`` (lists by
        round), ``hd95_mm`` after the last round (over the trials that have one),
        ``total_actions`` (sum) and ``actions`` (by kind), ``latency_ms_median``; with a target
        also ``noc`` (unreached counts as all rounds), ``failure_rate``, and ``noc90`` where the
        target is 0.9; each mean has its interval beside it under ``..._ci``. ``targets`` holds
        the same for each dataset and target, where there are several.
    """
    records = list(records)
    trials = by_trial(records)
    errors = {(r.key, r.seed) for r in records if r.error} - trials.keys()
    summary = {**_summary(trials, config), "errors": len(errors)}
    names = sorted({_target_of(trial) for trial in trials})
    if len(names) > 1:
        summary["targets"] = {
            " ".join(filter(None, name)): _summary(
                {t: rounds for t, rounds in trials.items() if _target_of(t) == name}, config
            )
            for name in names
        }
    return summary


def compare(
    first: Iterable[Record], second: Iterable[Record], config: BenchConfig
) -> dict[str, Any]:
    """Paired differences, first minus second, over what both runs played.

    Args:
        first: Records of one run.
        second: Records of another on the same cases.
        config: Of either; its rounds and target count.

    Returns:
        ``trials``, ``dice_at`` and ``dice_at_ci`` by round and, with a target, ``noc`` and
        ``noc_ci``.

    Raises:
        InputError: If the runs have no case, target and rater in common.
    """
    left, right = by_trial(first), by_trial(second)
    shared = sorted(left.keys() & right.keys())
    if not shared:
        raise InputError(
            "The two runs have no case, target and rater in common. Compare runs on the same"
            " dataset, with the same raters, images and seed."
        )
    groups = [_case_of(trial) for trial in shared]
    rounds = range(min(config.rounds, *(len(t[k]) - 1 for t in (left, right) for k in shared)) + 1)
    dice_at = [
        paired_difference_interval(
            [left[k][r].dice for k in shared], [right[k][r].dice for k in shared], groups
        )
        for r in rounds
    ]
    result: dict[str, Any] = {"trials": len(shared), **_listed("dice_at", dice_at)}
    if config.target_dice is not None:
        ours, theirs = ([_noc(t[k], config) for k in shared] for t in (left, right))
        result |= _beside("noc", paired_difference_interval(ours, theirs, groups))
    return result


def _case_of(trial: Trial) -> tuple[str, str]:
    (dataset, case, _, _), _ = trial
    return dataset, case


def _target_of(trial: Trial) -> tuple[str, str]:
    (dataset, _, target, _), _ = trial
    return dataset, target


def _summary(trials: Trials, config: BenchConfig) -> dict[str, Any]:
    groups = [_case_of(trial) for trial in trials]
    last = [rounds[-1] for rounds in trials.values()]
    actions: Counter[str] = Counter()
    for record in last:
        actions.update(record.actions)
    latencies = [r.latency_ms for rs in trials.values() for r in rs if r.latency_ms is not None]
    summary: dict[str, Any] = {
        "trials": len(trials),
        "cases": len(set(groups)),
        **_by_round("dice_at", [[r.dice for r in rs] for rs in trials.values()], groups, config),
        **_by_round(
            "seconds_at",
            [[r.seconds_modelled for r in rs] for rs in trials.values()],
            groups,
            config,
        ),
        **_hd95(last),
        "actions": dict(actions),
        "total_actions": actions.total(),
        "latency_ms_median": float(np.median(latencies)) if latencies else None,
        "target_dice": config.target_dice,
    }
    if config.target_dice is not None and trials:
        summary |= _effort(trials, groups, config)
    return summary


def _by_round(
    name: str, rows: list[list[float]], groups: Sequence[tuple[str, str]], config: BenchConfig
) -> dict[str, Any]:
    if not rows:
        return {name: [], f"{name}_ci": []}
    columns = [[row[min(r, len(row) - 1)] for row in rows] for r in range(config.rounds + 1)]
    return _listed(name, [mean_interval(column, groups) for column in columns])


def _hd95(last: list[Record]) -> dict[str, Any]:
    known = [(r.hd95_mm, r.key[:2]) for r in last if r.hd95_mm is not None]
    if not known:
        return {"hd95_mm": None, "hd95_mm_ci": None}
    values, groups = zip(*known, strict=True)
    return _beside("hd95_mm", mean_interval(values, groups))


def _effort(
    trials: Trials, groups: Sequence[tuple[str, str]], config: BenchConfig
) -> dict[str, Any]:
    counts = _beside("noc", mean_interval([_noc(rs, config) for rs in trials.values()], groups))
    failed = [float(_is_failure(rs, config)) for rs in trials.values()]
    result = {**counts, **_beside("failure_rate", mean_interval(failed, groups))}
    if config.target_dice == 0.9:
        result |= {"noc90": counts["noc"], "noc90_ci": counts["noc_ci"]}
    return result


def _noc(rounds: Sequence[Record], config: BenchConfig) -> int:
    assert config.target_dice is not None
    return noc([r.dice for r in rounds], config.target_dice, config.rounds)


def _is_failure(rounds: Sequence[Record], config: BenchConfig) -> bool:
    assert config.target_dice is not None
    return max(r.dice for r in rounds[: config.rounds + 1]) < config.target_dice


def _listed(name: str, intervals: Sequence[Interval]) -> dict[str, Any]:
    return {
        name: [i.mean for i in intervals],
        f"{name}_ci": [[i.low, i.high] for i in intervals],
    }


def _beside(name: str, interval: Interval) -> dict[str, Any]:
    return {name: interval.mean, f"{name}_ci": [interval.low, interval.high]}
