"""Named suites: many runs, one table, and checks of what is claimed."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from assent.bench.check import Check, checks_of, refuse_unmeasured
from assent.bench.config import BenchConfig
from assent.bench.strokes import with_strokes
from assent.core.case import TaskSource
from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.datasets.folder import open_folder
from assent.datasets.folds import in_fold
from assent.datasets.synthetic import open_synthetic

SYNTHETIC = "synthetic:"
"""A dataset of this prefix is drawn, not read: "synthetic:raters2d"."""

LISTS = ("splits", "leave_out")
"""Fields of a run that are lists themselves."""


@dataclass(frozen=True, kw_only=True)
class SuiteRun:
    """One run of a suite.

    Attributes:
        name: Of the row; runs of the same name (other seeds or folds) are summarised together.
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
        fold = f"-fold{self.config.fold}" if self.config.fold else ""
        return f"{words}{fold}-seed{self.config.seed}"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named benchmark.

    Attributes:
        name: By which it is asked for.
        title: Heading of its report.
        about: What it shows, in a few sentences.
        runs: In order.
        checks: In order.
        pictures: Names of the rows whose best, median and worst case are drawn, in which * stands
            for anything; "" for none.
    """

    name: str
    title: str
    about: str
    runs: tuple[SuiteRun, ...]
    checks: tuple[Check, ...]
    pictures: str = ""

    def draws(self, run: SuiteRun) -> bool:
        """Whether cases of a run are drawn."""
        return fnmatchcase(run.name, self.pictures)


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
    each of its items, ``LISTS`` excepted, and ``{field}`` in a name for the value of that field.
    ``[[check]]`` tables hold fields of ``Check``; a list ``each`` stands for one check with each
    of its items in the place of ``{each}``.

    Raises:
        ConfigError: If the TOML is damaged, or a field is unknown, missing or out of range.
    """
    try:
        value = tomllib.loads(text)
        defaults = value.get("defaults", {})
        runs = [run for table in value["run"] for run in _runs({**defaults, **table})]
        checks = tuple(c for table in value.get("check", ()) for c in checks_of(table))
        suite = Suite(
            name=name,
            title=value["title"],
            about=value.get("about", "").strip(),
            runs=tuple(runs),
            checks=checks,
            pictures=value.get("pictures", ""),
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


def with_only(suite: Suite, pattern: str) -> Suite:
    """A part of a suite: rows whose name holds a pattern, and the checks of such rows alone.

    Args:
        suite: As it ships.
        pattern: Part of a name, in which * stands for anything and ? for one character.

    Raises:
        ConfigError: If no row is left.
    """
    runs = tuple(run for run in suite.runs if fnmatchcase(run.name, f"*{pattern}*"))
    if not runs:
        known = ", ".join(dict.fromkeys(repr(run.name) for run in suite.runs))
        raise ConfigError(
            f"bench-suite.only is {pattern!r}, but no row of the suite {suite.name!r} is named so."
            f" Choose a part of one of these names: {known}."
        )
    names = {run.name for run in runs}
    return replace(
        suite,
        about=f"{suite.about}\n\nA part of the suite: rows named *{pattern}*.".strip(),
        runs=runs,
        checks=tuple(check for check in suite.checks if check.rows <= names),
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


def open_source(
    data: str, root: Path | None, *, by_hand: bool = False, fold: int = 0
) -> TaskSource:
    """The dataset a suite names: a folder below ``root``, or a synthetic one.

    Args:
        data: Its name.
        root: Folder that holds the datasets.
        by_hand: Whether the people who drew strokes on its images are its raters.
        fold: Turn of its split.

    Raises:
        InputError: If the folder is missing, or nobody drew strokes.
        ConfigError: If there is no such fold.
    """
    folder = folder_of(data, root)
    source: TaskSource = (
        open_synthetic(data.removeprefix(SYNTHETIC)) if folder is None else open_folder(folder)
    )
    source = in_fold(source, fold)
    return with_strokes(source, folder) if by_hand else source


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
        if suite.draws(run) and (run.config.sequence or run.config.carry_over):
            raise ConfigError(
                f"The pictures {suite.pictures!r} include {run.name!r}, where what an image shows"
                " depends on those before. Choose rows without sequence and carry_over."
            )
    known = {run.name: run.config for run in suite.runs}
    for check in suite.checks:
        refuse_unmeasured(check, known, suite.name)


def _runs(table: Mapping[str, Any]) -> Iterator[SuiteRun]:
    lists = {k: v for k, v in table.items() if isinstance(v, list) and k not in LISTS}
    for values in product(*lists.values()):
        chosen = {**table, **dict(zip(lists, values, strict=True))}
        chosen |= {key: tuple(chosen[key]) for key in LISTS if key in chosen}
        known = {f.name for f in fields(BenchConfig)}
        words = _words(chosen)
        yield SuiteRun(
            name=str(chosen["name"]).format(**words),
            data=chosen["data"],
            config=BenchConfig(**{k: v for k, v in chosen.items() if k in known}),
            settings=chosen.get("settings", {}),
            weights=str(chosen.get("weights", "")).format(**words),
        )
        own = {f.name for f in fields(SuiteRun)}
        if unknown := chosen.keys() - known - own - {"config"}:
            raise ConfigError(f"A run has the unknown field {sorted(unknown)[0]!r}.")


def _words(table: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they read in a name: switches as on and off."""
    return {
        k: {True: "on", False: "off"}[v] if isinstance(v, bool) else v for k, v in table.items()
    }
