"""How good trained weights are on held-out images and invented tasks: Dice, image by image."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.case import TaskSource
from assent.core.context import ContextEntry
from assent.core.feedback import Correct, Pick
from assent.core.metrics import dice
from assent.core.simulate import best_candidate, consensus_click, next_click
from assent.methods import registry
from assent.methods.posterior.phantoms import phantom_task
from assent.methods.posterior.sittings import as_image, spread
from assent.methods.posterior.tasks import Task, read_tasks
from assent.methods.protocol import Embedding, Memory, Method

CLICKS, PICKS, CONTEXT = 3, 3, 8
HELD_OUT = 987_654
"""Seed of the invented tasks, which no training draws."""

INVENTED_SIDE = 192

SEEN, UNSEEN, INVENTED = "seen", "unseen", "invented"
"""Kinds of images: of sets that were trained on, of others, and invented."""

Figures = dict[str, float]


def score(
    weights: Path,
    sources: Mapping[str, Sequence[TaskSource]],
    settings: Mapping[str, Any],
    *,
    images: int,
    invented: int,
) -> Iterator[dict[str, Any]]:
    """One record per image: kind, set, image, and Dice by measure.

    Args:
        weights: What was trained.
        sources: By kind, ``SEEN`` or ``UNSEEN``. Their validation splits are used.
        settings: Of the method.
        images: Most images per task.
        invented: Number of invented tasks.
    """
    method = registry.build("posterior", settings=settings, weights=weights)
    for kind, found in sources.items():
        for task in read_tasks(found, "val", side=256):
            yield from _task(method, f"{task.dataset}/{task.target}", task, images, kind)
    for number in range(invented):
        rng = np.random.default_rng([HELD_OUT, number])
        task = phantom_task(images + CONTEXT, INVENTED_SIDE, rng)
        name = f"invented/{number:03d} {task.target}"
        yield from _task(method, name, task, images, INVENTED)


def _task(
    method: Method, name: str, task: Task, images: int, kind: str
) -> Iterator[dict[str, Any]]:
    for place in spread(range(len(task.examples)), images):
        image, masks = as_image(task.examples[place])
        raters = sorted(r for r, mask in masks.items() if mask.any() and not mask.all())
        if not raters:
            continue
        rater = raters[place % len(raters)]
        embedding = method.embed(image)
        figures = _clicked(method, embedding, masks[rater], (), "")
        if memory := _memory(method, task, place, rater):
            figures |= _clicked(method, embedding, masks[rater], memory, "context, ")
        figures |= _picked(method, embedding, masks[rater], list(masks.values()))
        yield {"kind": kind, "set": name, "image": place, "dice": figures}


def _memory(method: Method, task: Task, place: int, rater: str) -> list[Memory]:
    """What one rater finished; images far away in order first, for neighbours may be one volume."""
    others = sorted(set(range(len(task.examples))) - {place}, key=lambda k: (-abs(k - place), k))
    found: list[Memory] = []
    for index in others:
        image, masks = as_image(task.examples[index])
        mask = masks.get(rater)
        if mask is not None and mask.any() and not mask.all():
            found.append(method.remember(ContextEntry(str(index), image, mask)))
        if len(found) == CONTEXT:
            break
    return found


def _clicked(
    method: Method,
    embedding: Embedding,
    wanted: NDArray[np.bool_],
    memory: Sequence[Memory],
    prefix: str,
) -> Figures:
    """Dice after each click at the middle of the largest error; with context also before any."""
    state = method.begin(embedding, memory=memory, prior=None, seed=0)
    mask, figures = np.zeros_like(wanted), {}
    if memory:
        mask = method.propose(embedding, state).recommended
        figures[f"{prefix}0 clicks"] = dice(mask, wanted)
    for turn in range(CLICKS):
        click = next_click(mask, wanted, rng=np.random.default_rng(turn))
        if click is not None:
            state = method.update(embedding, state, Correct((click,), turn))
            mask = method.propose(embedding, state).recommended
        figures[f"{prefix}{turn + 1} {'clicks' if turn else 'click'}"] = dice(mask, wanted)
    return figures


def _picked(
    method: Method,
    embedding: Embedding,
    wanted: NDArray[np.bool_],
    everyone: Sequence[NDArray[np.bool_]],
) -> Figures:
    """Dice after a click where all raters agree, and picks of what is nearer than what is shown."""
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    click = consensus_click(everyone, rng=np.random.default_rng(0))
    if click is None:
        return {}
    state = method.update(embedding, state, Correct((click,), 0))
    shown = method.propose(embedding, state)
    for turn in range(PICKS):
        if len(shown.alternatives) == 0:
            break
        best = best_candidate(shown.alternatives, wanted)
        if dice(shown.alternatives[best], wanted) <= dice(shown.recommended, wanted):
            break
        state = method.update(embedding, state, Pick(best, turn + 1))
        shown = method.propose(embedding, state)
    return {f"{PICKS} picks": dice(shown.recommended, wanted)}
