"""A results file: settings first, then records as they come, the summary last; JSON lines."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assent.bench.config import BenchConfig
from assent.bench.record import Record, by_trial
from assent.core.errors import FileFormatError, InputError


@dataclass(frozen=True)
class Results:
    """What a results file holds; ``summary`` is None while the run is not finished."""

    settings: Mapping[str, Any]
    records: tuple[Record, ...]
    summary: Mapping[str, Any] | None


def settings_of(
    config: BenchConfig, *, weights: str, method_settings: str, datasets: Mapping[str, str]
) -> dict[str, Any]:
    """The first line of a results file: all on which the records depend.

    Args:
        config: Of the run.
        weights: Digest of the method's weights.
        method_settings: Digest of the method's settings.
        datasets: Name and digest of each dataset; "" for one that is not read from files.
    """
    return {
        "bench": config.to_json(),
        "weights": weights,
        "method_settings": method_settings,
        "datasets": dict(datasets),
    }


def start(path: Path, settings: Mapping[str, Any]) -> None:
    """Begin a results file; an existing one is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, [{"settings": settings}])


def finished(path: Path, settings: Mapping[str, Any]) -> list[Record] | None:
    """All records of a run that came to its end without a failure; None of any other.

    Raises:
        InputError, FileFormatError: As ``resume``.
    """
    if not path.exists():
        return None
    stored = read(path)
    _refuse_other(path, stored, settings)
    if stored.summary is None or any(record.error for record in stored.records):
        return None
    return list(stored.records)


def resume(path: Path, settings: Mapping[str, Any], *, rounds: int) -> list[Record]:
    """Make a results file ready to be continued, and return the records that stay.

    Cases that were interrupted or failed are dropped, to be played again. A file that does not
    exist yet is begun.

    Args:
        path: The file.
        settings: Of the run that wants to continue.
        rounds: Answers per case; a case is complete with one record more.

    Raises:
        InputError: If the file was made with other settings or other data; the message names
            one.
        FileFormatError: If it is not a results file.
    """
    if not path.exists():
        start(path, settings)
        return []
    stored = read(path)
    _refuse_other(path, stored, settings)
    complete = [r for rs in by_trial(stored.records).values() if len(rs) > rounds for r in rs]
    _replace(path, [{"settings": settings}, *(r.to_json() for r in complete)])
    return complete


def append(path: Path, records: Iterable[Record]) -> None:
    """Add records as they come; a killed run keeps what was added."""
    _append(path, [record.to_json() for record in records])


def finish(path: Path, summary: Mapping[str, Any]) -> None:
    """Add the last line."""
    _append(path, [{"summary": summary}])


def read(path: Path) -> Results:
    """All that a results file holds; a line cut off by a crash at the end is left out.

    Raises:
        InputError: If the file does not exist.
        FileFormatError: If it is not a results file.
    """
    if not path.is_file():
        raise InputError(f"There is no results file {path.name}. Run the benchmark first.")
    lines = path.read_text(encoding="utf-8").split("\n")
    values = []
    for number, line in enumerate(lines, start=1):
        try:
            values.append(json.loads(line) if line else {})
        except json.JSONDecodeError as error:
            if number == len(lines):
                break  # the last line has no end: the run was killed while writing it
            raise FileFormatError(
                f"Line {number} of {path.name} is not JSON; expected a results file of"
                " assent bench. Run the benchmark again without --resume."
            ) from error
    if not values or not isinstance(values[0], dict) or "settings" not in values[0]:
        raise FileFormatError(
            f"{path.name} does not begin with settings; expected a results file of assent bench."
        )
    summary = next((v["summary"] for v in values if "summary" in v), None)
    records = tuple(Record.from_json(v) for v in values if "round" in v)
    return Results(values[0]["settings"], records, summary)


def _replace(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    _append(part, values)
    os.replace(part, path)


def _append(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        for value in values:
            file.write(json.dumps(value, allow_nan=False) + "\n")


def _refuse_other(path: Path, stored: Results, settings: Mapping[str, Any]) -> None:
    _refuse_other_files(path, stored.settings.get("datasets"), settings["datasets"])
    if changed := _first_difference(stored.settings, settings):
        raise InputError(
            f"{path.name} was made with other settings ({changed}). Use the same settings to"
            " resume, write to another file, or start over without --resume."
        )


def _refuse_other_files(path: Path, stored: Any, given: Mapping[str, str]) -> None:
    """A folder that was changed gives other records under the same name."""
    if not isinstance(stored, Mapping) or stored.keys() != given.keys():
        return
    if changed := [name for name in given if stored[name] != given[name]]:
        raise InputError(
            f"The files of {changed[0]} are not those with which {path.name} was begun: images,"
            " masks or dataset.json were added, removed or changed. Restore them, write to"
            " another file, or start over without --resume."
        )


def _first_difference(stored: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    for name in sorted(set(stored) | set(given)):
        mine, theirs = stored.get(name), given.get(name)
        if mine == theirs:
            continue
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            if inside := _first_difference(mine, theirs):
                return f"{name}.{inside}"
            continue
        return f"{name}: {mine!r} there, {theirs!r} now"
    return ""
