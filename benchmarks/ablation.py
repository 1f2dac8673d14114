"""What each choice is worth: trained at an equal budget, scored on held-out images, in one table.

python benchmarks/ablation.py --data SET... [--unseen SET...] --out DIR --minutes 20 [--processes 2]

The same call goes on where an earlier one was stopped. Each choice trains in a process of one
thread; scores lie beside its weights, and the table in DIR/ablation.md.
"""

import argparse
import json
import multiprocessing
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.core.errors import ConfigError
from assent.core.intervals import Interval, mean_interval, paired_difference_interval
from assent.io.atomic import write_text

BASE = "base"
CHOICES = Path(__file__).with_name("ablation.toml")
MEASURES = (
    *("1 click", "3 clicks", "context, 0 clicks", "context, 1 click", "context, 3 clicks"),
    "3 picks",
)
"""Columns of the table: what a record calls them."""

TITLES = {
    "seen": "Validation images",
    "unseen": "Sets that were not trained on",
    "invented": "Invented tasks, held out",
}
"""What the tables are about, by kind of image."""

Records = dict[tuple[str, int], Mapping[str, float]]


@dataclass(frozen=True)
class Choice:
    """One row of the table.

    Attributes:
        name: For people.
        training: Settings of the training, those of the base among them.
        method: Settings of the method when it is scored.
        copies: Whose weights are taken over instead of trained; "" for none.
    """

    name: str
    training: Mapping[str, Any] = field(default_factory=dict)
    method: Mapping[str, Any] = field(default_factory=dict)
    copies: str = ""

    @property
    def file(self) -> str:
        """Name for files."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Budget:
    """What all choices share.

    Attributes:
        data: Dataset folders, or "synthetic:NAME".
        unseen: The same, of sets that are scored without being trained on.
        out: Folder for weights, scores and the table.
        steps: Optimiser steps; None for ``minutes``.
        minutes: Minutes of training; None for ``steps``.
        images: Most images scored per task.
        invented: Number of invented tasks that are scored.
    """

    data: tuple[str, ...]
    out: Path
    steps: int | None = None
    minutes: float | None = None
    images: int = 3
    invented: int = 12
    unseen: tuple[str, ...] = ()


def read_choices(path: Path) -> list[Choice]:
    """The base and all choices of a file, the base first.

    Raises:
        ConfigError: If two choices have one name, or one copies what is not there.
    """
    stated = tomllib.loads(path.read_text(encoding="utf-8"))
    base = Choice(BASE, **stated.get(BASE, {}))
    found = [base]
    for item in stated.get("choice", []):
        training = _merged(base.training, item.get("training", {}))
        method = _merged(base.method, item.get("method", {}))
        found.append(Choice(item["name"], training, method, item.get("copies", "")))
    names = [choice.file for choice in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"{path.name} has several choices named {sorted(twice)[0]!r}.")
    for choice in found:
        if choice.copies and choice.copies not in {c.name for c in found if not c.copies}:
            raise ConfigError(f"{choice.name!r} copies {choice.copies!r}, which is not trained.")
    return found


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The base with changes on top, table by table."""
    merged = dict(base)
    for name, value in change.items():
        below = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[name] = _merged(below, value) if both else value
    return merged


def carry_out(choice: Choice, budget: Budget) -> None:
    """Train and score one choice, as far as that is not done yet."""
    import torch

    torch.set_num_threads(1)
    weights = budget.out / f"{choice.file}.safetensors"
    scores = budget.out / f"{choice.file}.jsonl"
    if not weights.exists():
        _copy(choice, budget, weights) if choice.copies else _train(choice, budget, weights)
    if not scores.exists():
        from ablation_score import SEEN, UNSEEN, score

        from assent.services.sources import open_sources

        sources = {SEEN: open_sources(list(budget.data))}
        if budget.unseen:
            sources[UNSEEN] = open_sources(list(budget.unseen))
        records = score(
            weights,
            sources,
            choice.method,
            images=budget.images,
            invented=budget.invented,
        )
        write_text(scores, "".join(json.dumps(record) + "\n" for record in records))


def _train(choice: Choice, budget: Budget, weights: Path) -> None:
    from assent.services.train import TrainRequest, train

    checkpoint = weights.with_suffix(".checkpoint.safetensors")
    request = TrainRequest(
        method="posterior",
        data=budget.data,
        out=weights,
        steps=budget.steps,
        minutes=budget.minutes,
        device="cpu",
        resume=checkpoint if checkpoint.exists() else None,
        training=choice.training,
        command=f"benchmarks/ablation.py: {choice.name}",
    )
    train(request, lambda progress: None)


