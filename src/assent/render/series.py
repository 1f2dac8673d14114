"""Effort from image to image: fewer answers where finished images teach the next."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from assent.render.curves import COLOURS, plain_axes
from assent.render.save import save


def series_plot(
    path: Path,
    answers: Sequence[int],
    first_dice: Sequence[float],
    *,
    title: str = "",
    target: float | None = None,
) -> None:
    """Two panels over the images of a series: answers needed, and Dice before any answer.

    Args:
        path: PNG, SVG or PDF, by its ending; written in one step.
        answers: Answers that each image took, in the order of work.
        first_dice: Dice of the first recommendation of each image.
        title: Above the plot.
        target: Dice to reach, drawn as a dotted line.
    """
    figure = Figure(figsize=(8.0, 3.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    places = np.arange(1, len(answers) + 1)
    bars = left.bar(places, answers, color=COLOURS[0], width=0.62)
    left.bar_label(bars, fontsize=10, color="#1F2937", padding=2)
    left.set_ylim(0, max([*answers, 1]) * 1.18)
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_title("answers", loc="left", fontsize=11, color="#1F2937")
    right.plot(places, first_dice, color=COLOURS[2], marker="o", linewidth=2)
    right.set_ylim(0.0, 1.02)
    right.set_title("Dice before any answer", loc="left", fontsize=11, color="#1F2937")
    if target is not None:
        right.axhline(target, color="#6B7280", linestyle=(0, (1, 2)), linewidth=1.2)
    for axes in (left, right):
        plain_axes(axes)
        axes.set_xticks(places if len(places) <= 15 else places[:: len(places) // 12])
        axes.set_xlabel("image, in the order of work")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color="#1F2937")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix.lstrip(".") or "png")
    save(path, buffer.getvalue())
