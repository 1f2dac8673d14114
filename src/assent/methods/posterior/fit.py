"""Fit the constants that come with the weights, on validation raters.

Simulated people answer on validation images of sets with several raters: one click where all
agree, three picks of which a tenth are mistakes, then they accept their own mask. From this follow
the within-person covariance W of z, the calibration of predicted Dice, and the choice constants
whose recommendations after three picks agree best with what these people drew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assent.core.case import TaskSource
from assent.core.feedback import Accept, Correct, Pick
from assent.core.image import Image, from_array
from assent.core.metrics import dice
from assent.core.simulate import consensus_click, next_click, pick
from assent.methods.posterior import profile
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import fit_calibration
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.shipped import Constants, load
from assent.methods.posterior.state import PosteriorEmbedding
from assent.methods.posterior.tasks import Example, Task, read_tasks
from assent.models.weights import read_weights, save_weights

EXAMPLES = 4
"""Images per set that simulated people work on."""

RATERS = 3
"""Raters per image."""

PICKS = 3

LAPSE = 0.1

GRID: Mapping[str, tuple[float, ...]] = {
    "prompt_weight": (0.3, 1.0, 3.0, 10.0),
    "beta": (10.0, 20.0, 40.0),
}
"""Values that are tried, one constant after the other; the first of equals wins."""


@dataclass(frozen=True, eq=False)
class Work:
    """What one simulated person left on one image.

    Attributes:
        rater: Dataset and rater.
        achieved: Their Dice with the person's own mask.
        mean: Posterior mean of z after acceptance.
    """

    rater: str
    achieved: tuple[float, ...]
    mean: NDArray[np.float64]


def fit(path: Path, sources: Sequence[TaskSource], *, seed: int = 0) -> Constants:
    """Fit the constants of a weights file on the validation split, and store them in it.

    Args:
        path: A file that training wrote; rewritten with the constants in its metadata.
        sources: The sets it was trained on; without raters among them nothing is fitted.
        seed: Of the simulated people.
    """
    network, _, digest = load(path)
    tasks = read_tasks(sources, "val", side=PosteriorConfig().working_side)
    people = [t for t in tasks if t.has_raters]
    constants = Constants()

    def build(trial: Constants) -> Posterior:
        return Posterior(trial.configured({}), network, trial, digest)

    if people:
        constants = _choice(build, people, seed)
        method = build(constants)
        works = list(_work(method, people, seed))
        by_rater: dict[str, list[NDArray[np.float64]]] = {}
        for work in works:
            by_rater.setdefault(work.rater, []).append(work.mean)
        within = profile.within_person(list(by_rater.values()))
        constants = replace(constants, within=tuple(tuple(map(float, row)) for row in within))
    clicked = list(_click_work(build(constants), tasks, seed))
    if clicked:
        expected, achieved = (np.array(v) for v in zip(*clicked, strict=True))
        constants = replace(constants, calibration=fit_calibration(expected, achieved))
    _store(path, constants)
    return constants


def _choice(
    build: Callable[[Constants], Posterior], people: Sequence[Task], seed: int
) -> Constants:
    chosen: dict[str, float] = {}
    for name, values in GRID.items():
        scores = []
        for value in values:
            trial = Constants(choice=tuple(sorted((chosen | {name: value}).items())))
            works = list(_work(build(trial), people, seed))
            scores.append(float(np.mean([work.achieved[-1] for work in works])))
        chosen[name] = values[int(np.argmax(scores))]
    return Constants(choice=tuple(sorted(chosen.items())))


def _work(method: Posterior, people: Sequence[Task], seed: int) -> Iterator[Work]:
    for task in people:
        for number, example in enumerate(task.examples[:EXAMPLES]):
            image, masks = as_image(example)
            embedding = method.embed(image)
            raters = sorted(masks)
            turn = number % max(1, len(raters) // RATERS)
            for rater in raters[turn :: max(1, len(raters) // RATERS)][:RATERS]:
                rng = np.random.default_rng([seed, number, raters.index(rater)])
                work = _session(method, embedding, masks, rater, rng)
                if work is not None:
                    yield replace(work, rater=f"{task.dataset}/{rater}")


def _session(
    method: Posterior,
    embedding: PosteriorEmbedding,
    masks: Mapping[str, NDArray[np.bool_]],
    rater: str,
    rng: np.random.Generator,
) -> Work | None:
    wanted = masks[rater]
    click = consensus_click(list(masks.values()), rng=rng)
    if click is None or not wanted.any():
        return None
    state = method.begin(embedding, seed=int(rng.integers(2**31)))
    state = method.update(embedding, state, Correct((click,), 0))
    achieved = []
    for turn in range(PICKS + 1):
        proposal = method.propose(embedding, state)
        achieved.append(dice(proposal.recommended, wanted))
        if turn == PICKS or not len(proposal.alternatives):
            break
        chosen = pick(proposal.alternatives, wanted, rng=rng, lapse=LAPSE)
        state = method.update(embedding, state, Pick(chosen, state.round))
    state = method.update(embedding, state, Accept("edited", state.round, edited=wanted))
    mean = state.finished[0] if state.finished is not None else np.zeros(0)
    return Work(rater, tuple(achieved), mean)


def _click_work(
    method: Posterior, tasks: Sequence[Task], seed: int
) -> Iterator[tuple[float, float]]:
    """Expected and achieved Dice after one, two and three clicks, a few images per task."""
    for task in tasks:
        for number, example in enumerate(task.examples[:3]):
            image, masks = as_image(example)
            wanted = next(iter(masks.values()))
            rng = np.random.default_rng([seed, number])
            embedding = method.embed(image)
            state = method.begin(embedding, seed=seed)
            mask = np.zeros_like(wanted)
            for turn in range(3):
                click = next_click(mask, wanted, rng=rng)
                if click is None:
                    break
                state = method.update(embedding, state, Correct((click,), turn))
                proposal = method.propose(embedding, state)
                mask = proposal.recommended
                yield proposal.predicted_dice, dice(mask, wanted)


def as_image(example: Example) -> tuple[Image, dict[str, NDArray[np.bool_]]]:
    """A training example as an image and its raters' masks ``(1, H, W)``."""
    image = from_array(np.moveaxis(example.image, 0, -1))
    return image, {rater: distance[None] < 0 for rater, distance in example.distances.items()}


def _store(path: Path, constants: Constants) -> None:
    tensors, facts = read_weights(path)
    facts["constants"] = {
        "calibration": list(constants.calibration),
        "within": [list(row) for row in constants.within],
        "choice": dict(constants.choice),
    }
    save_weights(path, tensors, facts)
