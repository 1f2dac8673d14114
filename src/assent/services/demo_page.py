"""What the demonstration leaves behind: a page with tables, plots and contact sheets."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assent.io.atomic import write_text
from assent.render.curves import effort_curves
from assent.render.series import series_plot
from assent.render.table import markdown_table

BARE = (
    "Nobody answered where no mask says what is wanted. To segment such images yourself, open them"
    " with `assent serve FOLDER`; or put masks of some into its folder masks/, and the simulated"
    " person plays those."
)
"""What to do about images without a reference."""

COLUMNS = ("image", "answers", "by kind", "first Dice", "accepted Dice", "predicted Dice")


@dataclass(frozen=True)
class Played:
    """One finished image.

    Attributes:
        id: Name of the sample.
        series: Samples of one series taught each other.
        origin: Where the image comes from.
        wish: What the simulated person wanted; "" where nobody was simulated.
        dice: Dice of the recommendation after 0, 1, 2, … answers; empty without a reference.
        accepted_dice: Of the accepted mask; None without a reference.
        predicted_dice: What the method expected of its last recommendation; None if that is empty.
        actions: Answers by kind, acceptance included.
        mask: Written mask, relative to the output folder; None if it would be empty.
        sheet: Contact sheet, relative to the output folder.
    """

    id: str
    series: str
    origin: str
    wish: str
    dice: tuple[float, ...]
    accepted_dice: float | None
    predicted_dice: float | None
    actions: Mapping[str, int]
    mask: Path | None
    sheet: Path

    @property
    def answers(self) -> int:
        """Answers before acceptance."""
        return sum(count for kind, count in self.actions.items() if kind != "accept")


@dataclass(frozen=True)
class DemoReport:
    """What came of the demonstration.

    Attributes:
        method: Name of the method.
        weights_digest: Of its weights; "" without.
        target_dice: With what the simulated person was content.
        played: Finished images in order.
        passed_over: Name and reason of every image that could not be used.
    """

    method: str
    weights_digest: str
    target_dice: float
    played: tuple[Played, ...]
    passed_over: tuple[tuple[str, str], ...]

    @property
    def has_bare(self) -> bool:
        """Whether there are images that nobody answered to, since no mask says what is wanted."""
        return any(not one.wish for one in self.played)

    @property
    def by_series(self) -> dict[str, list[Played]]:
        """Images that somebody answered to, by series."""
        grouped: dict[str, list[Played]] = {}
        for one in self.played:
            if one.dice:
                grouped.setdefault(one.series, []).append(one)
        return grouped


def effort_rows(report: DemoReport) -> list[tuple[str, ...]]:
    """One row of text per image, as named by ``COLUMNS``."""
    rows: list[tuple[str, ...]] = []
    for one in report.played:
        kinds = {kind: count for kind, count in one.actions.items() if kind != "accept"}
        rows.append(
            (
                one.id,
                str(one.answers) if one.dice else "–",
                ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "–",
                f"{one.dice[0]:.3f}" if one.dice else "–",
                "–" if one.accepted_dice is None else f"{one.accepted_dice:.3f}",
                "–" if one.predicted_dice is None else f"{one.predicted_dice:.3f}",
            )
        )
    return rows


def to_json(report: DemoReport) -> dict[str, Any]:
    """A JSON-able description; paths are relative to the output folder."""
    played = [
        {
            **asdict(one),
            "mask": None if one.mask is None else one.mask.as_posix(),
            "sheet": one.sheet.as_posix(),
        }
        for one in report.played
    ]
    return {
        "method": report.method,
        "weights": report.weights_digest,
        "target_dice": report.target_dice,
        "played": played,
        "passed_over": [{"id": name, "reason": reason} for name, reason in report.passed_over],
    }


def round_table(report: DemoReport) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: Dice of each image's recommendation after every answer."""
    known = [one for one in report.played if one.dice]
    longest = max((len(one.dice) for one in known), default=0)
    rows = []
    for one in known:
        shown = [f"{value:.3f}" for value in one.dice]
        rows.append([one.id, *shown, *[""] * (longest - len(shown))])
    return ["image", *(f"after {n}" for n in range(longest))], rows


def write(out: Path, report: DemoReport) -> None:
    """Write plots and pages; each file appears whole."""
    plots = _draw_plots(out, report)
    write_text(out / "index.md", _markdown(report, plots))
    write_text(out / "index.html", _html(report, plots))


