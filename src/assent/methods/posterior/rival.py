"""Network or per-image classifier: whom of the two a person's corrections speak for.

Both segment a slice from the same prompts. On kinds of image that the network knows it is nearly
always better; on others the classifier often is, and nothing in the image says so beforehand. The
place of a correction does: people point at the largest mistake. If the classifier is right, that
is the largest difference between its mask and what was shown; if the network is, mistakes lie
where it is unsure. The ratio of these two likelihoods, for every correction, makes the share with
which the classifier's logits count.

That a pixel was labelled says nothing by itself: corrections lie where the shown mask is wrong, so
a rule by labels alone always speaks against whoever made that mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from assent.core.mask import largest_component
from assent.core.prompts import BoundingBox, Prompt
from assent.methods.posterior.channels import Marks
from assent.methods.posterior.field import Field
from assent.methods.posterior.grid import WorkingGrid, draw_marks
from assent.methods.posterior.solvers import classifier_solver

Plane = NDArray[np.float32]

PRIOR = -3.0
"""Log-odds of the classifier against the network before any correction."""

LEAST, MOST = -2.0, 4.0
"""Between these lies what one correction may say, in log-odds."""

HALVED_FROM = 192
"""Longest side from which the classifier works at half the resolution: a quarter of the time."""

STRAY = 0.2
"""Share of corrections that lie anywhere."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """What network and classifier make of one slice, and what was said about the two.

    Attributes:
        network: Of the network alone.
        classifier: Of the classifier alone; None before anything was prompted inside.
        odds: What each prompt of the history said, in log-odds for the classifier.
    """

    network: Field = field(repr=False)
    classifier: Field | None = field(default=None, repr=False)
    odds: tuple[float, ...] = ()

    def share(self, removed: frozenset[int] = frozenset()) -> float:
        """Weight of the classifier in [0, 1], from the prompts that were not taken back."""
        if self.classifier is None:
            return 0.0
        said = sum(odds for k, odds in enumerate(self.odds) if k not in removed)
        return float(expit(PRIOR + said))

    def joined(self, removed: frozenset[int] = frozenset()) -> Field:
        """Mean and directions of both, by their shares."""
        if self.classifier is None:
            return self.network
        share = np.float32(self.share(removed))
        mean = (1 - share) * self.network.mean + share * self.classifier.mean
        directions = (1 - share) * self.network.directions + share * self.classifier.directions
        return Field(mean, directions, self.network.reached)

    def heard(
        self, prompts: Sequence[Prompt], probability: Plane, grid: WorkingGrid
    ) -> tuple[float, ...]:
        """The odds with what new prompts say about the mask that was shown.

        Args:
            prompts: New ones of a round.
            probability: ``(h, w)`` as shown.
            grid: The working grid.
        """
        said = [0.0] * len(prompts)
        if self.classifier is not None:
            depth = _depth_of_mistake(probability > 0.5, self.classifier.mean[0] > 0)
            doubt = _doubt(probability > 0.5, self.network.mean[0])
            said = [_says(p, self.classifier.mean[0] > 0, (depth, doubt), grid) for p in prompts]
        return (*self.odds, *said)


def classified(planes: Tensor, marks: Marks, latent: int) -> Field:
    """What the classifier alone makes of a slice; of a large one at half the resolution.

    Args:
        planes: ``(1, 3, h, w)`` with even sides.
        marks: On the same grid, with something inside.
        latent: Number of directions.
    """
    if max(planes.shape[2:]) < HALVED_FROM:
        mean, directions = classifier_solver(planes, latent)(0, marks, None)
        return Field(mean[None], directions[:, None])
    half = functional.avg_pool2d(planes, 2)
    positive, negative, box = (_halved(m) for m in (marks.positive, marks.negative, marks.box))
    found = classifier_solver(half, latent)(0, Marks(positive, negative & ~positive, box), None)
    both = torch.from_numpy(np.concatenate([found[0][None], found[1]]))[None]
    wide = functional.interpolate(both, scale_factor=2, mode="bilinear", align_corners=False)
    spread = wide[0].numpy()
    return Field(spread[:1], spread[1:, None])


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
    """Log-odds for the classifier, of which the mask is given, by one prompt; a box says none."""
    if isinstance(prompt, BoundingBox):
        return 0.0
    row, column = _middle(draw_marks([prompt], 0, grid))
    stray = STRAY / mask.size
    by_classifier, by_network = ((1 - STRAY) * float(p[row, column]) + stray for p in places)
    if mask[row, column] != prompt.positive:
        by_classifier = stray
    return float(np.clip(np.log(by_classifier / by_network), LEAST, MOST))


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
