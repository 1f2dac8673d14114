"""All that the default method knows about one annotator's work on one image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from assent.core.feedback import Answer as Judgement
from assent.core.image import Image
from assent.core.prompts import BoundingBox, Prompt, Scribble
from assent.methods.posterior.bases import Bases, reduce_points
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import (
    Answer,
    BoxAnswer,
    JudgeAnswer,
    PackedMasks,
    PickAnswer,
    StrokeAnswer,
)
from assent.methods.posterior.field import Field
from assent.methods.posterior.grid import WorkingGrid
from assent.methods.posterior.particles import LatentPrior, Particles
from assent.methods.posterior.profile import Finished
from assent.methods.posterior.recall import Reading, Remembered
from assent.methods.posterior.rival import Rivals

VOLUME_REDUCTION = 4
"""Volumes compare particles on bases reduced this much in plane."""


@dataclass(frozen=True, eq=False)
class PosteriorEmbedding:
    """What is computed once per image.

    Attributes:
        image: The image.
        grid: Its working grid.
        planes: ``(D, 3, h, w)`` on the working grid.
        seen: ``(D, 64, h/8, w/8)`` what the context memory sees, or None without a network.
        look: ``(64,)`` the image as a whole, or None without a network.
    """

    image: Image
    grid: WorkingGrid
    planes: Tensor = field(repr=False)
    seen: Tensor | None = field(repr=False)
    look: NDArray[np.float32] | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class Shown:
    """Masks that were put before the person, on the particle grid of all slices.

    Attributes:
        masks: K alternatives, or incumbent and challenger; packed over (D, h, w).
        answer: Picked index, None for "none of these", or a judgement.
    """

    masks: PackedMasks
    answer: int | Judgement | None


_NOTHING = Field(np.zeros((1, 1, 1), np.float32), np.zeros((0, 1, 1, 1), np.float32))
_NO_BASES = Bases(np.zeros(1, np.float32), np.zeros((0, 1), np.float32), (1, 1, 1))
_NO_PARTICLES = Particles(np.zeros((0, 0)), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, eq=False)
class PosteriorState:
    """One round's knowledge; replaced, never changed.

    Attributes:
        seed: Of the session.
        round: Answers given so far.
        prior: Of this person.
        context: Finished images in use.
        reading: What they say about this image.
        given: Every prompt of the history, in order.
        removed: Positions in ``given`` of prompts taken back.
        shown: Picks and judgements so far.
        base: Logits of every slice without prompts.
        solved: Logits of every slice under all prompts.
        rivals: What network and classifier each make of a single slice; None for volumes, and
            where only one of the two is there.
        slices: Slices on which particles are compared.
        bases: The field on the particle grid of these slices.
        particles: The posterior.
        finished: What this image says about the person, once accepted.
        accepted: The accepted mask ``(D, H, W)``, once there is one.
        memo: Results of pure functions of this state, by name.
    """

    seed: int
    prior: LatentPrior = field(repr=False)
    context: tuple[Remembered, ...] = field(repr=False)
    reading: Reading = field(default_factory=Reading, repr=False)
    round: int = 0
    given: tuple[Prompt, ...] = ()
    removed: frozenset[int] = frozenset()
    shown: tuple[Shown, ...] = field(default=(), repr=False)
    base: Field = field(default=_NOTHING, repr=False)
    solved: Field = field(default=_NOTHING, repr=False)
    rivals: Rivals | None = field(default=None, repr=False)
    slices: tuple[int, ...] = field(default=(0,), repr=False)
    bases: Bases = field(default=_NO_BASES, repr=False)
    particles: Particles = field(default=_NO_PARTICLES, repr=False)
    finished: Finished | None = field(default=None, repr=False)
    accepted: NDArray[np.bool_] | None = field(default=None, repr=False)
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Prompts that hold."""
        return tuple(p for k, p in enumerate(self.given) if k not in self.removed)


