"""What a suite showed, as Markdown, CSV, a plot and claims that hold or not."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.bench import table
from assent.bench.config import BenchConfig
from assent.bench.record import Record
from assent.bench.suite import Suite
from assent.render.curves import effort_curves
from assent.render.table import markdown_table

PICTURES = "pictures.md"
"""The page of pictures beside the report."""


@dataclass(frozen=True)
class Row:
    """All runs of one name: how they were set, what they gave, and their summary.

    Attributes:
        config: Of the first of them.
        records: Of all of them.
        summary: Of all records together.
    """

    config: BenchConfig
    records: tuple[Record, ...]
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a suite showed.

    Attributes:
        rows: By name, in order.
        not_run: Reason by name of each run whose method is not at hand.
        checks: ``{check, value, low, high, target, pass}`` each.
        pictures: File below the report by name of each row whose cases were drawn.
    """

    rows: Mapping[str, Row]
    not_run: Mapping[str, str]
    checks: tuple[Mapping[str, Any], ...]
    pictures: Mapping[str, str] = field(default_factory=dict)


def write(suite: Suite, outcome: Outcome, out: Path) -> None:
    """The report of a suite: Markdown, CSV, PNG, ``summary.json`` and ``rows.json``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(to_markdown(suite, outcome), encoding="utf-8")
    (out / "report.csv").write_text(to_csv(outcome), encoding="utf-8")
    (out / "summary.json").write_text(json.dumps(list(outcome.checks), indent=1) + "\n")
    summaries = {name: row.summary for name, row in outcome.rows.items()}
    (out / "rows.json").write_text(json.dumps(summaries, indent=1) + "\n")
    if outcome.pictures:
        (out / PICTURES).write_text(_pictures(suite, outcome), encoding="utf-8")
    if outcome.rows:
        effort_curves(
            out / "curves.png",
            {name: summaries[name]["dice_at"] for name in outcome.pictures or summaries},
            title=suite.title,
        )


def to_markdown(suite: Suite, outcome: Outcome) -> str:
    """Tables of rows (one for each set of columns), of claims, and of what was not run."""
    parts = [f"# {suite.title}", suite.about]
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for name, row in outcome.rows.items():
        lines = tables.setdefault(tuple(table.columns(row.summary)), [])
        lines += table.rows(name, row.summary)
    parts += [markdown_table(columns, lines) for columns, lines in tables.items()]
    if outcome.checks:
        parts.append(markdown_table(["claim", "value", "bound", "holds"], _claims(outcome)))
    if outcome.pictures:
        parts.append(f"Best, median and worst case of each set: [pictures]({PICTURES}).")
    if outcome.not_run:
        reasons = [f"- {name}: {reason}" for name, reason in outcome.not_run.items()]
        parts.append("Not run:\n\n" + "\n".join(reasons))
    return "\n\n".join(part for part in parts if part) + "\n"


def _pictures(suite: Suite, outcome: Outcome) -> str:
    """The page of pictures, row by row."""
    parts = [
        f"# {suite.title}: best, median and worst case",
        "By mean Dice over all numbers of answers. Every case is shown after one answer, and after"
        " the last.",
    ]
    parts += [f"![{name}]({file})" for name, file in outcome.pictures.items()]
    return "\n\n".join(parts) + "\n"


def to_csv(outcome: Outcome) -> str:
    """One line for each row and number of answers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["run", "answers", "dice", "dice_low", "dice_high", "seconds_modelled", "trials"]
    )
    for name, row in outcome.rows.items():
        summary = row.summary
        for answers, value in enumerate(summary["dice_at"]):
            low, high = summary["dice_at_ci"][answers]
            seconds = summary["seconds_at"][answers]
            writer.writerow([name, answers, value, low, high, seconds, summary["trials"]])
    return text.getvalue()


def _claims(outcome: Outcome) -> list[list[str]]:
    lines = []
    for each in outcome.checks:
        known = each["value"] is not None
        value = (
            f"{each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]" if known else "not run"
        )
        lines.append([each["check"], value, f"{each['target']:g}", "yes" if each["pass"] else "no"])
    return lines
