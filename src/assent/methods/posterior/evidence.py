"""Every answer of a person as evidence about z: one log-likelihood per particle.

An answer keeps what was shown, on the particle grid and bit-packed, so that its likelihood can
be recomputed at any time under the bases of that time: a later click changes the features, and
then the whole history is weighed again. The formulas are in ``choice.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.feedback import Answer as Judgement
from assent.core.shapes import check_shape
from assent.methods.posterior.bases import Bases
from assent.methods.posterior.choice import (
    log_accept,
    log_answers,
    log_judgement,
    log_label,
    log_touch,
)
from assent.methods.posterior.config import PosteriorConfig

_OUTSIDE_POINTS = 2048
"""Pixels outside a box that are looked at, evenly spread; their mean log-likelihood counts."""


@dataclass(frozen=True, eq=False)
class PackedMasks:
    """Masks on the particle grid, eight points to a byte.

    Attributes:
        bits: ``(K, ceil(P / 8))`` uint8.
        points: P.
    """

    bits: NDArray[np.uint8] = field(repr=False)
    points: int

    @classmethod
    def of(cls, masks: NDArray[np.bool_]) -> "PackedMasks":
        """Pack masks ``(K, ...)``; everything after the first axis is flattened."""
        flat = np.asarray(masks, bool).reshape(len(masks), int(np.prod(masks.shape[1:])))
        return cls(np.packbits(flat, axis=1), flat.shape[1])

    def unpack(self) -> NDArray[np.bool_]:
        """The masks, ``(K, P)``."""
        return np.unpackbits(self.bits, axis=1, count=self.points).astype(bool)

    def __len__(self) -> int:
        return len(self.bits)


@dataclass(frozen=True, eq=False)
class PickAnswer:
    """One of K masks, or None for "none of these"."""

    shown: PackedMasks
    chosen: int | None
    none_offered: bool = True

    def __post_init__(self) -> None:
        if self.chosen is None and not self.none_offered:
            raise InputError("None of these was answered, but was not on offer.")
        if self.chosen is not None and not 0 <= self.chosen < len(self.shown):
            raise InputError(
                f"Alternative {self.chosen} was picked, but {len(self.shown)} were shown,"
                " counted from 0. Pick one of those."
            )


@dataclass(frozen=True, eq=False)
class JudgeAnswer:
    """Whether the challenger (second mask of the pair) is better than the incumbent (first)."""

    pair: PackedMasks
    judgement: Judgement

    @classmethod
    def of(
        cls, incumbent: NDArray[np.bool_], challenger: NDArray[np.bool_], judgement: Judgement
    ) -> "JudgeAnswer":
        """From two masks on the particle grid."""
        return cls(PackedMasks.of(np.stack([incumbent, challenger])), judgement)


@dataclass(frozen=True, eq=False)
class StrokeAnswer:
    """Pixels of a click or scribble.

    Attributes:
        index: ``(N,)`` flat positions on the particle grid, without repetition; none when the
            stroke lies on slices that the grid does not hold.
        positive: Whether they are inside the object.
    """

    index: NDArray[np.int64] = field(repr=False)
    positive: bool

    @classmethod
    def of(
        cls, points_zyx: NDArray[np.int64], shape: tuple[int, int, int], *, positive: bool
    ) -> "StrokeAnswer":
        """From points ``(N, 3)`` in indices of the particle grid."""
        check_shape("points_zyx", points_zyx, "N 3")
        inside = ((points_zyx >= 0) & (points_zyx < np.array(shape))).all(1)
        if not inside.all():
            raise InputError(
                f"The stroke leaves the particle grid of shape (D, h, w) = {shape}."
                " Convert its points to the grid first."
            )
        flat = np.ravel_multi_index(tuple(points_zyx.T), shape)
        return cls(np.unique(flat).astype(np.int64), positive)


@dataclass(frozen=True)
class BoxAnswer:
    """A box in indices of the particle grid, whose slices need not be neighbours.

    Attributes:
        low_zyx: First index inside.
        high_zyx: First index beyond; that of ``low_zyx`` when the grid holds no slice of the box.
        reach_yx: How near the object must come to a side, in grid points.
        ends: For a box over several slices, those of the grid that lie at its first and at its
            last slice; the object must be seen on one of each. None for a box on one slice,
            which says nothing about the others.
    """

    low_zyx: tuple[int, int, int]
    high_zyx: tuple[int, int, int]
    reach_yx: tuple[float, float] = (3.0, 3.0)
    ends: tuple[tuple[int, ...], tuple[int, ...]] | None = None


@dataclass(frozen=True, eq=False)
class AcceptAnswer:
    """The mask with which the work ended; evidence for the profile only.

    Attributes:
        accepted: One mask.
        reach: The Dice to it that readings of this image can reach. What lies beyond their span
            is no lapse: measured against 1, a mask that none comes near would tell nothing about
            which comes nearest.
    """

    accepted: PackedMasks
    reach: float = 1.0


Answer = PickAnswer | JudgeAnswer | StrokeAnswer | BoxAnswer | AcceptAnswer


class Evidence:
    """A history of answers, made ready to be weighed for any z under one set of bases.

    Unpacks what was shown once; weighing then costs one product for the masks of the particles
    and one for their overlap with everything that was ever shown.
    """

    def __init__(self, bases: Bases, answers: Sequence[Answer], config: PosteriorConfig) -> None:
        self._bases, self._config = bases, config
        self._answers = tuple(answers)
        blocks = [masks.unpack() for masks in map(_shown, self._answers) if masks is not None]
        self._shown = np.concatenate(blocks) if blocks else None
        if self._shown is not None:
            check_shape("masks shown", self._shown, "M P", P=bases.mean.size)
        self._drawn = [_drawn_points(answer, bases.shape) for answer in self._answers]

    def log_likelihood(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-likelihood of the whole history.

        Args:
            z: ``(S, d)``.

        Returns:
            ``(S,)``; zeros for an empty history.
        """
        total = np.zeros(len(z))
        dice = None if self._shown is None else self._bases.dice(z, self._shown)
        start = 0
        for answer, drawn in zip(self._answers, self._drawn, strict=True):
            masks = _shown(answer)
            if masks is None or dice is None:
                total += self._log_drawn(answer, drawn, z)
                continue
            total += self._log_chosen(answer, dice[:, start : start + len(masks)])
            start += len(masks)
        return total

    def _log_chosen(self, answer: Answer, dice: NDArray[np.float64]) -> NDArray[np.float64]:
        match answer:
            case PickAnswer():
                table = log_answers(dice, self._config, none_offered=answer.none_offered)
                return table[:, -1 if answer.chosen is None else answer.chosen]
            case JudgeAnswer():
                return log_judgement(dice[:, 1] - dice[:, 0], answer.judgement, self._config)
            case AcceptAnswer():
                return log_accept(dice[:, 0] / answer.reach, self._config)
            case _:
                raise TypeError(f"{type(answer).__name__} shows no mask")

    def _log_drawn(
        self, answer: Answer, index: NDArray[np.int64], z: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        total = np.zeros(len(z))
        if index.size:
            sign = np.float32(1 if isinstance(answer, StrokeAnswer) and answer.positive else -1)
            likelihood = log_label(sign * self._bases.logits_at(z, index), self._config)
            # The mean over the pixels is the exponent 1 / n.
            total += self._config.prompt_weight * likelihood.mean(1, dtype=np.float64)
        if isinstance(answer, BoxAnswer):
            for band in _bands(answer, self._bases.shape):
                touched = np.asarray((self._bases.logits_at(z, band) > 0).any(1))
                total += log_touch(touched, self._config)
        return total


def log_likelihood(
    bases: Bases, answers: Sequence[Answer], z: NDArray[np.float64], config: PosteriorConfig
) -> NDArray[np.float64]:
    """Log-likelihood of a history for particles ``(S, d)``, as ``(S,)``."""
    return Evidence(bases, answers, config).log_likelihood(z)


def _shown(answer: Answer) -> PackedMasks | None:
    match answer:
        case PickAnswer():
            return answer.shown
        case JudgeAnswer():
            return answer.pair
        case AcceptAnswer():
            return answer.accepted
        case _:
            return None


def _drawn_points(answer: Answer, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    if isinstance(answer, StrokeAnswer):
        return answer.index
    if not isinstance(answer, BoxAnswer):
        return np.empty(0, np.int64)
    outside = np.zeros(shape, bool)
    outside[slice(None) if answer.ends else slice(answer.low_zyx[0], answer.high_zyx[0])] = True
    outside[_window(answer.low_zyx, answer.high_zyx)] = False
    index = np.flatnonzero(outside)
    if index.size > _OUTSIDE_POINTS:
        index = index[np.linspace(0, index.size - 1, _OUTSIDE_POINTS).astype(np.int64)]
    return index


def _bands(box: BoxAnswer, shape: tuple[int, int, int]) -> list[NDArray[np.int64]]:
    """Grid points near each side of a box, along the length of that side."""
    windows: list[tuple[slice | list[int], ...]] = []
    for axis, reach in zip((1, 2), box.reach_yx, strict=True):
        for border, inner in ((box.low_zyx[axis], 0), (box.high_zyx[axis], 1)):
            low, high = list(box.low_zyx), list(box.high_zyx)
            low[axis] = int(np.ceil(border - inner - reach))
            high[axis] = int(np.floor(border - inner + reach)) + 1
            windows.append(_window(low, high))
    windows += [(list(end), *_window(box.low_zyx, box.high_zyx)[1:]) for end in box.ends or ()]
    bands = []
    for window in windows:
        band = np.zeros(shape, bool)
        band[window] = True
        if band.any():
            bands.append(np.flatnonzero(band))
    return bands


def _window(low: Sequence[int], high: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(max(0, a), max(0, b)) for a, b in zip(low, high, strict=True))
