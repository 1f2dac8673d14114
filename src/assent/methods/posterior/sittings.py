"""Simulated people at work on validation images, for fitting constants.

A person wants what one rater drew. They click where all raters agree, and from then on only pick,
or correct with a click before each pick; in the end they accept their own mask. They are not
perfect: a tenth of the picks is careless, the hand that clicks is unsteady, and each person has
their own idea of how near is near enough, below which they answer "none of these".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.feedback import Accept, Correct, Feedback, Pick
from assent.core.image import Image, from_array
from assent.core.metrics import dice
from assent.core.prompts import Click
from assent.core.simulate import best_candidate, consensus_click, lapses, next_click
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.recall import Remembered
from assent.methods.posterior.state import PosteriorEmbedding
from assent.methods.posterior.tasks import Example, Task

Kind = Literal["click", "pick"]

CHOOSING: tuple[Kind, ...] = ("click", *("pick",) * 4)
"""How most people work: they point at the object, and choose."""

CORRECTING: tuple[Kind, ...] = ("click", "pick") * 3
"""How every third person works."""

LAPSE = 0.1
"""Share of picks that are any answer at random, "none of these" included."""

UNSTEADY_PX = 1.0
"""Standard deviation of a click's place: at a border it may say the opposite of what is meant."""

NEAR_ENOUGH = (0.4, 0.9)
"""Between these lies the Dice below which a person answers "none of these"."""

CLICKS = 3
"""Clicks after each of which a prediction is compared with what was achieved."""

CONTEXTS = (1, 3, 8)
"""Finished images from which a mask is predicted without any prompt."""

