"""Run a suite: records, a table, a plot, and which claims hold."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from assent.bench.config import BenchConfig
from assent.bench.measure import measure
from assent.bench.record import Record
from assent.bench.run import CaseDone
from assent.bench.suite import Check, Suite, open_source
from assent.bench.suite_report import Outcome, Row, write
from assent.bench.summarise import compare, summarise
from assent.core.errors import MissingExtraError, NotFoundError, WeightsError
from assent.methods import registry
from assent.methods.protocol import Method

Build = Callable[[str, Mapping[str, Any]], Method]


def build_installed(name: str, settings: Mapping[str, Any]) -> Method:
    """An installed method with its shipped weights."""
    return registry.build(name, settings=settings)


def run_suite(
    suite: Suite,
    data: Path | None,
    out: Path,
    *,
    build: Build = build_installed,
    resume: bool = False,
    report: Callable[[str, CaseDone], None] | None = None,
) -> Outcome:
    """Run all of a suite, and write its report below ``out``.

    Written are ``runs/*.jsonl`` (records), ``report.md``, ``report.csv``, ``curves.png`` and
    ``summary.json``. A method that is not at hand is listed as not run.

    Args:
        suite: What to run.
        data: Folder that holds the datasets; None if all are synthetic.
        out: Folder for the results.
        build: Makes a method of a name and settings.
        resume: Continue from the records of an earlier, interrupted call with the same settings.
        report: Told after every case, with the name of the run.

    Raises:
        InputError: If a dataset is missing; nothing has run then.
    """
    sources = {each.data: open_source(each.data, data) for each in suite.runs}
    runs = out / "runs"
    parts: dict[str, list[tuple[BenchConfig, list[Record]]]] = {}
    not_run: dict[str, str] = {}
    for each in suite.runs:
        try:
            method = build(each.config.method, each.settings)
        except (NotFoundError, MissingExtraError, WeightsError) as error:
            not_run[each.name] = str(error)
            continue
        path = runs / f"{_slug(each.name)}-seed{each.config.seed}.jsonl"
        tell = None if report is None else partial(report, each.name)
        source = sources[each.data]
        records = measure([source], method, each.config, path, resume=resume, report=tell)
        parts.setdefault(each.name, []).append((each.config, records))
    rows = {name: _row(played) for name, played in parts.items()}
    checks = tuple(judge(check, rows) for check in suite.checks)
    outcome = Outcome(rows, not_run, checks)
    write(suite, outcome, out)
    return outcome


def judge(check: Check, rows: Mapping[str, Row]) -> dict[str, Any]:
    """Whether a claim holds: ``{check, value, low, high, target, pass}``.

    The value is a mean, low and high its 95 % interval; all are None, and the claim fails,
    where a row was not run.
    """
    target = check.at_least if check.at_least is not None else check.at_most
    value, low, high = _measure(check, rows)
    if value is None:
        holds = False
    elif check.at_least is not None:
        holds = value >= check.at_least
    else:
        holds = check.at_most is not None and value <= check.at_most
    found = {"value": value, "low": low, "high": high, "target": target, "pass": holds}
    return {"check": check.check, **found}


def _row(played: list[tuple[BenchConfig, list[Record]]]) -> Row:
    config = played[0][0]
    records = tuple(record for _, part in played for record in part)
    return Row(config, records, summarise(records, config))


def _measure(
    check: Check, rows: Mapping[str, Row]
) -> tuple[float | None, float | None, float | None]:
    wanted = [check.run] if check.minus is None else [check.run, check.minus]
    if not rows.keys() >= set(wanted) or not all(rows[name].records for name in wanted):
        return None, None, None
    row = rows[check.run]
    summary = row.summary
    if check.minus is not None:
        summary = compare(row.records, rows[check.minus].records, row.config)
    value, interval = summary.get(check.metric), summary.get(f"{check.metric}_ci")
    if isinstance(value, list):
        if check.round >= len(value):
            return None, None, None
        value, interval = value[check.round], summary[f"{check.metric}_ci"][check.round]
    return (None, None, None) if value is None or interval is None else (value, *interval)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