def particle_side(grid: WorkingGrid, depth: int, config: PosteriorConfig) -> int:
    """Longest in-plane side of the particle grid."""
    longest = max(grid.padded_hw)
    if depth == 1:
        return min(config.particle_side, longest)
    return max(16, min(config.particle_side, longest // VOLUME_REDUCTION))


def particle_bases(
    solved: Field, grid: WorkingGrid, config: PosteriorConfig
) -> tuple[tuple[int, ...], Bases]:
    """Slices of the particle grid, and the field on it.

    In a volume these are the slices around the disagreement: those where the mean is least sure,
    at most ``config.particle_slices``.
    """
    depth = len(solved.mean)
    slices = _disputed(solved, config.particle_slices) if depth > 1 else (0,)
    side = particle_side(grid, depth, config)
    plane = (1, *solved.mean.shape[1:])
    parts = []
    for index in slices:
        stacked = np.concatenate([solved.mean[None, index], solved.directions[:, index]])
        points, reduced = reduce_points(stacked.reshape(len(stacked), -1), plane, side)
        parts.append(points)
    both = np.concatenate(parts, axis=1)
    inner = np.zeros(plane, np.float32)
    inner[:, : grid.inner_hw[0], : grid.inner_hw[1]] = 1.0
    weight, _ = reduce_points(inner.reshape(1, -1), plane, side)
    shape = (len(slices), *reduced[1:])
    return slices, Bases(both[0], both[1:], shape, np.tile(weight[0], len(slices)))


def _disputed(solved: Field, most: int) -> tuple[int, ...]:
    swing = np.sqrt(np.square(solved.directions[:, :, ::4, ::4].astype(np.float32)).sum(0))
    doubt = (np.abs(solved.mean[:, ::4, ::4]) < swing + 1.0).sum((1, 2))
    inside = (solved.mean > 0).any((1, 2))
    order = np.argsort(-(doubt + 1e6 * inside), kind="stable")[:most]
    return tuple(sorted(int(i) for i in order))


def answers_of(
    shown: Sequence[Shown],
    prompts: Sequence[Prompt],
    slices: Sequence[int],
    bases: Bases,
    grid: WorkingGrid,
    config: PosteriorConfig,
) -> list[Answer]:
    """The whole history as evidence on the present particle grid."""
    answers: list[Answer] = []
    plane = bases.shape[1:]
    for item in shown:
        masks = item.masks.unpack()
        masks = masks.reshape(len(masks), -1, *plane)[:, list(slices)]
        flat = masks.reshape(len(masks), -1)
        if isinstance(item.answer, str):
            answers.append(JudgeAnswer.of(flat[0], flat[1], item.answer))
        else:
            answers.append(PickAnswer(PackedMasks.of(flat), item.answer))
    place = {z: k for k, z in enumerate(slices)}
    block = block_of(bases, grid.padded_hw)
    reach = max(1.0, config.touch_px / block)
    return answers + [_drawn(p, place, (block, reach), bases, grid) for p in prompts]


def block_of(bases: Bases, working_hw: tuple[int, int]) -> int:
    """Working pixels per side of a particle point.

    >>> flat = np.zeros(16 * 6, np.float32)
    >>> block_of(Bases(flat, flat[None], (1, 16, 6)), (48, 16))
    3
    """
    return max(-(-w // n) for w, n in zip(working_hw, bases.shape[1:], strict=True))


def _drawn(
    prompt: Prompt,
    place: dict[int, int],
    scale: tuple[int, float],
    bases: Bases,
    grid: WorkingGrid,
) -> Answer:
    block, touch = scale

    def at(y: int, x: int) -> tuple[int, int]:
        row, column = grid.point(y, x)
        return row // block, column // block

    if isinstance(prompt, BoundingBox):
        low, high = at(*prompt.low_zyx[1:]), at(prompt.high_zyx[1] - 1, prompt.high_zyx[2] - 1)
        first, last = prompt.low_zyx[0], prompt.high_zyx[0] - 1
        inside = [place[z] for z in range(first, last + 1) if z in place]
        held = (min(inside), max(inside) + 1) if inside else (0, 0)
        ends = None
        if last > first:
            ends = (
                _held(range(first - 1, first + 2), place),
                _held(range(last - 1, last + 2), place),
            )
        upper = (held[1], high[0] + 1, high[1] + 1)
        return BoxAnswer((held[0], *low), upper, (touch, touch), ends)
    points = prompt.points_zyx if isinstance(prompt, Scribble) else (prompt.at_zyx,)
    found = {(place[z], *at(y, x)) for z, y, x in points if z in place}
    index = np.array(sorted(found), np.int64).reshape(-1, 3)
    return StrokeAnswer.of(index, bases.shape, positive=prompt.positive)


def _held(slices: range, place: dict[int, int]) -> tuple[int, ...]:
    return tuple(place[z] for z in slices if z in place)
