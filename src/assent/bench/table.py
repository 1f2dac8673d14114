"""A summary as plain rows, for a screen or a Markdown file."""

from collections.abc import Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]


def columns(summary: Summary) -> list[str]:
    """Headings of ``row``: a name, Dice by number of answers, effort and speed."""
    rounds = _rounds_shown(len(summary["dice_at"]) - 1)
    effort = (
        [f"NoC@{summary['target_dice']:.0%} (Dice)", "failures"] if _has_target(summary) else []
    )
    return ["", *(f"Dice after {r}" for r in rounds), *effort, "actions", "ms"]


def row(name: str, summary: Summary) -> list[str]:
    """One line, its numbers with their 95 % intervals; Dice in percent."""
    cells = [
        _percent(summary["dice_at"][r], summary["dice_at_ci"][r])
        for r in _rounds_shown(len(summary["dice_at"]) - 1)
    ]
    if _has_target(summary):
        low, high = summary["noc_ci"]
        cells += [f"{summary['noc']:.2f} [{low:.2f}, {high:.2f}]", f"{summary['failure_rate']:.0%}"]
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


def _percent(value: float, interval: Sequence[float]) -> str:
    return f"{100 * value:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
