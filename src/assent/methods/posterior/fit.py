"""Fit the constants that come with the weights, on the validation split.

Simulated people (``sittings.py``) work on images of sets with several raters. The choice constants
are those with which the recommendations after their answers agree best with what they drew: not
those under which their answers are likeliest, which would only measure how they were simulated.
How much the refitted classifier adds is chosen on clicks alone, on images of all sets. From the
work of the people also follows W, how much z varies between one person's images. Predicted Dice is
calibrated twice, on images of all sets: after prompts and picks, and from finished images alone,
where the posterior knows less about how wrong it may be.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assent.core.case import TaskSource
from assent.methods.posterior import profile
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import Calibration, fit_calibration
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.shipped import Constants, load
from assent.methods.posterior.sittings import (
    Pairs,
    Sitting,
    Work,
    clicked,
    from_context,
    sittings,
    spread,
    work,
)
from assent.methods.posterior.tasks import Task, read_tasks
from assent.models.weights import read_weights, save_weights

CHOICE_SIDE = 96
"""Longest side of the images before which people sit: small, for they sit often."""

IMAGES = 3
"""Images per set that simulated people work on."""

RATERS = 3
"""Raters per set."""

CALIBRATED = 40
"""Images over all sets on which predicted Dice is compared with what was achieved."""

GRID: Mapping[str, tuple[float, ...]] = {
    "prompt_weight": (1.0, 0.3, 3.0, 10.0),
    "beta": (20.0, 10.0, 40.0, 80.0),
    "none_at": (0.7, 0.5, 0.85),
    "lapse": (0.1, 0.03, 0.25),
    "prompt_lapse": (0.02, 0.005, 0.1),
}
"""Values that are tried, one constant after the other, by name of their setting.

