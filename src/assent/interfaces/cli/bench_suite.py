"""``assent bench suite``: many runs, one table, and which claims hold."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.bench import Resume, played
from assent.interfaces.cli.say import say, say_columns, say_json
from assent.interfaces.cli.wiring import Given
from assent.services.bench import Outcome, SuiteRequest, bench_suite, table_of

EXAMPLES = (
    "assent bench suite smoke --out smoke",
    "assent bench suite clicks --data /data --weights trained --out clicks --resume",
    "assent bench suite preference --data /data --orders 2 --out preference",
    "assent bench suite generalisation --data /data --only 'scribbles' --out strokes",
)


def suite(  # noqa: PLR0913 - every option is one
    name: Annotated[
        str, typer.Argument(help="Name of the suite: clicks, preference, generalisation, …")
    ],
    out: Annotated[Path, typer.Option(help="Folder for records, tables and summary.json.")],
    data: Annotated[Path | None, typer.Option(help="Folder that holds the datasets.")] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with weights that do not ship.")
    ] = None,
    orders: Annotated[
        int | None, typer.Option(help="Quicker: at most N orders of the images in a row.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Rows whose name contains it; * stands for anything."),
    ] = None,
    resume: Resume = False,
    *,
    given: Given,
) -> None:
    """Run a named suite: Markdown, CSV, a plot, and summary.json with every claim."""
    request = SuiteRequest(
        name=name,
        data=data,
        out=out,
        weights=weights,
        orders=orders,
        only=only,
        resume=resume,
        settings=given.settings,
    )
    with played(f"suite {name}", out, off=given.as_json) as report:
        outcome = bench_suite(request, report)
    if given.as_json:
        say_json({"checks": list(outcome.checks), "not_run": dict(outcome.not_run)})
    else:
        _tell(outcome, out)


def _tell(outcome: Outcome, out: Path) -> None:
    for name, row in outcome.rows.items():
        columns, lines = table_of(name, row.summary)
        say_columns(columns, lines)
        say()
    for check in outcome.checks:
        found = "not run" if check["value"] is None else f"{check['value']:.3f}"
        say(f"{'holds' if check['pass'] else 'fails'}  {check['check']}: {found}")
    for name, reason in outcome.not_run.items():
        say(f"not run: {name}: {reason}", error=True)
    say(f"Report: {out / 'report.md'}")
