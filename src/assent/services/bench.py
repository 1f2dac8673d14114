"""Simulated annotators on a dataset, or a named suite of such runs."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from assent.bench import suite
from assent.bench.config import BenchConfig
from assent.bench.folder_digest import folder_digest
from assent.bench.measure import measure
from assent.bench.play import check_hears
from assent.bench.run import CaseDone
from assent.bench.strokes import with_strokes
from assent.bench.suite_report import Outcome
from assent.bench.suite_run import build_installed, run_suite
from assent.bench.summarise import summarise
from assent.bench.table import columns, rows
from assent.bench.trials import plan
from assent.core.errors import InputError, MissingExtraError, NotFoundError, WeightsError
from assent.datasets.folds import in_fold
from assent.io.atomic import check_writable
from assent.services.methods import build_method
from assent.services.settings import Settings
from assent.services.sources import open_source

__all__ = [
    "BenchConfig",
    "BenchRequest",
    "CaseDone",
    "Measured",
    "Outcome",
    "SuiteRequest",
    "bench",
    "bench_suite",
    "suite_names",
    "table_of",
]

Report = Callable[[str, CaseDone], None]
"""Told the name of the run, and the case that was played."""


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """One run.

    Attributes:
        config: What is measured.
        data: A dataset folder, or "synthetic:NAME".
        out: The results file.
        weights: A weights file; None for the shipped ones.
        resume: Keep what the results file holds already.
        method_settings: Settings of the method.
    """

    config: BenchConfig
    data: str
    out: Path
    weights: Path | None = None
    resume: bool = False
    method_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SuiteRequest:
    """A named suite.

    Attributes:
        name: Of the suite.
        data: Folder that holds the datasets; None if all are synthetic.
        out: Folder for records and report.
        weights: Folder with weights that do not ship, NAME.safetensors each; None without.
        orders: At most so many runs that differ in their seed only; None for all.
        only: Part of the names of the rows that are run; None for all rows.
        resume: Keep what an interrupted call left.
        settings: Of the methods; they win over those of the suite.
    """

    name: str
    data: Path | None
    out: Path
    weights: Path | None = None
    orders: int | None = None
    only: str | None = None
    resume: bool = False
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Measured:
    """What a run gave.

    Attributes:
        summary: Means with their intervals, as in the results file.
        errors: One sentence for each case that could not be played.
    """

    summary: Mapping[str, Any]
    errors: tuple[str, ...]


def bench(request: BenchRequest, report: Report = lambda name, done: None) -> Measured:
    """Run, record into the results file, and summarise.

    Raises:
        NotFoundError: If the method, the label or the dataset is unknown.
        ConfigError: If a setting is wrong, or the method cannot hear the annotator.
        InputError: If the dataset cannot be read, the file cannot be written, it was made with
            other settings or files, or no case at all could be played.
    """
    config = request.config
    folder = Path(request.data)
    source = in_fold(open_source(request.data), config.fold)
    if config.annotator == "hand":
        source = with_strokes(source, folder if folder.is_dir() else None)
    method = build_method(config.method, request.method_settings, request.weights)
    _check_file(request.out)
    # What would be refused is refused before an earlier results file is replaced.
    check_hears(method, config)
    plan(source, config)
    records = measure(
        [source],
        method,
        config,
        request.out,
        digests={source.name: folder_digest(folder)} if folder.is_dir() else {},
        resume=request.resume,
        report=lambda done: report(config.method, done),
    )
    errors = tuple(dict.fromkeys(f"{r.case}: {r.error}" for r in records if r.error))
    if errors and all(record.error for record in records):
        raise InputError(f"No case of {source.name} could be played. The first was {errors[0]}")
    return Measured(summarise(records, config), errors)


def table_of(name: str, summary: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of a summary, for a screen."""
    return columns(summary), rows(name, summary)


def suite_names() -> list[str]:
    """Suites that can be run."""
    return suite.names()


def bench_suite(request: SuiteRequest, report: Report = lambda name, done: None) -> Outcome:
    """Run a named suite and write its report; ``report`` is told after every case.

    Raises:
        NotFoundError: If there is no such suite.
        ConfigError: If a setting is wrong.
        InputError: If a dataset or the folder of weights is missing, or the folder cannot be
            written.
    """
    chosen, weights = suite.load(request.name), request.weights
    if request.only is not None:
        chosen = suite.with_only(chosen, request.only)
    if request.orders is not None:
        chosen = suite.with_orders(chosen, request.orders)
    chosen = suite.with_settings(chosen, request.settings.of_method)
    if weights is not None and not weights.is_dir():
        raise InputError(f"There is no folder of weights {weights.name!r} there. Check the path.")
    _check_settings(chosen, request.settings)
    check_writable(request.out)
    build = partial(build_installed, weights=weights)
    return run_suite(
        chosen, request.data, request.out, build=build, resume=request.resume, report=report
    )


def _check_settings(chosen: suite.Suite, settings: Settings) -> None:
    """Refuse a wrong setting before hours of runs, not at the first row that needs it."""
    for method in dict.fromkeys(run.config.method for run in chosen.runs):
        if given := settings.of_method(method):
            with suppress(NotFoundError, MissingExtraError, WeightsError):  # listed as not run
                build_method(method, given, None)


def _check_file(out: Path) -> None:
    if out.is_dir():
        raise InputError(f"{out.name} is a folder; expected the name of a file for the results.")
    check_writable(out.parent)
