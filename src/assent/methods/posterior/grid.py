"""The working grid: where the network runs, and the way there and back.

An image is reduced in plane so that its longer side fits the working side, and padded at the
bottom and right to multiples of the network's stride. A single slice that is smaller is enlarged:
the network knows objects at that size. Volumes are not, for they would take many times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assent.core.image import Image
from assent.core.intensity import to_unit
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble
from assent.methods.posterior.channels import Marks, disk_radius, draw_disk, empty_marks
from assent.methods.posterior.network import STRIDE

MOST_ENLARGED = 8.0
"""Working pixels per side of a native pixel; beyond, there is nothing to be seen."""


@dataclass(frozen=True)
class WorkingGrid:
    """How native pixels and working pixels relate.

    Attributes:
        native_hw: Height and width of the image.
        inner_hw: The same after scaling, before padding.
        padded_hw: What the network sees; multiples of the stride.
    """

    native_hw: tuple[int, int]
    inner_hw: tuple[int, int]
    padded_hw: tuple[int, int]

    @classmethod
    def of(cls, native_hw: tuple[int, int], side: int, *, enlarge: bool = False) -> "WorkingGrid":
        """The grid of an image whose longer side is to be at most ``side``.

        Args:
            native_hw: Height and width of the image.
            side: In working pixels.
            enlarge: Whether a smaller image is brought to that side as well, by at most
                ``MOST_ENLARGED``.
        """
        scale = min(side / max(native_hw), MOST_ENLARGED if enlarge else 1.0)
        inner = (max(1, round(native_hw[0] * scale)), max(1, round(native_hw[1] * scale)))
        padded = (-(-inner[0] // STRIDE) * STRIDE, -(-inner[1] // STRIDE) * STRIDE)
        return cls(native_hw, inner, padded)

    @classmethod
    def of_image(cls, shape_dhw: tuple[int, ...], side: int) -> "WorkingGrid":
        """The grid on which the network sees an image: of a single slice, always of that side."""
        depth, height, width = shape_dhw
        return cls.of((height, width), side, enlarge=depth == 1)

    @property
    def is_enlarged(self) -> bool:
        """Whether a native pixel is more than one working pixel."""
        return min(self.scale_hw) > 1.0

    @property
    def scale_hw(self) -> tuple[float, float]:
        """Working pixels per native pixel."""
        return self.inner_hw[0] / self.native_hw[0], self.inner_hw[1] / self.native_hw[1]

    def reduce(self, planes: Tensor) -> Tensor:
        """Native planes ``(B, C, H, W)`` on the padded grid, edges repeated into the padding."""
        if self.inner_hw != self.native_hw:
            planes = functional.interpolate(
                planes, size=self.inner_hw, mode="bilinear", antialias=True, align_corners=False
            )
        down, right = (p - n for p, n in zip(self.padded_hw, self.inner_hw, strict=True))
        if not (down or right):
            return planes
        return functional.pad(planes, (0, right, 0, down), mode="replicate")

    def restore(
        self, planes: Tensor, part: tuple[tuple[slice, slice], tuple[slice, slice]] | None = None
    ) -> Tensor:
        """Padded planes ``(B, C, h, w)`` on the native grid ``(B, C, H, W)``.

        Args:
            planes: Working planes.
            part: A rectangle (``around``) to restore alone, ``(B, C, H', W')``; None for all.
        """
        if part is None:
            part = self.around((slice(0, self.inner_hw[0]), slice(0, self.inner_hw[1])))
        (rows, columns), native = part
        inner = planes[..., rows, columns]
        if self.inner_hw == self.native_hw:
            return inner
        size = (native[0].stop - native[0].start, native[1].stop - native[1].start)
        return functional.interpolate(inner, size=size, mode="bilinear", align_corners=False)

    def around(
        self, extent: tuple[slice, slice]
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The rectangle that bears upon what is inside of one, on the working and native grids.

        Whole pixels on both grids, so that restoring it alone gives what restoring all would.

        Args:
            extent: Rows and columns of working pixels.

        Returns:
            Rows and columns of working pixels, and the same rectangle in native pixels; empty
            where ``extent`` is.
        """
        parts = []
        for span, inner, native in zip(extent, self.inner_hw, self.native_hw, strict=True):
            step = inner // gcd(inner, native)
            first = max(0, span.start - 1) // step
            beyond = -(-min(inner, span.stop + 1) // step)
            if span.stop <= span.start or beyond <= first:
                return (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))
            wide = native // gcd(inner, native)
            parts.append((slice(first * step, beyond * step), slice(first * wide, beyond * wide)))
        (rows, native_rows), (columns, native_columns) = parts
        return (rows, columns), (native_rows, native_columns)

    def point(self, row: float, column: float) -> tuple[int, int]:
        """The working pixel that holds the centre of a native pixel."""
        down, across = self.scale_hw
        return (
            min(self.inner_hw[0] - 1, int((row + 0.5) * down)),
            min(self.inner_hw[1] - 1, int((column + 0.5) * across)),
        )

    def block(self, row: int, column: int) -> tuple[slice, slice]:
        """The working pixels that a native pixel covers; at least the one that holds its centre."""
        spans = []
        places = zip((row, column), self.scale_hw, self.point(row, column), strict=True)
        for place, scale, centre in places:
            first, beyond = int(place * scale), int(np.ceil((place + 1) * scale))
            spans.append(slice(first, beyond) if scale > 1.0 else slice(centre, centre + 1))
        return spans[0], spans[1]


