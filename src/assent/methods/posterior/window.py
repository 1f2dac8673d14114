"""The part of a slice that is looked at where an object is followed.

A neighbour's mask says where the object is, so only its surroundings need be segmented: small
objects at the full resolution of the working grid, large ones reduced to a side that stays fast.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assent.methods.posterior.channels import Marks
from assent.methods.posterior.network import STRIDE

LEAST_SIDE = 64
"""Working pixels that a window shows at least, along each side of a slice that has as many."""

MARGIN = 8
"""Working pixels between the outside that a neighbour lends and the edge of the window."""


def lent_reach(mask: NDArray[np.bool_]) -> int:
    """Pixels from the box around a mask ``(h, w)`` to the frame that it lends as outside."""
    return max(6, int(0.5 * np.sqrt(mask.sum())))


@dataclass(frozen=True)
class Window:
    """A rectangle of the working grid, and the size at which it is segmented.

    Attributes:
        rows: From the first row to beyond the last.
        columns: The same across.
        size_hw: What the network sees; multiples of its stride, never larger than the rectangle
            rounded up to them.
    """

    rows: slice
    columns: slice
    size_hw: tuple[int, int]

    @classmethod
    def around(cls, mask: NDArray[np.bool_], side: int) -> "Window":
        """The window in which the object of a neighbour's mask ``(h, w)`` is looked for.

        Args:
            mask: Not empty; sides are multiples of the stride.
            side: Longest side of what the network sees.

        >>> mask = np.zeros((256, 256), bool)
        >>> mask[100:104, 100:110] = True
        >>> Window.around(mask, 128)
        Window(rows=slice(70, 134, None), columns=slice(73, 137, None), size_hw=(64, 64))
        """
        margin = lent_reach(mask) + MARGIN
        spans = []
        for axis, length in ((1, mask.shape[0]), (0, mask.shape[1])):
            used = np.flatnonzero(mask.any(axis))
            middle = int(used[0] + used[-1] + 1) // 2
            wanted = max(LEAST_SIDE, int(used[-1] + 1 - used[0]) + 2 * margin)
            spans.append((middle, min(wanted, length), length))
        longest = max(wanted for _, wanted, _ in spans)
        # Working pixels per stride of the network; whole strides fit into the window.
        cell = max(STRIDE, -(-longest * STRIDE // max(STRIDE, side // STRIDE * STRIDE)))
        parts, sizes = [], []
        for middle, wanted, length in spans:
            cells = -(-wanted // cell)
            extent = min(length, cells * cell)
            first = min(max(0, middle - extent // 2), length - extent)
            parts.append(slice(first, first + extent))
            sizes.append(cells * STRIDE)
        return cls(parts[0], parts[1], (sizes[0], sizes[1]))

    @property
    def _is_reduced(self) -> bool:
        rows, columns = self.rows, self.columns
        return self.size_hw != (rows.stop - rows.start, columns.stop - columns.start)

    def cut(self, planes: Tensor) -> Tensor:
        """Planes ``(B, C, h, w)`` as the network sees them, ``(B, C, *size_hw)``."""
        part = planes[..., self.rows, self.columns]
        if not self._is_reduced:
            return part.contiguous()
        return functional.interpolate(
            part, size=self.size_hw, mode="bilinear", antialias=True, align_corners=False
        )

    def cut_marks(self, marks: Marks) -> Marks:
        """Marks of one slice; what covers any part of a pixel covers it."""

        def cut(drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
            part = torch.from_numpy(drawn[:, self.rows, self.columns].astype(np.float32))
            if self._is_reduced:
                part = functional.adaptive_max_pool2d(part, self.size_hw)
            return np.asarray(part.numpy() > 0)

        positive = cut(marks.positive)
        return Marks(positive, cut(marks.negative) & ~positive, cut(marks.box))

    def spread(self, planes: Tensor) -> Tensor:
        """The way back: ``(B, C, *size_hw)`` to the rectangle, ``(B, C, rows, columns)``."""
        if not self._is_reduced:
            return planes
        size = (self.rows.stop - self.rows.start, self.columns.stop - self.columns.start)
        return functional.interpolate(planes, size=size, mode="bilinear", align_corners=False)
