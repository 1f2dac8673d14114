"""How each view of an image fared, as one curve: the mean over all orders it was played in.

One rater's view of one target in one image is one unit, however many seeds it was played with:
twenty orders of the same images make the mean of each more exact; they are not twenty times as
many images.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assent.bench.config import BenchConfig
from assent.bench.record import Key, Record, by_trial
from assent.core.effort import effort_curve, failure_rate, noc

BAD_BELOW = 0.85
"""A mask of lower Dice should not have been accepted without a look."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One view, averaged over the seeds it was played with.

    Attributes:
        group: Dataset and case; of a volume, dataset and what the volume belongs to. Intervals
            draw all curves of a group together.
        dice: ``(rounds + 1,)`` after 0, 1, 2, … answers, as many as were played.
        seconds: ``(rounds + 1,)`` modelled seconds until then.
        hd95_mm: After the last round, over the seeds that have one; None without any.
        energy_distance: In round 0, likewise.
        noc: Number of answers to the target; None without a target, or where nobody answers.
        failed: Share of the seeds with which the target was not reached; None likewise.
        others_dice: Dice of the other raters' majority with this rater; None without others.
        calibration_error: Mean absolute difference of predicted and true Dice, over all that was
            shown once the method was told something; None where nothing was.
        accepted: Share of the seeds with which the mask was accepted without a look; None where
            nobody asked.
        accepted_bad: Share of the seeds with which it was, and its Dice was below ``BAD_BELOW``.
    """

    group: tuple[str, str]
    dice: NDArray[np.float64]
    seconds: NDArray[np.float64]
    hd95_mm: float | None
    energy_distance: float | None
    noc: float | None
    failed: float | None
    others_dice: float | None = None
    calibration_error: float | None = None
    accepted: float | None = None
    accepted_bad: float | None = None


Curves = Mapping[Key, Curve]


def curves(records: Iterable[Record], config: BenchConfig) -> dict[Key, Curve]:
    """A curve for each case, target and rater; what failed is left out.

    Args:
        records: Of one run, or of several that differ in their seed only.
        config: Of either; its rounds and target count.
    """
    orders: dict[Key, list[list[Record]]] = {}
    for (key, _), rounds in by_trial(records).items():
        orders.setdefault(key, []).append(rounds)
    return {key: _curve(key, trials, config) for key, trials in orders.items()}


def _curve(key: Key, trials: Sequence[Sequence[Record]], config: BenchConfig) -> Curve:
    scores = [[record.dice for record in rounds] for rounds in trials]
    seconds = [[record.seconds_modelled for record in rounds] for rounds in trials]
    length = min(config.rounds, max(map(len, scores)) - 1)
    answers, failed = _effort(scores, config)
    opened = [rounds[0] for rounds in trials]
    return Curve(
        group=(key[0], trials[0][0].group or key[1]),
        dice=effort_curve(scores, length),
        seconds=effort_curve(seconds, length),
        hd95_mm=_mean(rounds[-1].hd95_mm for rounds in trials),
        energy_distance=_mean(record.energy_distance for record in opened),
        noc=answers,
        failed=failed,
        others_dice=_mean(record.others_dice for record in opened),
        calibration_error=_mean(_calibration_error(rounds) for rounds in trials),
        accepted=_mean(record.accepted for record in opened),
        accepted_bad=_mean(
            None if record.accepted is None else record.accepted and record.dice < BAD_BELOW
            for record in opened
        ),
    )


def _calibration_error(rounds: Sequence[Record]) -> float | None:
    return _mean(
        abs(record.predicted_dice - record.dice)
        for record in rounds
        if record.predicted_dice is not None
    )


def _effort(
    scores: Sequence[Sequence[float]], config: BenchConfig
) -> tuple[float | None, float | None]:
    """Answers to the target, and how often it was not reached."""
    target, most = config.target_dice, config.rounds
    if target is None or most == 0:
        return None, None
    counts = [noc(each, target, most) for each in scores]
    return float(np.mean(counts)), failure_rate(scores, target, most)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