def working_planes(image: Image, grid: WorkingGrid) -> Tensor:
    """All slices as RGB in [0, 1] on the working grid, ``(D, 3, h, w)`` float32."""
    unit = torch.from_numpy(np.ascontiguousarray(to_unit(image).swapaxes(0, 1)))
    reduced = torch.cat([grid.reduce(part) for part in torch.split(unit, 16)])
    # Gray is repeated once it is small.
    return reduced.expand(-1, 3, -1, -1).contiguous()


def marked_slices(prompts: Sequence[Prompt]) -> tuple[int, ...]:
    """Slices on which something was drawn, in order; a box counts where it begins to its end."""
    found: set[int] = set()
    for prompt in prompts:
        match prompt:
            case Click():
                found.add(prompt.at_zyx[0])
            case Scribble():
                found.update(point[0] for point in prompt.points_zyx)
            case BoundingBox():
                found.update(range(prompt.low_zyx[0], prompt.high_zyx[0]))
    return tuple(sorted(found))


def draw_marks(prompts: Sequence[Prompt], index: int, grid: WorkingGrid) -> Marks:
    """The prompts on one slice, as marks of a batch of one."""
    marks = empty_marks(1, *grid.padded_hw)
    radius = disk_radius(max(grid.inner_hw))
    # Later prompts override earlier ones where they overlap: a correction corrects.
    for prompt in prompts:
        if isinstance(prompt, BoundingBox):
            _fill_box(marks.box[0], prompt, index, grid)
            continue
        mine, other = (
            (marks.positive[0], marks.negative[0])
            if prompt.positive
            else (marks.negative[0], marks.positive[0])
        )
        canvas = np.zeros_like(mine)
        for place in _places(prompt, index):
            if isinstance(prompt, Click):
                draw_disk(canvas, *grid.point(*place), radius)
            else:
                canvas[grid.block(*place)] = True
        mine |= canvas
        other &= ~canvas
    return marks


def _places(prompt: Click | Scribble, index: int) -> set[tuple[int, int]]:
    points = [prompt.at_zyx] if isinstance(prompt, Click) else prompt.points_zyx
    return {(y, x) for z, y, x in points if z == index}


def _fill_box(canvas: NDArray[np.bool_], box: BoundingBox, index: int, grid: WorkingGrid) -> None:
    if box.low_zyx[0] <= index < box.high_zyx[0]:
        top, left = grid.block(*box.low_zyx[1:])
        bottom, right = grid.block(box.high_zyx[1] - 1, box.high_zyx[2] - 1)
        canvas[top.start : bottom.stop, left.start : right.stop] = True
