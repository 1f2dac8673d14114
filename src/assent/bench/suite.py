"""Named suites: many runs, one table, and checks of what is claimed."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from assent.bench.config import BenchConfig
from assent.core.case import TaskSource
from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.datasets.folder import open_folder
from assent.datasets.synthetic import open_synthetic

SYNTHETIC = "synthetic:"
"""A dataset of this prefix is drawn, not read: "synthetic:raters2d"."""

METRICS = ("dice_at", "noc", "failure_rate", "hd95_mm")


@dataclass(frozen=True, kw_only=True)
class SuiteRun:
    """One run of a suite.

    Attributes:
        name: Of the row; runs of the same name (other seeds, say) are summarised together.
        data: Name of the dataset folder, or "synthetic:NAME".
        config: What is measured.
        settings: Settings of the method.
    """

    name: str
    data: str
    config: BenchConfig
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A claim about one row, or about the paired difference of two.

    Attributes:
        check: The claim in words.
        run: Name of the row.
        minus: Name of the row that is subtracted, or None.
        metric: One of ``METRICS``.
        round: Number of answers, for "dice_at".
        at_least: The value must not be smaller; None for no such bound.
        at_most: The value must not be larger; None for no such bound.
    """

    check: str
    run: str
    minus: str | None = None
    metric: str = "dice_at"
    round: int = 0
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        allowed = METRICS if self.minus is None else ("dice_at", "noc")
        if self.metric not in allowed:
            raise ConfigError(
                f"The check {self.check!r} asks for {self.metric!r}; expected one of:"
                f" {', '.join(allowed)}."
            )
        if (self.at_least is None) == (self.at_most is None):
            raise ConfigError(f"The check {self.check!r} needs either at_least or at_most.")


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named benchmark.

    Attributes:
        name: By which it is asked for.
        title: Heading of its report.
        about: What it shows, in a few sentences.
        runs: In order.
        checks: In order.
    """

    name: str
    title: str
    about: str
    runs: tuple[SuiteRun, ...]
    checks: tuple[Check, ...]


def names() -> list[str]:
    """The suites in the package, sorted."""
    return sorted(
        p.name.removesuffix(".toml") for p in _folder().iterdir() if p.name.endswith(".toml")
    )


def load(name: str) -> Suite:
    """A suite of the package.

    Raises:
        NotFoundError: If there is none of that name.
    """
    if name not in names():
        raise NotFoundError("suite", name, known=names())
    return parse(name, (_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Suite:
    """A suite from TOML.

    ``[[run]]`` tables hold ``name``, ``data``, ``settings`` and fields of ``BenchConfig``;
    ``[defaults]`` fills in what they leave out. A list stands for one run with each of its
    items, ``splits`` excepted, and ``{field}`` in a name for the value of that field.

    Raises:
        ConfigError: If the TOML is damaged, or a field is unknown, missing or out of range.
    """
    try:
        value = tomllib.loads(text)
        defaults = value.get("defaults", {})
        runs = [run for table in value["run"] for run in _runs({**defaults, **table})]
        checks = tuple(Check(**table) for table in value.get("check", ()))
        suite = Suite(
            name=name,
            title=value["title"],
            about=value.get("about", "").strip(),
            runs=tuple(runs),
            checks=checks,
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"The suite {name!r} cannot be read: {error}.") from error
    known = {run.name for run in runs}
    for check in checks:
        for row in {check.run, check.minus or check.run} - known:
            raise NotFoundError(f"run in the suite {name!r}", row, known=known)
    return suite


def open_source(data: str, root: Path | None) -> TaskSource:
    """The dataset a suite names: a folder below ``root``, or a synthetic one.

    Raises:
        InputError: If the folder is missing.
    """
    if data.startswith(SYNTHETIC):
        return open_synthetic(data.removeprefix(SYNTHETIC))
    if root is None or not (root / data).is_dir():
        raise InputError(
            f"The dataset {data} was not found below the data folder. Name the folder that"
            f" holds {data} with --data."
        )
    return open_folder(root / data)


def _folder() -> Any:
    return resources.files("assent.bench") / "suites"


def _runs(table: Mapping[str, Any]) -> Iterator[SuiteRun]:
    lists = {k: v for k, v in table.items() if isinstance(v, list) and k != "splits"}
    for values in product(*lists.values()):
        chosen = {**table, **dict(zip(lists, values, strict=True))}
        if "splits" in chosen:
            chosen["splits"] = tuple(chosen["splits"])
        known = {f.name for f in fields(BenchConfig)}
        yield SuiteRun(
            name=str(chosen["name"]).format(**_words(chosen)),
            data=chosen["data"],
            config=BenchConfig(**{k: v for k, v in chosen.items() if k in known}),
            settings=chosen.get("settings", {}),
        )
        if unknown := chosen.keys() - known - {"name", "data", "settings"}:
            raise ConfigError(f"A run has the unknown field {sorted(unknown)[0]!r}.")


def _words(table: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they read in a name: switches as on and off."""
    return {
        k: {True: "on", False: "off"}[v] if isinstance(v, bool) else v for k, v in table.items()
    }
