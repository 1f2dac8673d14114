"""What the network sees of the prompts: disks, box, geodesic nearness and the classical margins."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from assent.methods.posterior.classifier import Margins, margins
from assent.methods.posterior.network import Channel

REACH = 0.6
"""Geodesic nearness falls to 1/e at this distance, in image sides."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Prompts of a batch, drawn on the working grid.

    Attributes:
        positive: ``(B, H, W)`` bool, disks and scribbles inside the object.
        negative: ``(B, H, W)`` bool, outside.
        box: ``(B, H, W)`` bool, inside of the box; all False where there is none.
    """

    positive: NDArray[np.bool_]
    negative: NDArray[np.bool_]
    box: NDArray[np.bool_]

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Negative seeds, the rim just outside a box among them."""
        return self.negative | _rim(self.box)


def empty_marks(batch: int, height: int, width: int) -> Marks:
    """No prompts."""
    blank = np.zeros((batch, height, width), dtype=bool)
    return Marks(blank, blank.copy(), blank.copy())


def disk_radius(side: int) -> int:
    """Radius in pixels of the disk that stands for a click on a grid of this side."""
    return max(2, round(side / 64))


def draw_disk(canvas: NDArray[np.bool_], row: int, column: int, radius: int) -> None:
    """Set a disk on ``(H, W)`` in place."""
    top, left = max(0, row - radius), max(0, column - radius)
    window = canvas[top : row + radius + 1, left : column + radius + 1]
    rows, columns = np.ogrid[: window.shape[0], : window.shape[1]]
    window |= (rows + top - row) ** 2 + (columns + left - column) ** 2 <= radius**2


def network_inputs(image: Tensor, marks: Marks, previous: Tensor | None) -> tuple[Tensor, Margins]:
    """Input channels and the margins they were made of.

    Args:
        image: ``(B, 3, H, W)`` float32 in [0, 1].
        marks: Prompts on the same grid.
        previous: ``(B, 1, H, W)`` probability of the previous mask, or None in a first round.

    Returns:
        ``(B, 13, H, W)`` float32 by ``Channel``, and the margins, zero where an item has no
        positive prompt.
    """
    batch, _, height, width = image.shape
    outside = marks.outside
    found = margins(image, marks.positive, outside)
    anchored = _any(marks.positive)
    found = Margins(
        found.colour * anchored,
        found.path * anchored,
        found.walk * anchored,
        found.to_positive,
        found.to_negative,
    )
    rejected = _any(outside)
    inputs = image.new_zeros(batch, len(Channel), height, width)
    inputs[:, :3] = image
    inputs[:, Channel.POSITIVE] = torch.from_numpy(marks.positive).float()
    inputs[:, Channel.NEGATIVE] = torch.from_numpy(marks.negative).float()
    inputs[:, Channel.BOX] = torch.from_numpy(marks.box).float()
    inputs[:, Channel.NEAR_POSITIVE] = torch.exp(-found.to_positive / REACH) * anchored
    inputs[:, Channel.NEAR_NEGATIVE] = torch.exp(-found.to_negative / REACH) * rejected
    inputs[:, Channel.COLOUR] = found.colour
    inputs[:, Channel.PATH] = found.path
    inputs[:, Channel.WALK] = found.walk
    inputs[:, Channel.PROMPTED] = torch.maximum(anchored, rejected)
    if previous is not None:
        inputs[:, Channel.PREVIOUS] = 2.0 * previous[:, 0] - 1.0
    return inputs, found


def _any(drawn: NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(drawn.any((1, 2)).astype(np.float32))[:, None, None]


def _rim(box: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels just outside a filled box."""
    wide = np.pad(box, ((0, 0), (1, 1), (1, 1)))
    grown = wide[:, 2:, 1:-1] | wide[:, :-2, 1:-1] | wide[:, 1:-1, 2:] | wide[:, 1:-1, :-2]
    return grown & ~box
