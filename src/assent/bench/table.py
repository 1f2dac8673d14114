"""A summary as plain rows, for a screen or a Markdown file."""

from collections.abc import Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]

_MORE = {
    "noc80": "NoC@80% (Dice)",
    "others_dice": "other raters' majority",
    "calibration_error": "predicted Dice off by",
    "accepted": "accepted",
    "accepted_bad": "accepted and bad",
}
"""Headings of what only some runs have; all but the first in percent."""


def columns(summary: Summary) -> list[str]:
    """Headings of ``row``: a name, Dice by number of answers, effort and speed."""
    rounds = _rounds_shown(len(summary["dice_at"]) - 1)
    effort = (
        [f"NoC@{summary['target_dice']:.0%} (Dice)", "failures"] if _has_target(summary) else []
    )
    more = [heading for name, heading in _MORE.items() if name in summary]
    return ["", *(f"Dice after {r}" for r in rounds), *effort, *more, "actions", "ms"]


def row(name: str, summary: Summary) -> list[str]:
    """One line, its numbers with their 95 % intervals; Dice in percent."""
    cells = [
        _percent(summary["dice_at"][r], summary["dice_at_ci"][r])
        for r in _rounds_shown(len(summary["dice_at"]) - 1)
    ]
    if _has_target(summary):
        cells += [_number(summary["noc"], summary["noc_ci"]), f"{summary['failure_rate']:.0%}"]
    for key in _MORE:
        if key in summary:
            show = _number if key.startswith("noc") else _percent
            cells.append(show(summary[key], summary[f"{key}_ci"]))
    latency = summary["latency_ms_median"]
    cells += [str(summary["total_actions"]), "-" if latency is None else f"{latency:.0f}"]
    return [name, *cells]


def rows(name: str, summary: Summary) -> list[list[str]]:
    """The run as a whole, and below it each target where there are several."""
    parts = summary.get("targets", {})
    return [row(name, summary), *(row(f"  {part}", parts[part]) for part in parts)]


def _has_target(summary: Summary) -> bool:
    return "noc" in summary


def _rounds_shown(last: int) -> Sequence[int]:
    """All rounds of a short run; of a long one those where the curve bends."""
    return range(last + 1) if last <= 6 else [r for r in (0, 1, 2, 3, 5, 10, 20) if r <= last]


def _number(value: float, interval: Sequence[float]) -> str:
    return f"{value:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"


def _percent(value: float, interval: Sequence[float]) -> str:
    return f"{100 * value:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
