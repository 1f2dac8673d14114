"""Which slice of a volume and which part of it a picture should show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.prompts import Prompt, extent_zyx

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Region:
    """A rectangle of a slice; ``bottom`` and ``right`` are the first indices beyond."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, plane: NDArray[Scalar]) -> NDArray[Scalar]:
        """The part of ``(..., H, W)`` inside the rectangle."""
        return plane[..., self.top : self.bottom, self.left : self.right]

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


def shown_slice(
    proposal: Proposal,
    *,
    prompts: Sequence[Prompt] = (),
    reference: NDArray[np.bool_] | None = None,
) -> int:
    """The one slice of a volume that a picture shows, so that rounds can be compared.

    It is where the first mark was drawn; else the slice with the largest reference area, the one
    where alternatives disagree most, with the largest recommended area, or of highest uncertainty.

    Args:
        proposal: Of the last round.
        prompts: Everything that was drawn, in order.
        reference: ``(D, H, W)`` mask, where one is known.
    """
    if prompts:
        low, high = extent_zyx(prompts[0])
        return (low[0] + high[0] - 1) // 2
    disagreement: NDArray[np.int64] = (proposal.alternatives ^ proposal.recommended).sum(
        axis=(0, 2, 3)
    )
    area = proposal.recommended.sum(axis=(1, 2))
    doubt = proposal.uncertainty.sum(axis=(1, 2))
    known = [] if reference is None else [reference.sum(axis=(1, 2))]
    for evidence in (*known, disagreement, area, doubt):
        if evidence.any():
            return int(np.argmax(evidence))
    return int(proposal.recommended.shape[0]) // 2


def region_of_interest(
    planes: Iterable[NDArray[np.bool_]],
    shape_hw: tuple[int, int],
    *,
    prompts: Sequence[Prompt] = (),
    margin: float = 0.2,
) -> Region:
    """The smallest nearly square rectangle around all masks and prompts, with a margin.

    Args:
        planes: ``(H, W)`` masks; empty ones are passed over.
        shape_hw: Size of the slice; it is shown whole when there is nothing to surround.
        prompts: Drawn marks that should be visible too.
        margin: Share of the longer side added on each side, at least 12 pixels.
    """
    rows, columns = np.zeros(shape_hw[0], bool), np.zeros(shape_hw[1], bool)
    for plane in planes:
        rows |= plane.any(axis=1)
        columns |= plane.any(axis=0)
    for prompt in prompts:
        (_, top, left), (_, bottom, right) = extent_zyx(prompt)
        rows[top:bottom] = True
        columns[left:right] = True
    if not rows.any():
        return Region(0, shape_hw[0], 0, shape_hw[1])
    (top, bottom), (left, right) = _span(rows), _span(columns)
    longest = max(bottom - top, right - left)
    side = longest + 2 * max(12, round(margin * longest))
    return Region(
        *_widened(top, bottom, side, shape_hw[0]), *_widened(left, right, side, shape_hw[1])
    )


def _span(line: NDArray[np.bool_]) -> tuple[int, int]:
    found = np.flatnonzero(line)
    return int(found[0]), int(found[-1]) + 1


def _widened(low: int, high: int, side: int, size: int) -> tuple[int, int]:
    """An interval of ``side`` around [low, high), moved rather than cut at the border."""
    side = min(side, size)
    start = min(max((low + high - side) // 2, 0), size - side)
    return start, start + side
