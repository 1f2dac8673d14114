"""Network or a classical rule: whom of them a person's corrections speak for.

All segment a slice from the same prompts: the network, the per-image classifier by colour and
paths, and the random walk. On kinds of image that the network knows it is nearly always better; on
others one of the rules often is, and nothing in the image says so beforehand. The place of a
correction does: people point at the largest mistake. If a rule is right, that is the largest
difference between its mask and what was shown; if the network is, mistakes lie where it is unsure.
The ratio of these likelihoods, for every correction, makes the share with which each counts.

That a pixel was labelled says nothing by itself: corrections lie where the shown mask is wrong, so
a rule by labels alone always speaks against whoever made that mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit, softmax
from torch import Tensor
from torch.nn import functional

from assent.core.mask import largest_component
from assent.core.prompts import BoundingBox, Prompt
from assent.methods.posterior.channels import Marks
from assent.methods.posterior.field import Field
from assent.methods.posterior.grid import WorkingGrid, draw_marks
from assent.methods.posterior.solvers import classical_margins, decided

Plane = NDArray[np.float32]

RULES = ("colour and paths", "random walk")
"""What contests the network."""

PRIOR = -2.0
"""Log-odds of each rule against the network before any correction."""

LEAST, MOST = -2.0, 4.0
"""Between these lies what one correction may say, in log-odds."""

HALVED_FROM = 192
"""Longest side from which the classifier works at half the resolution: a quarter of the time."""

STRAY = 0.2
"""Share of corrections that lie anywhere."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """What network and rules make of one slice, and what was said about them.

    Attributes:
        network: Of the network alone.
        rules: Of each rule alone, as in ``RULES``; none before anything was prompted inside.
        odds: What each prompt of the history said, in log-odds for each rule.
    """

    network: Field = field(repr=False)
    rules: tuple[Field, ...] = field(default=(), repr=False)
    odds: tuple[tuple[float, ...], ...] = ()

    def share(self, removed: frozenset[int] = frozenset()) -> float:
        """Weight of all rules together in [0, 1], from the prompts that were not taken back."""
        return float(1.0 - self._shares(removed)[0])

    def joined(self, removed: frozenset[int] = frozenset()) -> Field:
        """Mean and directions of all, by their shares."""
        if not self.rules:
            return self.network
        own, *others = self._shares(removed)
        mean, directions = own * self.network.mean, own * self.network.directions
        for share, rule in zip(others, self.rules, strict=True):
            mean += share * rule.mean
            directions += share * rule.directions
        return Field(mean, directions, self.network.reached)

    def heard(
        self, prompts: Sequence[Prompt], probability: Plane, grid: WorkingGrid
    ) -> tuple[tuple[float, ...], ...]:
        """The odds with what new prompts say about the mask that was shown.

        Args:
            prompts: New ones of a round.
            probability: ``(h, w)`` as shown.
            grid: The working grid.
        """
        if not self.rules:
            return (*self.odds, *[(0.0,) * len(RULES)] * len(prompts))
        shown = probability > 0.5
        doubt = _doubt(shown, self.network.mean[0])
        masks = [rule.mean[0] > 0 for rule in self.rules]
        places = [(mask, (_depth_of_mistake(shown, mask), doubt)) for mask in masks]
        said = [tuple(_says(p, mask, place, grid) for mask, place in places) for p in prompts]
        return (*self.odds, *said)

    def _shares(self, removed: frozenset[int]) -> NDArray[np.float32]:
        """Weights that sum to one: of the network, then of each rule."""
        if not self.rules:
            return np.ones(1, np.float32)
        kept = [odds for k, odds in enumerate(self.odds) if k not in removed]
        said = np.sum(kept, axis=0) if kept else np.zeros(len(self.rules))
        return np.asarray(softmax([0.0, *(PRIOR + said)]), np.float32)


def ruled(planes: Tensor, marks: Marks, latent: int) -> tuple[Field, ...]:
    """What each rule alone makes of a slice; of a large one at half the resolution.

    Args:
        planes: ``(1, 3, h, w)`` with even sides.
        marks: On the same grid, with something inside.
        latent: Number of directions.
    """
    is_halved = max(planes.shape[2:]) >= HALVED_FROM
    if is_halved:
        planes = functional.avg_pool2d(planes, 2)
        positive, negative, box = (_halved(m) for m in (marks.positive, marks.negative, marks.box))
        marks = Marks(positive, negative & ~positive, box)
    found = []
    for margin in classical_margins(planes, marks):
        mean, directions = decided(margin, marks, latent)
        both = np.concatenate([mean[None], directions])
        wide = _doubled(both) if is_halved else both
        found.append(Field(wide[:1], wide[1:, None]))
    return tuple(found)


def _doubled(maps: Plane) -> Plane:
    """Maps ``(n, h, w)`` at twice the resolution."""
    wide = functional.interpolate(
        torch.from_numpy(maps)[None], scale_factor=2, mode="bilinear", align_corners=False
    )
    return np.asarray(wide[0].numpy())


def _halved(mark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mark ``(1, h, w)`` at half the resolution: set where any of its pixels is."""
    _, height, width = mark.shape
    return np.asarray(mark.reshape(1, height // 2, 2, width // 2, 2).any((2, 4)))


def _says(
    prompt: Prompt,
    mask: NDArray[np.bool_],
    places: tuple[Plane, Plane],
    grid: WorkingGrid,
) -> float:
    """Log-odds for a rule, of which the mask is given, by one prompt; a box says none."""
    if isinstance(prompt, BoundingBox):
        return 0.0
    row, column = _middle(draw_marks([prompt], 0, grid))
    stray = STRAY / mask.size
    by_rule, by_network = ((1 - STRAY) * float(p[row, column]) + stray for p in places)
    if mask[row, column] != prompt.positive:
        by_rule = stray
    return float(np.clip(np.log(by_rule / by_network), LEAST, MOST))


def _middle(marks: Marks) -> tuple[int, int]:
    """The drawn pixel that is nearest to the middle of what is drawn."""
    points = np.argwhere((marks.positive | marks.negative)[0])
    nearest = np.square(points - points.mean(0)).sum(1).argmin()
    return int(points[nearest, 0]), int(points[nearest, 1])


def _depth_of_mistake(shown: NDArray[np.bool_], mask: NDArray[np.bool_]) -> Plane:
    """Where a correction lies if the mask is right: deep in the largest difference.

    ``(h, w)`` that sums to one, or zeros where there is no difference.
    """
    wrong = largest_component((shown ^ mask)[None])[0]
    depth = np.square(ndimage.distance_transform_edt(np.pad(wrong, 1))[1:-1, 1:-1])
    return np.asarray(depth / max(1.0, depth.sum()), np.float32)


def _doubt(shown: NDArray[np.bool_], logits: Plane) -> Plane:
    """Where a correction lies if the network is right: where it doubts what is shown.

    ``(h, w)`` that sums to one.
    """
    doubt = expit(np.where(shown, -logits, logits))
    return np.asarray(doubt / doubt.sum(), np.float32)