def _draw_plots(out: Path, report: DemoReport) -> list[tuple[str, str]]:
    """Names of the plots, and what each shows."""
    plots = []
    groups = report.by_series
    if groups:
        curves = {name: _mean_curve(images) for name, images in groups.items()}
        many = any(len(images) > 1 for images in groups.values())
        effort_curves(
            out / "effort.png",
            curves,
            title="Dice by number of answers" + (", mean of each series" if many else ""),
            target=report.target_dice,
        )
        plots.append(("effort.png", "Dice of the recommendation after every answer"))
    longest = max(groups.values(), key=len, default=[])
    if len(longest) > 1:
        series_plot(
            out / "series.png",
            [one.answers for one in longest],
            [one.dice[0] for one in longest],
            title=f"{longest[0].series}: one person, image after image",
            target=report.target_dice,
        )
        plots.append(("series.png", "Effort and first Dice over a series"))
    return plots


def _mean_curve(images: Sequence[Played]) -> list[float]:
    """Mean over images; one that was accepted earlier keeps its accepted mask."""
    longest = max(len(one.dice) for one in images)
    padded = []
    for one in images:
        last = one.dice[-1] if one.accepted_dice is None else one.accepted_dice
        padded.append([*one.dice, *[last] * (longest - len(one.dice))])
    return [float(value) for value in np.mean(padded, axis=0)]


def _intro(report: DemoReport) -> str:
    weights = f" (weights {report.weights_digest[:12]})" if report.weights_digest else ""
    return (
        f"Segmented with the method {report.method}{weights}. A simulated person answered until"
        f" the recommendation reached a Dice of {report.target_dice:g}, and then accepted. Nobody's"
        " reading of the real sample images is known: there the person wants what a stated rule"
        " gives. Phantoms are synthetic. These images show how the product works; they are no"
        " measurement of how good it is."
    )


def _markdown(report: DemoReport, plots: Sequence[tuple[str, str]]) -> str:
    columns, rows = round_table(report)
    parts = [
        "# Segmented by choosing",
        _intro(report),
        markdown_table(COLUMNS, effort_rows(report)),
    ]
    if rows:
        parts += ["Dice of the recommendation:", markdown_table(columns, rows)]
    if report.has_bare:
        parts.append(BARE)
    parts += [f"![{words}]({name})" for name, words in plots]
    parts += [f"- Passed over: {name}. {reason}" for name, reason in report.passed_over]
    for one in report.played:
        parts.append(f"## {one.id}")
        link = "" if one.mask is None else f" Mask: [{one.mask.name}]({one.mask.as_posix()})"
        parts.append(_described(one) + link)
        parts.append(f"![Contact sheet of {one.id}]({one.sheet.as_posix()})")
    return "\n\n".join(parts) + "\n"


def _described(one: Played) -> str:
    if one.wish:
        wanted = f"Wanted: {one.wish}."
    elif one.mask is None:
        wanted = "Nobody answered, and the method proposes nothing until somebody points."
    else:
        wanted = "Nobody answered: this is a proposal only."
    return f"{one.origin[:1].upper()}{one.origin[1:]}. {wanted}"


_STYLE = """
:root { color-scheme: light dark; --ink: #1f2937; --page: #fff; --rule: #e2e5ea; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --page: #14181f; --rule: #343b46; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 1200px; margin: 2.5rem auto; padding: 0 1.25rem; }
table { border-collapse: collapse; margin: 1.25rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem; border-bottom: 1px solid var(--rule); text-align: right; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; border-radius: 8px; background: #fff; }
figure { margin: 1.25rem 0; } .plots { display: grid; gap: 1rem; grid-template-columns: 1fr 1fr; }
@media (max-width: 800px) { .plots { grid-template-columns: 1fr; } }
.wide { overflow-x: auto; }
"""


def _html(report: DemoReport, plots: Sequence[tuple[str, str]]) -> str:
    columns, rows = round_table(report)
    parts = [
        "<h1>Segmented by choosing</h1>",
        f"<p>{html.escape(_intro(report))}</p>",
        _html_table(COLUMNS, effort_rows(report)),
        f"<p>{html.escape(BARE)}</p>" if report.has_bare else "",
        '<div class="plots">',
        *(_figure(name, words) for name, words in plots),
        "</div>",
    ]
    if rows:
        parts += ["<h2>Dice of the recommendation</h2>", _html_table(columns, rows)]
    for name, reason in report.passed_over:
        parts.append(f"<p>Passed over: {html.escape(name)}. {html.escape(reason)}</p>")
    for one in report.played:
        parts.append(f"<h2>{html.escape(one.id)}</h2>")
        parts.append(f"<p>{html.escape(_described(one))}{_html_link(one.mask)}</p>")
        parts.append(_figure(one.sheet.as_posix(), f"Contact sheet of {one.id}"))
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Segmented by choosing</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _html_link(path: Path | None) -> str:
    if path is None:
        return ""
    return f' Mask: <a href="{html.escape(path.as_posix())}">{html.escape(path.name)}</a>'


def _figure(name: str, words: str) -> str:
    return f'<figure><img src="{html.escape(name)}" alt="{html.escape(words)}"></figure>'


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'