The first is where the search starts, and stays unless another is better beyond chance.
"""

REFIT_WEIGHTS = (0.5, 0.0, 1.0)
"""Weights of the refitted classifier that are tried; the first as in ``GRID``."""

Share = Callable[[float], None]
"""Told the share done in [0, 1]."""

Result = TypeVar("Result")


def fit(
    path: Path,
    sources: Sequence[TaskSource],
    report: Share = lambda done: None,
    *,
    seed: int = 0,
) -> Constants:
    """Fit the constants of a weights file on the validation split, and store them in it.

    What the split cannot say stays as it is by default: the choice constants without raters, W
    without a rater of two images, a calibration without images.

    Args:
        path: A file that training wrote; rewritten with the constants in its metadata.
        sources: The sets it was trained on.
        report: Told the share done.
        seed: Of the simulated people.
    """
    network, _, digest = load(path)

    def build(trial: Constants) -> Posterior:
        return Posterior(trial.configured({}), network, trial, digest)

    tasks = spread(read_tasks(sources, "val", side=PosteriorConfig().working_side), CALIBRATED)
    several = [source for source in sources if source.has_raters]
    people = read_tasks(several, "val", side=CHOICE_SIDE)
    found = sittings(build(Constants()), people, images=IMAGES, raters=RATERS, seed=seed)
    each = CALIBRATED // max(1, len(tasks))
    images = sum(min(each, len(task.examples)) for task in tasks)
    trials = 1 + sum(len(values) - 1 for values in GRID.values())
    steps = Steps(report, len(found) * trials + (2 + len(REFIT_WEIGHTS)) * images)

    def after_clicks(trial: Constants) -> list[Pairs]:
        return list(steps.over(_clicked(build(trial), tasks, each, seed)))

    refit_weight = fit_refit(after_clicks)
    constants, works = fit_choice(build, found, steps, refit_weight=refit_weight)
    constants = replace(constants, within=within_of(works))
    method = build(constants)
    told = [pair for done in works for pair in done.pairs]
    for pairs in after_clicks(constants):
        told += pairs
    alone: Pairs = []
    for pairs in steps.over(_propagated(method, tasks, each, seed)):
        alone += pairs
    constants = calibrated(constants, told, alone)
    _store(path, constants)
    return constants


class Steps:
    """Tells how much of the fitting is done.

    Args:
        report: Told the share done.
        total: Sittings and images to come.
    """

    def __init__(self, report: Share, total: int) -> None:
        self._report, self._total, self._done = report, total, 0

    def over(self, results: Iterable[Result]) -> Iterator[Result]:
        """The same results, each told as one step."""
        for result in results:
            self._done += 1
            self._report(min(1.0, self._done / max(1, self._total)))
            yield result


def fit_refit(after_clicks: Callable[[Constants], list[Pairs]]) -> float:
    """The value of ``REFIT_WEIGHTS`` with which clicks reach most, by the rule of ``fit_choice``.

    Args:
        after_clicks: Predicted and achieved Dice after each click on each image.
    """

    def reached(weight: float) -> NDArray[np.float64]:
        trial = Constants(choice=(("refit_weight", weight),))
        found = after_clicks(trial)
        return np.array([np.mean([got for _, got in pairs]) for pairs in found if pairs])

    trials = ((weight, reached(weight)) for weight in REFIT_WEIGHTS)
    return _winner(trials, lambda found: found)[0]


def fit_choice(
    build: Callable[[Constants], Posterior],
    people: Sequence[Sitting],
    steps: Steps,
    *,
    refit_weight: float = REFIT_WEIGHTS[0],
) -> tuple[Constants, list[Work]]:
    """The values of ``GRID`` under which people reach the best masks, and their work with these.

    One constant after the other, each under the best values so far. A value replaces the first
    only if it is better by more than the standard error of the difference over the same people,
    who have the same luck under both. Without people nothing but ``refit_weight`` is chosen.
    """
    told = (("refit_weight", refit_weight),) if refit_weight != REFIT_WEIGHTS[0] else ()
    if not people:
        return Constants(choice=told), []

    def works(trial: Mapping[str, float]) -> list[Work]:
        method = build(Constants(choice=tuple(sorted(trial.items()))))
        return list(steps.over(work(method, sitting) for sitting in people))

    chosen = {name: values[0] for name, values in GRID.items()} | {"refit_weight": refit_weight}
    best = works(chosen)
    for name, (first, *others) in GRID.items():
        tried = ((value, works(chosen | {name: value})) for value in others)
        chosen[name], best = _winner(chain([(first, best)], tried), _reached)
    return Constants(choice=tuple(sorted(chosen.items()))), best


def _winner(
    trials: Iterable[tuple[float, Result]], reached: Callable[[Result], NDArray[np.float64]]
) -> tuple[float, Result]:
    """The first value, unless another is better beyond chance: then the best of those."""
    (chosen, best), *others = trials
    start = reached(best)
    for value, found in others:
        if _is_better(reached(found), start) and reached(found).mean() > reached(best).mean():
            chosen, best = value, found
    return chosen, best


def _is_better(reached: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    gain = reached - other
    return bool(len(gain) and gain.mean() > gain.std() / np.sqrt(len(gain)))


def _reached(works: Sequence[Work]) -> NDArray[np.float64]:
    return np.array([done.achieved for done in works])


def within_of(works: Sequence[Work]) -> tuple[tuple[float, ...], ...]:
    """W of people who worked on two images or more; empty where nobody did."""
    by_rater: dict[str, list[NDArray[np.float64]]] = {}
    for done in works:
        by_rater.setdefault(done.rater, []).append(done.mean)
    several = [means for means in by_rater.values() if len(means) > 1]
    if not several:
        return ()
    return tuple(tuple(map(float, row)) for row in profile.within_person(several))


def calibrated(constants: Constants, told: Pairs, alone: Pairs) -> Constants:
    """The constants with both calibrations.

    Args:
        constants: Of the choice model.
        told: Predicted and achieved Dice after prompts and picks; none leaves the identity.
        alone: The same from finished images alone; none leaves the calibration of ``told``.
    """
    prompted = _calibration(told) if told else constants.calibration
    context = _calibration(alone) if alone else prompted
    return replace(constants, calibration=prompted, context_calibration=context)


def _calibration(pairs: Pairs) -> Calibration:
    expected, achieved = np.array(pairs).T
    return fit_calibration(expected, achieved)


def _clicked(method: Posterior, tasks: Sequence[Task], images: int, seed: int) -> Iterator[Pairs]:
    for task in tasks:
        for example in spread(task.examples, images):
            yield clicked(method, example, seed=seed)


def _propagated(
    method: Posterior, tasks: Sequence[Task], images: int, seed: int
) -> Iterator[Pairs]:
    for task in tasks:
        yield from from_context(method, task, images, seed=seed)


def _store(path: Path, constants: Constants) -> None:
    tensors, facts = read_weights(path)
    facts["constants"] = constants.facts()
    save_weights(path, tensors, facts)
