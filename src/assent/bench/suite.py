"""Named suites: many runs, one table, and checks of what is claimed."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
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
        weights: Name of weights that do not ship, without suffix; "" for those that do.
    """

    name: str
    data: str
    config: BenchConfig
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""

    @property
    def slug(self) -> str:
        """Name of its results file, without suffix."""
        words = re.sub(r"[^a-z0-9.]+", "-", self.name.lower()).strip("-")
        return f"{words}-seed{self.config.seed}"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A claim about one row, or about paired differences to others.

    Attributes:
        check: The claim in words.
        run: Name of the row.
        minus: Names of the rows that are subtracted, one at a time; the claim is about the best
            of them, which leaves the least favourable difference. The row itself may be one.
        metric: One of ``METRICS``.
        round: Number of answers, for "dice_at".
        minus_round: Number of answers in what is subtracted; None for the same.
        at_least: The value must not be smaller; None for no such bound.
        at_most: The value must not be larger; None for no such bound.
        low_above: The lower end of the interval must lie above this; None for no such bound.
    """

    check: str
    run: str
    minus: Sequence[str] = ()
    metric: str = "dice_at"
    round: int = 0
    minus_round: int | None = None
    at_least: float | None = None
    at_most: float | None = None
    low_above: float | None = None

    def __post_init__(self) -> None:
        allowed = ("dice_at", "noc") if self.minus else METRICS
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

    ``[[run]]`` tables hold ``name``, ``data``, ``settings``, ``weights`` and fields of
    ``BenchConfig``; ``[defaults]`` fills in what they leave out. A list stands for one run with
    each of its items, ``splits`` excepted, and ``{field}`` in a name for the value of that field.

    Raises:
        ConfigError: If the TOML is damaged, or a field is unknown, missing or out of range.
    """
    try:
        value = tomllib.loads(text)
        defaults = value.get("defaults", {})
        runs = [run for table in value["run"] for run in _runs({**defaults, **table})]
        checks = tuple(_check(table) for table in value.get("check", ()))
        suite = Suite(
            name=name,
            title=value["title"],
            about=value.get("about", "").strip(),
            runs=tuple(runs),
            checks=checks,
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"The suite {name!r} cannot be read: {error}.") from error
    _refuse_unclear(suite)
    return suite


def with_orders(suite: Suite, most: int) -> Suite:
    """A quicker suite: of runs that differ in their seed only, the first ``most`` remain.

    Raises:
        ConfigError: If none would remain.
    """
    if most < 1:
        raise ConfigError(f"bench-suite.orders is {most}, but must be at least 1.")
    seeds: dict[str, list[int]] = {}
    for run in suite.runs:
        seeds.setdefault(run.name, []).append(run.config.seed)
    if all(len(each) <= most for each in seeds.values()):
        return suite
    return replace(
        suite,
        about=f"{suite.about}\n\nA quick variant: at most {most} orders in a row.".strip(),
        runs=tuple(run for run in suite.runs if run.config.seed in seeds[run.name][:most]),
    )


def with_settings(suite: Suite, of_method: Callable[[str], Mapping[str, Any]]) -> Suite:
    """A suite whose methods have other settings; its report says so.

    Args:
        suite: As it ships.
        of_method: Settings given for a method, by its name; they win over those of the suite.
    """
    given = {run.config.method: of_method(run.config.method) for run in suite.runs}
    changed = [
        f"{method}.{key} = {value!r}"
        for method, values in sorted(given.items())
        for key, value in values.items()
    ]
    if not changed:
        return suite
    return replace(
        suite,
        about=f"{suite.about}\n\nWith other settings: {', '.join(changed)}.".strip(),
        runs=tuple(
            replace(run, settings={**run.settings, **given[run.config.method]})
            for run in suite.runs
        ),
    )


def folder_of(data: str, root: Path | None) -> Path | None:
    """The folder of a dataset that a suite names; None for a synthetic one.

    Raises:
        InputError: If the folder is missing.
    """
    if data.startswith(SYNTHETIC):
        return None
    if root is None or not (root / data).is_dir():
        raise InputError(
            f"The dataset {data} was not found below the data folder. Name the folder that"
            f" holds {data} with --data."
        )
    return root / data


def open_source(data: str, root: Path | None) -> TaskSource:
    """The dataset a suite names: a folder below ``root``, or a synthetic one.

    Raises:
        InputError: If the folder is missing.
    """
    folder = folder_of(data, root)
    return open_synthetic(data.removeprefix(SYNTHETIC)) if folder is None else open_folder(folder)


def _folder() -> Any:
    return resources.files("assent.bench") / "suites"


def _refuse_unclear(suite: Suite) -> None:
    slugs = [run.slug for run in suite.runs]
    for run in suite.runs:
        if slugs.count(run.slug) > 1:
            raise ConfigError(
                f"Several runs are named {run.name!r} and have the seed {run.config.seed}, so that"
                " their records could not be told apart. Put what differs into the name, as in"
                " {lapse}."
            )
    known = {run.name: run.config for run in suite.runs}
    for check in suite.checks:
        for row in {check.run, *check.minus} - known.keys():
            raise NotFoundError(f"run in the suite {suite.name!r}", row, known=known)
        _refuse_unmeasured(check, known)


def _refuse_unmeasured(check: Check, known: Mapping[str, BenchConfig]) -> None:
    before = check.round if check.minus_round is None else check.minus_round
    asked = [(check.run, check.round), *((row, before) for row in check.minus)]
    for row, answers in asked:
        config = known[row]
        if check.metric == "dice_at" and not 0 <= answers <= config.rounds:
            raise ConfigError(
                f"The check {check.check!r} asks for {answers} answers, but {row!r} has"
                f" {config.rounds} rounds. Choose one of them, or more rounds."
            )
        if check.metric in {"noc", "failure_rate"} and not (config.target_dice and config.rounds):
            raise ConfigError(
                f"The check {check.check!r} counts answers to a target, but {row!r} has none."
                " Give the run a target_dice and at least one round."
            )


def _check(table: Mapping[str, Any]) -> Check:
    minus = table.get("minus", ())
    return Check(**{**table, "minus": (minus,) if isinstance(minus, str) else tuple(minus)})


def _runs(table: Mapping[str, Any]) -> Iterator[SuiteRun]:
    lists = {k: v for k, v in table.items() if isinstance(v, list) and k != "splits"}
    for values in product(*lists.values()):
        chosen = {**table, **dict(zip(lists, values, strict=True))}
        if "splits" in chosen:
            chosen["splits"] = tuple(chosen["splits"])
        known = {f.name for f in fields(BenchConfig)}
        words = _words(chosen)
        yield SuiteRun(
            name=str(chosen["name"]).format(**words),
            data=chosen["data"],
            config=BenchConfig(**{k: v for k, v in chosen.items() if k in known}),
            settings=chosen.get("settings", {}),
            weights=str(chosen.get("weights", "")).format(**words),
        )
        if unknown := chosen.keys() - known - {"name", "data", "settings", "weights"}:
            raise ConfigError(f"A run has the unknown field {sorted(unknown)[0]!r}.")


def _words(table: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they read in a name: switches as on and off."""
    return {
        k: {True: "on", False: "off"}[v] if isinstance(v, bool) else v for k, v in table.items()
    }