Pairs = list[tuple[float, float]]
"""Predicted Dice, not calibrated, and achieved Dice."""

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Sitting:
    """One person before one image.

    Attributes:
        rater: Dataset and rater.
        embedding: Of the image.
        masks: ``(1, H, W)`` of every rater.
        wanted: ``(1, H, W)`` what this person drew.
        near: Dice below which nothing shown will do.
        seed: Of everything this person does.
    """

    rater: str
    embedding: PosteriorEmbedding = field(repr=False)
    masks: Sequence[NDArray[np.bool_]] = field(repr=False)
    wanted: NDArray[np.bool_] = field(repr=False)
    near: float
    seed: tuple[int, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """How this person works on this image."""
        return CORRECTING if self.seed[-1] % 3 == 1 else CHOOSING


@dataclass(frozen=True, eq=False)
class Work:
    """What a sitting left.

    Attributes:
        rater: Dataset and rater.
        pairs: Predicted and achieved Dice after each answer.
        mean: Posterior mean of z after acceptance, ``(d,)``.
    """

    rater: str
    pairs: Pairs
    mean: NDArray[np.float64]

    @property
    def achieved(self) -> float:
        """Mean Dice over all answers: what the person looked at while working."""
        return float(np.mean([achieved for _, achieved in self.pairs]))


def sittings(
    method: Posterior, people: Sequence[Task], *, images: int, raters: int, seed: int
) -> list[Sitting]:
    """Up to ``raters`` people on each of up to ``images`` images of every task.

    The same people sit before every image of a task as far as they drew it.
    """
    found = []
    for number, task in enumerate(people):
        everyone = sorted({rater for example in task.examples for rater in example.distances})
        for place, example in enumerate(spread(task.examples, images)):
            image, masks = as_image(example)
            embedding = method.embed(image)
            for rater in spread(everyone, raters):
                if rater in masks and masks[rater].any():
                    who = (seed, number, everyone.index(rater))
                    near = np.random.default_rng(who).uniform(*NEAR_ENOUGH)
                    name, seen = f"{task.dataset}/{rater}", tuple(masks.values())
                    found.append(
                        Sitting(name, embedding, seen, masks[rater], float(near), (*who, place))
                    )
    return found


def work(method: Posterior, sitting: Sitting) -> Work:
    """What this person reaches with this method."""
    embedding, wanted = sitting.embedding, sitting.wanted
    state = method.begin(embedding, seed=int(np.random.default_rng(sitting.seed).integers(2**31)))
    proposal: Proposal | None = None
    pairs: Pairs = []
    for turn, kind in enumerate(sitting.kinds):
        # Chance is drawn anew each time: what is answered never shifts what is drawn later.
        rng = np.random.default_rng((*sitting.seed, turn))
        feedback = _answer(kind, sitting, proposal, rng)
        if feedback is not None:
            state = method.update(embedding, state, feedback)
            proposal = method.propose(embedding, state)
        if proposal is not None:
            pairs.append((proposal.predicted_dice, dice(proposal.recommended, wanted)))
    state = method.update(embedding, state, Accept("edited", state.round, edited=wanted))
    mean = state.finished.mean if state.finished is not None else np.zeros(0)
    return Work(sitting.rater, pairs, mean)


def _answer(
    kind: Kind,
    sitting: Sitting,
    shown: Proposal | None,
    rng: np.random.Generator,
) -> Feedback | None:
    if kind == "pick":
        return None if shown is None else _picked(sitting, shown, rng)
    if shown is None:
        click = consensus_click(sitting.masks, rng=rng)
        return None if click is None else Correct((_unsteady(click, sitting.wanted, rng),), 0)
    click = next_click(shown.recommended, sitting.wanted, rng=rng)
    if click is None:
        return None
    return Correct((_unsteady(click, sitting.wanted, rng),), shown.round)


def _picked(sitting: Sitting, shown: Proposal, rng: np.random.Generator) -> Pick | None:
    count = len(shown.alternatives)
    if count == 0:
        return None
    best: int | None = best_candidate(shown.alternatives, sitting.wanted)
    if best is not None and dice(shown.alternatives[best], sitting.wanted) < sitting.near:
        best = None
    if lapses(LAPSE, rng=rng):
        careless = int(rng.integers(count + 1))
        best = careless if careless < count else None
    return Pick(best, shown.round)


def _unsteady(click: Click, wanted: NDArray[np.bool_], rng: np.random.Generator) -> Click:
    place = np.array(click.at_zyx[1:]) + rng.normal(0.0, UNSTEADY_PX, 2)
    y, x = (int(v) for v in np.clip(place.round(), 0, np.array(wanted.shape[1:]) - 1))
    return replace(click, at_zyx=(click.at_zyx[0], y, x))


def clicked(method: Posterior, example: Example, *, seed: int) -> Pairs:
    """Predicted and achieved Dice after one, two and three clicks on one image."""
    image, masks = as_image(example)
    wanted = next(iter(masks.values()))
    embedding = method.embed(image)
    state = method.begin(embedding, seed=seed)
    mask, pairs = np.zeros_like(wanted), []
    for turn in range(CLICKS):
        click = next_click(mask, wanted, rng=np.random.default_rng([seed, turn]))
        if click is None:
            break
        state = method.update(embedding, state, Correct((click,), turn))
        proposal = method.propose(embedding, state)
        mask = proposal.recommended
        pairs.append((proposal.predicted_dice, dice(mask, wanted)))
    return pairs


def from_context(method: Posterior, task: Task, images: int, *, seed: int) -> Iterator[Pairs]:
    """Predicted and achieved Dice without any prompt, as a folder is propagated.

    For each of up to ``images`` images the others of the task are finished images of one rater;
    masks are predicted from one, three and eight of them. Those farthest away in order come
    first, because neighbours may be slices of one volume.
    """
    remembered: dict[int, Remembered | None] = {}

    def recollect(index: int, rater: str) -> Remembered | None:
        if index not in remembered:
            image, masks = as_image(task.examples[index])
            says = rater in masks and masks[rater].any() and not masks[rater].all()
            entry = ContextEntry(str(index), image, masks[rater]) if says else None
            remembered[index] = method.remember(entry) if entry is not None else None
        return remembered[index]

    rater = next(iter(task.examples[0].distances))
    for place in spread(range(len(task.examples)), images):
        image, masks = as_image(task.examples[place])
        if rater not in masks:
            continue
        others = sorted(set(range(len(task.examples))) - {place}, key=lambda k: -abs(k - place))
        found = (recollect(index, rater) for index in others)
        memory = list(islice((entry for entry in found if entry is not None), CONTEXTS[-1]))
        embedding = method.embed(image)
        pairs = []
        for size in (s for s in CONTEXTS if s <= len(memory)):
            state = method.begin(embedding, memory=memory[:size], seed=seed)
            proposal = method.propose(embedding, state)
            pairs.append((proposal.predicted_dice, dice(proposal.recommended, masks[rater])))
        yield pairs


def as_image(example: Example) -> tuple[Image, dict[str, NDArray[np.bool_]]]:
    """A training example as an image and its raters' masks ``(1, H, W)``."""
    image = from_array(np.moveaxis(example.image, 0, -1))
    return image, {rater: distance[None] < 0 for rater, distance in example.distances.items()}


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many items, evenly spread over all.

    >>> spread("abcdefg", 3)
    ['a', 'c', 'e']
    """
    count = min(most, len(items))
    return [items[k * len(items) // count] for k in range(count)]
