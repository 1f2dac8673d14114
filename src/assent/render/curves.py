"""Effort curves: how good the mask is after how many answers."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from assent.render.save import save

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8A8A00")
"""Okabe and Ito; the line style changes too when they run out."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLES = ("-", "--", ":")

Band = tuple[Sequence[float], Sequence[float]]
"""Lower and upper end of an interval at every point of a curve."""


def effort_curves(
    path: Path,
    curves: Mapping[str, Sequence[float]],
    *,
    bands: Mapping[str, Band] | None = None,
    title: str = "",
    xlabel: str = "answers",
    ylabel: str = "Dice",
    target: float | None = None,
) -> None:
    """Draw one line per method over the number of answers, labelled at its end.

    Args:
        path: PNG, SVG or PDF, by its ending; written in one step.
        curves: Values at 0, 1, 2, … answers by label; lengths may differ.
        bands: 95 % intervals by label, where known.
        title: Above the plot.
        xlabel: What is counted.
        ylabel: What is measured.
        target: A value to reach, drawn as a dotted line.
    """
    figure = Figure(figsize=(8.0, 4.8), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, (label, values) in enumerate(curves.items()):
        _draw_curve(axes, number, label, values, (bands or {}).get(label))
    longest = max((len(values) for values in curves.values()), default=1)
    _dress(axes, longest)
    if target is not None:
        axes.axhline(target, color="#6B7280", linestyle=(0, (1, 2)), linewidth=1.2, zorder=1)
        axes.annotate(
            f"target {target:g}",
            (0.0, target),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=9,
            color="#6B7280",
        )
    _label_ends(axes, curves)
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", color="#1F2937", pad=12)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix.lstrip(".") or "png")
    save(path, buffer.getvalue())


def _draw_curve(
    axes: Axes, number: int, label: str, values: Sequence[float], band: Band | None
) -> None:
    colour = COLOURS[number % len(COLOURS)]
    rounds = np.arange(len(values))
    if band is not None:
        low, high = band
        axes.fill_between(rounds, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(
        rounds,
        values,
        color=colour,
        linestyle=STYLES[number // len(COLOURS) % len(STYLES)],
        marker=MARKERS[number % len(MARKERS)],
        markersize=5,
        linewidth=2,
        label=label,
        zorder=3,
    )


def plain_axes(axes: Axes) -> None:
    """Only what carries information: two thin axes and a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#9CA3AF")
    axes.grid(axis="y", color="#E5E7EB", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors="#4B5563", labelsize=10)


def _dress(axes: Axes, longest: int) -> None:
    plain_axes(axes)
    axes.set_xlim(-0.15, max(longest - 1, 1) + 0.15)
    axes.set_xticks(range(0, max(longest, 2), max(1, longest // 12)))
    axes.margins(y=0.08)


def _label_ends(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    """Write each label beside the end of its line, moved apart where lines end together."""
    low, high = axes.get_ylim()
    step = (high - low) * 0.058
    ends = sorted(
        (float(values[-1]), len(values) - 1, number, label)
        for number, (label, values) in enumerate(curves.items())
        if len(values)
    )
    heights = _spread([end[0] for end in ends], step, high)
    right = axes.get_xlim()[1]
    for (value, last, number, label), height in zip(ends, heights, strict=True):
        axes.annotate(
            f"{label}  {value:.2f}",
            (last, value),
            xytext=(right, height),
            textcoords="data",
            color=COLOURS[number % len(COLOURS)],
            fontsize=10,
            va="center",
            annotation_clip=False,
        )


def _spread(values: Sequence[float], step: float, ceiling: float) -> list[float]:
    """Sorted values, moved apart by at least ``step``, none above ``ceiling`` if room allows."""
    placed: list[float] = []
    for value in values:
        placed.append(max(value, placed[-1] + step) if placed else value)
    for index in range(len(placed) - 1, -1, -1):
        limit = ceiling if index == len(placed) - 1 else placed[index + 1] - step
        placed[index] = min(placed[index], limit)
    return placed
