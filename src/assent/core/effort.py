"""How much work it takes: prompts to a target, failures, and quality along the way.

A score curve holds the score of one case after 0, 1, 2, … answers, so that item 0 is the score
before any answer. It may stop early, when the annotator was done.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError


def noc(scores: Sequence[float], target: float = 0.90, max_clicks: int = 20) -> int:
    """Number of clicks, or other prompts, until a score reaches the target.

    Args:
        scores: Score after 0, 1, 2, … prompts; at least one.
        target: Score to reach; equal counts as reached.
        max_clicks: The most that are counted; a curve that does not reach the target within
            them counts as this many. Tell the two apart with ``failure_rate``.

    Returns:
        A number in [0, max_clicks]; 0 if the target is reached before any prompt.

    Raises:
        InputError: If there is no score.

    >>> noc([0.2, 0.8, 0.95])
    2
    """
    first = _first_reach(scores, target, max_clicks)
    return max_clicks if first is None else first


def failure_rate(
    curves: Sequence[Sequence[float]], target: float = 0.90, max_clicks: int = 20
) -> float:
    """Share of cases whose score does not reach the target within the clicks allowed.

    Args:
        curves: One score curve for each case; at least one.
        target: Score to reach; equal counts as reached.
        max_clicks: Clicks allowed.

    Returns:
        A value in [0, 1].

    Raises:
        InputError: If there is no case, or a case without a score.

    >>> failure_rate([[0.2, 0.95], [0.1, 0.3]])
    0.5
    """
    _refuse_empty(curves)
    failures = [_first_reach(scores, target, max_clicks) is None for scores in curves]
    return sum(failures) / len(failures)


def dice_at(curves: Sequence[Sequence[float]], rounds: int) -> NDArray[np.float64]:
    """Score of every case after each number of answers.

    Args:
        curves: N score curves. One that stops early keeps its last score; what comes after
            ``rounds`` answers is left out.
        rounds: Number of answers, 0 or more.

    Returns:
        ``(N, rounds + 1)`` float64; column r is after r answers.

    Raises:
        InputError: If there is no case, a case without a score, or ``rounds`` is negative.

    >>> dice_at([[0.5, 0.75], [0.25, 0.5, 1.0]], rounds=2).tolist()
    [[0.5, 0.75, 0.75], [0.25, 0.5, 1.0]]
    """
    _refuse_empty(curves)
    if rounds < 0:
        raise InputError(f"The number of rounds must be 0 or more; got {rounds}.")
    rows = []
    for scores in curves:
        _refuse_scoreless(scores)
        rows.append([scores[min(r, len(scores) - 1)] for r in range(rounds + 1)])
    return np.array(rows, dtype=np.float64)


def effort_curve(curves: Sequence[Sequence[float]], rounds: int) -> NDArray[np.float64]:
    """Mean score over cases after each number of answers.

    Args:
        curves: One score curve for each case, carried forward as in ``dice_at``.
        rounds: Number of answers, 0 or more.

    Returns:
        ``(rounds + 1,)`` float64.

    Raises:
        InputError: If there is no case, a case without a score, or ``rounds`` is negative.
    """
    return np.asarray(dice_at(curves, rounds).mean(axis=0))


def _first_reach(scores: Sequence[float], target: float, max_clicks: int) -> int | None:
    _refuse_scoreless(scores)
    within = scores[: max_clicks + 1]
    return next((clicks for clicks, score in enumerate(within) if score >= target), None)


def _refuse_empty(curves: Sequence[Sequence[float]]) -> None:
    if len(curves) == 0:
        raise InputError("Effort is counted over cases; got none. Run at least one case.")


def _refuse_scoreless(scores: Sequence[float]) -> None:
    if len(scores) == 0:
        raise InputError(
            "A case has no score; expected at least the one before any answer (round 0)."
        )
