"""Training episodes: targets and context from one task, as one rater would draw them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assent.core.errors import ConfigError
from assent.methods.posterior.phantoms import phantom_task, superpixel_task
from assent.methods.posterior.recolour import Look, draw_look, recolour
from assent.methods.posterior.tasks import STEPS_PER_PIXEL, Example, Task

TARGETS = 4
"""Images of one episode that are segmented; they also share what they say about the rater."""


PARTED = ("real", "phantom")
"""Kinds of episodes whose target may be one component."""

PHANTOM_SIDE = 192
"""Invented images have this side; they are scaled like all others."""

STOCK = 24
"""Tasks that are invented, or found in real images, and kept to be drawn again: they look
different every time, and one costs as much as a dozen real images."""

USES = 6
"""How often a task is drawn on the average before it goes."""


@dataclass(frozen=True, kw_only=True)
class EpisodeMix:
    """How often what is drawn. Shares of episodes; what is left are real single-rater tasks."""

    raters: float = 0.35
    """Share of episodes of real tasks with several raters."""
    superpixels: float = 0.1
    """Share of episodes of real images with a target that nobody drew."""
    phantoms: float = 0.2
    """Share of invented episodes."""
    habit: float = 0.5
    """Share of single-rater episodes drawn by an invented person who is wider or tighter."""
    context_most: int = 8
    """Context size is uniform in 0..context_most, empty for 40 % of the episodes besides."""
    single_part: float = 0.35
    """Share of episodes whose target is one component, where there are several."""
    appearance: float = 1.0
    """How often images change their colours, contrast and noise; 0 leaves them as they are."""
    shared: float = 0.5
    """Share of episodes with a habit in which z is read off the rater's other images."""

    def __post_init__(self) -> None:
        shares = self.raters + self.superpixels + self.phantoms
        if min(self.raters, self.superpixels, self.phantoms) < 0 or shares > 1 + 1e-9:
            raise ConfigError(
                f"The shares of episodes raters, superpixels and phantoms sum to {shares:g};"
                " expected at most 1, and none below 0. What is left are other real tasks."
            )


@dataclass(frozen=True, eq=False)
class Batch:
    """E episodes of ``TARGETS`` images each, B = E x TARGETS.

    Attributes:
        image: ``(B, 3, S, S)`` in [0, 1].
        target: ``(B, 1, S, S)`` in {0, 1}.
        context_image: ``(E, N, 3, S, S)``; N the largest context, absent entries have zero
            confidence.
        context_mask: ``(E, N, 1, S, S)``.
        confidence: ``(E, N)``.
        shared: ``(E,)`` bool: z is read off the rater's other images instead of this one.
        kinds: What each episode was, for the log.
    """

    image: Tensor
    target: Tensor
    context_image: Tensor
    context_mask: Tensor
    confidence: Tensor
    shared: NDArray[np.bool_]
    kinds: tuple[str, ...] = field(default=())


