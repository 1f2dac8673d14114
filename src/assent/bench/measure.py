"""Run into a results file: records as they come, the summary at the end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from assent.bench import results
from assent.bench.config import BenchConfig
from assent.bench.record import Record
from assent.bench.run import CaseDone, run
from assent.bench.summarise import summarise
from assent.core.case import TaskSource
from assent.methods.protocol import Method


def measure(
    sources: Sequence[TaskSource],
    method: Method,
    config: BenchConfig,
    path: Path,
    *,
    digests: Mapping[str, str] = MappingProxyType({}),
    resume: bool = False,
    report: Callable[[CaseDone], None] | None = None,
) -> list[Record]:
    """Play what is not in the file yet, and return all records.

    Args:
        sources: Datasets, in order.
        method: The method to measure.
        config: Everything else.
        path: The results file; replaced unless resumed.
        digests: Of the files of datasets, by name.
        resume: Keep the complete cases of an interrupted run with the same settings and files; of
            one that came to its end, nothing is played again.
        report: Told after every case.

    Raises:
        InputError: If the file to resume was made with other settings or files, or as ``run``
            does.
    """
    settings = results.settings_of(
        config,
        weights=method.weights_digest,
        method_settings=method.settings_digest,
        datasets={source.name: digests.get(source.name, "") for source in sources},
    )
    if resume and (whole := results.finished(path, settings)) is not None:
        return whole
    if resume:
        records = results.resume(path, settings, rounds=config.rounds)
    else:
        results.start(path, settings)
        records = []
    finished = {record.key for record in records}
    for record in run(sources, method, config, finished=finished, report=report):
        results.append(path, [record])
        records.append(record)
    results.finish(path, summarise(records, config))
    return records