def _copy(choice: Choice, budget: Budget, weights: Path) -> None:
    """The weights of another choice, with their constants fitted."""
    from assent.methods.posterior.fit import fit
    from assent.services.sources import open_sources

    coming = weights.with_suffix(".part.safetensors")
    shutil.copyfile(budget.out / f"{Choice(choice.copies).file}.safetensors", coming)
    fit(coming, open_sources(list(budget.data)))
    coming.replace(weights)


def table(choices: Sequence[Choice], out: Path) -> str:
    """Markdown: the base in absolute figures, the others as differences with 95 % intervals."""
    lines = []
    for kind, title in TITLES.items():
        base = _records(out, choices[0], kind)
        if not base:
            continue
        lines += [f"## {title}", "", f"{len(base)} images. Dice in points.", ""]
        lines += [_row("choice", "steps", *MEASURES), _row(*["---"] * (2 + len(MEASURES)))]
        for choice in choices:
            found = _records(out, choice, kind)
            cells = [_cell(found, base, m, choice.name == BASE) for m in MEASURES]
            lines.append(_row(choice.name, _steps(out, choice), *cells))
        lines.append("")
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(found: Records, base: Records, measure: str, is_base: bool) -> str:
    both = [key for key in base if key in found and measure in base[key] and measure in found[key]]
    if not both:
        return "–"
    # Images of one set rise and fall together.
    groups = [key[0] for key in both]
    here, there = ([side[key][measure] for key in both] for side in (found, base))
    if is_base:
        return _points(mean_interval(here, groups), "{:.1f}")
    return _points(paired_difference_interval(here, there, groups), "{:+.1f}")


def _points(interval: Interval, form: str) -> str:
    mean, low, high = (form.format(100 * v) for v in (interval.mean, interval.low, interval.high))
    return f"{mean} ({low} to {high})"


def _records(out: Path, choice: Choice, kind: str) -> Records:
    path = out / f"{choice.file}.jsonl"
    if not path.exists():
        return {}
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(r["set"], r["image"]): r["dice"] for r in found if r["kind"] == kind}


def _steps(out: Path, choice: Choice) -> str:
    from assent.models.weights import info

    path = out / f"{choice.file}.safetensors"
    return str(info(path)["steps"]) if path.exists() else "–"


def run(choices: Sequence[Choice], budget: Budget, processes: int) -> str:
    """Carry out all choices, those that copy another's weights last, and write the table."""
    budget.out.mkdir(parents=True, exist_ok=True)
    _check_same(budget)
    if processes > 1:
        os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    context = multiprocessing.get_context("spawn")
    for part in ([c for c in choices if not c.copies], [c for c in choices if c.copies]):
        if processes == 1:
            for choice in part:
                carry_out(choice, budget)
            continue
        with context.Pool(processes, maxtasksperchild=1) as pool:
            pool.starmap(carry_out, [(choice, budget) for choice in part], chunksize=1)
    text = table(choices, budget.out)
    write_text(budget.out / "ablation.md", text)
    return text


def _check_same(budget: Budget) -> None:
    """Refuse to mix budgets in one folder."""
    path = budget.out / "budget.json"
    facts = {"data": list(budget.data), "steps": budget.steps, "minutes": budget.minutes}
    facts |= {"images": budget.images, "invented": budget.invented, "unseen": list(budget.unseen)}
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != facts:
        raise ConfigError(
            f"{budget.out.name} holds results of another budget. Give the same arguments to go on,"
            " or another folder."
        )
    write_text(path, json.dumps(facts))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--unseen", nargs="+", default=[], help="sets to score, not to train on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--choices", type=Path, default=CHOICES)
    parser.add_argument("--only", nargs="+", help="names of choices; the base always")
    parser.add_argument("--images", type=int, default=3, help="scored per task")
    parser.add_argument("--invented", type=int, default=12, help="invented tasks scored")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    given = parser.parse_args(arguments)
    choices = read_choices(given.choices)
    if given.only:
        known = {choice.name for choice in choices}
        if unknown := sorted(set(given.only) - known):
            raise ConfigError(f"There is no choice {unknown[0]!r}; known: {', '.join(known)}.")
        choices = [c for c in choices if c.name in {BASE, *given.only}]
    budget = Budget(
        tuple(given.data),
        given.out,
        given.steps,
        given.minutes,
        given.images,
        given.invented,
        tuple(given.unseen),
    )
    print(run(choices, budget, given.processes))


if __name__ == "__main__":
    main()