class Stock:
    """Tasks that are drawn several times before they go.

    Args:
        rng: Of which is drawn.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._kept: list[Task] = []

    def task(self, invent: Callable[[], Task]) -> Task:
        """One of those kept, or a new one in its place."""
        if len(self._kept) < STOCK and self._rng.random() * STOCK >= len(self._kept):
            self._kept.append(invent())
            return self._kept[-1]
        place = int(self._rng.integers(len(self._kept)))
        if self._rng.random() < 1 / USES:
            self._kept[place] = invent()
        return self._kept[place]


class EpisodeSampler:
    """Draws batches of episodes from tasks held in memory.

    Args:
        tasks: Real tasks of the training split.
        mix: Shares of episode kinds.
        seed: Of every draw; two samplers with one seed yield the same batches.
    """

    def __init__(self, tasks: Sequence[Task], mix: EpisodeMix, *, seed: Sequence[int]) -> None:
        self._rng = np.random.default_rng(seed)
        self._mix = mix
        self._invented, self._found = Stock(self._rng), Stock(self._rng)
        self._raters = [t for t in tasks if t.has_raters]
        self._by_dataset: dict[str, list[Task]] = {}
        for task in tasks:
            self._by_dataset.setdefault(task.dataset, []).append(task)
        self._tasks = tuple(tasks)

    def batch(self, episodes: int, side: int) -> Batch:
        """A batch of ``episodes`` episodes at ``side`` x ``side`` pixels."""
        drawn = [self._episode(side) for _ in range(episodes)]
        # Even sizes only: every new shape costs the CPU library a compilation.
        most = max(2, *(len(d[2]) + len(d[2]) % 2 for d in drawn))
        context_image = torch.zeros(episodes, most, 3, side, side)
        context_mask = torch.zeros(episodes, most, 1, side, side)
        confidence = torch.zeros(episodes, most)
        for row, (_, _, context, _, _) in enumerate(drawn):
            for column, (image, mask) in enumerate(context):
                context_image[row, column], context_mask[row, column] = image, mask
                confidence[row, column] = 1.0
        return Batch(
            torch.stack([i for d in drawn for i in d[0]]),
            torch.stack([m for d in drawn for m in d[1]]),
            context_image, context_mask, confidence,
            np.array([d[3] for d in drawn]),
            tuple(d[4] for d in drawn),
        )  # fmt: skip

    def _episode(
        self, side: int
    ) -> tuple[list[Tensor], list[Tensor], list[tuple[Tensor, Tensor]], bool, str]:
        rng, mix = self._rng, self._mix
        size = 0 if rng.random() < 0.4 else int(rng.integers(0, mix.context_most + 1))
        task, kind = self._task()
        look = draw_look(rng, mix.appearance)
        raters = sorted({r for e in task.examples for r in e.distances})
        rater = raters[int(rng.integers(len(raters)))]
        # Only what this rater drew: a habit is one person's.
        theirs = [k for k, e in enumerate(task.examples) if rater in e.distances]
        order = rng.permutation(theirs)
        # A small task has few others to show, and may repeat its targets.
        order = np.resize(order, TARGETS + min(size, max(0, len(order) - TARGETS)))
        invented = not task.has_raters and rng.random() < mix.habit
        habit = float(rng.normal(0, 0.12)) if invented else 0.0
        # In half of the episodes the context was drawn by the average reader, so that a habit
        # must be told by z and not by the examples alone.
        same_reader = rng.random() < 0.5
        part = kind in PARTED and not task.has_raters and rng.random() < mix.single_part
        images, masks, context = [], [], []
        for place, index in enumerate(order):
            example = task.examples[int(index)]
            is_target = place < TARGETS
            drawn_by = rater if is_target or same_reader else raters[int(rng.integers(len(raters)))]
            width = habit if is_target or same_reader else 0.0
            distance = _distance(example, drawn_by, part, rng)
            ragged = 0.0 if is_target or rng.random() < 0.6 else float(rng.uniform(0.5, 2.0))
            image, mask = _warp(example.image, distance, side, look, (width, ragged), rng)
            if is_target:
                images.append(image)
                masks.append(mask)
            else:
                context.append((image, mask))
        shared = (task.has_raters or invented) and rng.random() < mix.shared
        return images, masks, context, shared, kind

    def _task(self) -> tuple[Task, str]:
        rng, mix = self._rng, self._mix
        most = TARGETS + mix.context_most
        toss = rng.random()
        if toss < mix.phantoms or not self._tasks:
            return self._invented.task(lambda: phantom_task(most, PHANTOM_SIDE, rng)), "phantom"
        toss -= mix.phantoms
        if toss < mix.superpixels:
            task = self._tasks[int(rng.integers(len(self._tasks)))]
            return self._found.task(lambda: superpixel_task(task.examples, most, rng)), "superpixel"
        toss -= mix.superpixels
        if toss < mix.raters and self._raters:
            return self._raters[int(rng.integers(len(self._raters)))], "raters"
        datasets = sorted(self._by_dataset)
        tasks = self._by_dataset[datasets[int(rng.integers(len(datasets)))]]
        return tasks[int(rng.integers(len(tasks)))], "real"


def _distance(
    example: Example, rater: str, part: bool, rng: np.random.Generator
) -> NDArray[np.int8]:
    if part and example.parts:
        return example.parts[int(rng.integers(len(example.parts)))]
    if rater in example.distances:
        return example.distances[rater]
    return next(iter(example.distances.values()))


def _warp(
    image: NDArray[np.uint8],
    distance: NDArray[np.int8],
    side: int,
    look: Look,
    hand: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """One augmented image ``(3, S, S)`` and mask ``(1, S, S)``.

    ``hand`` is (habit, raggedness): how far the edge moves as a fraction of the object's radius,
    and by how many pixels it wavers.
    """
    height, width = distance.shape
    zoom = look.zoom * float(np.exp(rng.uniform(-0.15, 0.25)))
    grid = _grid(distance, side, zoom, look, rng)
    stacked = np.concatenate([image, distance[None]]).astype(np.float32)
    warped = functional.grid_sample(
        torch.from_numpy(stacked)[None],
        grid,
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )[0]
    scale = side / max(height, width) * zoom
    edge = warped[3:] / STEPS_PER_PIXEL * scale
    radius = float(((edge < 0).sum() / np.pi).sqrt())
    shift = torch.tensor(hand[0] * radius)
    if hand[1]:
        waver = torch.from_numpy(rng.standard_normal((1, 1, 6, 6)).astype(np.float32))
        shift = (
            shift
            + hand[1]
            * functional.interpolate(waver, size=(side, side), mode="bicubic", align_corners=False)[
                0
            ]
        )
    mask = (edge < shift).float()
    if radius > 1.0 and not mask.any():
        mask = (edge < 0).float()
    return recolour(warped[:3] / 255.0, look, rng), mask


def _grid(
    distance: NDArray[np.int8], side: int, zoom: float, look: Look, rng: np.random.Generator
) -> Tensor:
    """Sampling grid ``(1, S, S, 2)`` of a random affine and elastic change about the object."""
    height, width = distance.shape
    longest = max(height, width)
    angle = rng.uniform(-0.45, 0.45) if rng.random() < 0.5 else 0.0
    inside = np.flatnonzero(distance < 0)
    centre = np.zeros(2)
    if zoom > 1.0 and len(inside):
        row, column = divmod(int(inside[int(rng.integers(len(inside)))]), width)
        room = 1.0 - 1.0 / zoom
        centre = np.clip([2 * column / width - 1, 2 * row / height - 1], -room, room) + rng.uniform(
            -0.05, 0.05, 2
        )
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    turn = np.array([[cos, -sin], [sin, cos]]) * [[longest / width], [longest / height]]
    axis = torch.linspace(-1 + 1 / side, 1 - 1 / side, side)
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    base = torch.stack([-columns if look.flip[1] else columns, -rows if look.flip[0] else rows], -1)
    if rng.random() < 0.4:
        bend = torch.from_numpy(rng.normal(0, 0.05, (1, 2, 4, 4)).astype(np.float32))
        bend = functional.interpolate(bend, size=(side, side), mode="bicubic", align_corners=False)
        base = base + bend[0].permute(1, 2, 0)
    if look.turn:
        base = base.transpose(0, 1)
    grid = base @ torch.from_numpy(turn.T.astype(np.float32))
    return (grid + torch.from_numpy(centre.astype(np.float32)))[None]
