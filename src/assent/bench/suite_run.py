"""Run a suite: records, a table, a plot, and which claims hold."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from assent.bench.claims import judge
from assent.bench.config import BenchConfig
from assent.bench.folder_digest import folder_digest
from assent.bench.measure import measure
from assent.bench.pictures import draw_extremes
from assent.bench.record import Record
from assent.bench.run import CaseDone
from assent.bench.suite import Suite, SuiteRun, folder_of, open_source
from assent.bench.suite_report import Outcome, Row, write
from assent.bench.summarise import summarise
from assent.core.errors import MissingExtraError, NotFoundError, WeightsError
from assent.methods import registry
from assent.methods.protocol import Method

Build = Callable[[SuiteRun], Method]


def build_installed(run: SuiteRun, weights: Path | None = None) -> Method:
    """The installed method of a run.

    Args:
        run: Of the suite.
        weights: Folder with weights that do not ship, NAME.safetensors each; one that is named
            after a method stands in for its shipped ones.

    Raises:
        WeightsError: If the run needs weights that are not there, or they do not fit.
        NotFoundError: If there is no such method, or none of its weights ship.
        MissingExtraError: If the method needs a package that is not installed.
    """
    file = None if weights is None else weights / f"{run.weights or run.config.method}.safetensors"
    if file is not None and not file.is_file():
        file = None
    if run.weights and file is None:
        raise WeightsError(
            f"It needs {run.weights}.safetensors, which does not ship and is not"
            f" {'given' if weights is None else f'in {weights.name}'}. Make it (assent train"
            f" {run.config.method} --data DIR --out {run.weights}.safetensors), and name its"
            " folder with --weights."
        )
    return registry.build(run.config.method, settings=run.settings, weights=file)


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

    Written are ``runs/*.jsonl`` (records), ``report.md``, ``report.csv``, ``curves.png``,
    ``summary.json`` (claims), ``rows.json`` (the summary of every row) and, for rows that ask for
    them, pictures. A method that is not at hand is listed as not run.

    Args:
        suite: What to run.
        data: Folder that holds the datasets; None if all are synthetic.
        out: Folder for the results.
        build: Makes the method of a run.
        resume: Continue from the records of an earlier, interrupted call with the same settings.
        report: Told after every case, with the name of the run.

    Raises:
        InputError: If a dataset is missing; nothing has run then.
    """
    sources = {
        (name, by_hand, fold): open_source(name, data, by_hand=by_hand, fold=fold)
        for name, by_hand, fold in map(_source_of, suite.runs)
    }
    folders = {source.name: folder_of(name, data) for (name, _, _), source in sources.items()}
    digests = {name: folder_digest(folder) for name, folder in folders.items() if folder}
    runs = out / "runs"
    parts: dict[str, list[tuple[BenchConfig, list[Record]]]] = {}
    not_run: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for each in suite.runs:
        try:
            method = build(each)
        except (NotFoundError, MissingExtraError, WeightsError) as error:
            not_run[each.name] = str(error)
            continue
        path = runs / f"{each.slug}.jsonl"
        tell = None if report is None else partial(report, each.name)
        source = sources[_source_of(each)]
        records = measure(
            [source], method, each.config, path, digests=digests, resume=resume, report=tell
        )
        parts.setdefault(each.name, []).append((each.config, records))
        picture = f"pictures/{each.slug}.png"
        if suite.draws(each) and draw_extremes(each, records, source, method, out / picture):
            pictures.setdefault(each.name, picture)
    rows = {name: _row(played) for name, played in parts.items()}
    checks = tuple(judge(check, rows) for check in suite.checks)
    outcome = Outcome(rows, not_run, checks, pictures)
    write(suite, outcome, out)
    return outcome


def _source_of(run: SuiteRun) -> tuple[str, bool, int]:
    """The dataset, whether its raters are the people who drew strokes, and the fold."""
    return run.data, run.config.annotator == "hand", run.config.fold


def _row(played: list[tuple[BenchConfig, list[Record]]]) -> Row:
    config = played[0][0]
    records = tuple(record for _, part in played for record in part)
    return Row(config, records, summarise(records, config))
