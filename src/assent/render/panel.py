"""One slice of an image at the scale of a page, and what is drawn over it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from assent.core.image import Image
from assent.core.intensity import to_unit
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble
from assent.render import ink, overlay
from assent.render.overlay import Rgb
from assent.render.region import Region


@dataclass(frozen=True, eq=False)
class Panel:
    """A square picture of one region of one slice.

    Pixels that are not square in millimetres are stretched, and what does not fill the square
    is padded, so images of any size stand beside each other.

    Attributes:
        rgb: ``(size, size, 3)`` uint8, the image alone.
        slice_index: Which slice.
        region: Which part of it.
        size: Edge length in pixels.
        corner_xy: Where the image starts inside the padding.
        inner_wh: Size of the image inside the padding.
        mm_per_pixel: Of the page; None for an image without physical size.
    """

    rgb: Rgb = field(repr=False)
    slice_index: int
    region: Region
    size: int
    corner_xy: tuple[int, int]
    inner_wh: tuple[int, int]
    mm_per_pixel: float | None

    def place_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A ``(D, H, W)`` mask as ``(size, size)`` on the page."""
        plane = self.region.cut(mask[self.slice_index]).astype(np.uint8) * 255
        return self._place(plane, Pillow.Resampling.BILINEAR) > 127

    def place_map(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """A ``(D, H, W)`` map in [0, 1] as ``(size, size)``; 0 in the padding."""
        plane = self.region.cut(values[self.slice_index])
        scaled = np.round(np.clip(plane, 0.0, 1.0) * 255.0).astype(np.uint8)
        return self._place(scaled, Pillow.Resampling.BILINEAR).astype(np.float32) / 255.0

    def place_point(self, row: float, column: float) -> tuple[float, float]:
        """Where the middle of a voxel lies on the page, as (x, y)."""
        x = (column + 0.5 - self.region.left) * self.inner_wh[0] / self.region.width
        y = (row + 0.5 - self.region.top) * self.inner_wh[1] / self.region.height
        return self.corner_xy[0] + x, self.corner_xy[1] + y

    def _place(self, plane: NDArray[np.uint8], how: Pillow.Resampling) -> NDArray[np.uint8]:
        page = np.zeros((self.size, self.size), np.uint8)
        (left, top), (width, height) = self.corner_xy, self.inner_wh
        resized = Pillow.fromarray(np.ascontiguousarray(plane)).resize((width, height), how)
        page[top : top + height, left : left + width] = np.asarray(resized)
        return page


def panel_of(image: Image, slice_index: int, region: Region, size: int) -> Panel:
    """The image alone, intensities on the scale that methods see."""
    _, dy, dx = image.geometry.spacing_zyx_mm
    high, wide = region.height * dy, region.width * dx
    scale = size / max(high, wide)
    width, height = max(1, round(wide * scale)), max(1, round(high * scale))
    corner = ((size - width) // 2, (size - height) // 2)
    part = region.cut(to_unit(image)[:, slice_index])
    page = np.empty((size, size, 3), np.uint8)
    page[:] = ink.GROUND
    resized = Pillow.fromarray(overlay.to_rgb(part)).resize(
        (width, height), Pillow.Resampling.BICUBIC
    )
    page[corner[1] : corner[1] + height, corner[0] : corner[0] + width] = np.asarray(resized)
    mm = 1.0 / scale if image.geometry.calibrated else None
    return Panel(page, slice_index, region, size, corner, (width, height), mm)


def recommendation(panel: Panel, mask: NDArray[np.bool_]) -> Rgb:
    """Translucent fill and a white and black double line."""
    placed = panel.place_mask(mask)
    painted = overlay.fill(panel.rgb, placed, overlay.OBJECT, opacity=0.28)
    return overlay.contour(painted, placed, width=_line(panel))


def alternative(panel: Panel, mask: NDArray[np.bool_], base: NDArray[np.bool_]) -> Rgb:
    """What is added in blue and removed in orange, with a thin line around the alternative."""
    placed, below = panel.place_mask(mask), panel.place_mask(base)
    outlined = overlay.contour(panel.rgb, placed, width=max(1, panel.size // 170))
    return overlay.difference(outlined, placed, below, opacity=0.7)


def reference(panel: Panel, mask: NDArray[np.bool_]) -> Rgb:
    """The image with a rater's mask as a yellow line."""
    return overlay.contour(panel.rgb, panel.place_mask(mask), overlay.REFERENCE, width=_line(panel))


def uncertainty(panel: Panel, values: NDArray[np.float32]) -> Rgb:
    """The entropy of the posterior as a heat map; dark is certain, bright is one bit."""
    heated = heat(panel.place_map(values))
    (left, top), (width, height) = panel.corner_xy, panel.inner_wh
    page = panel.rgb.copy()
    inner = np.s_[top : top + height, left : left + width]
    page[inner] = heated[inner]
    return page


def heat(values: NDArray[np.float32]) -> Rgb:
    """Values in [0, 1] as colours that stay ordered in gray and for any colour vision."""
    return np.asarray(colormaps["inferno"](values)[..., :3] * 255.0).astype(np.uint8)


def draw_prompts(
    picture: Pillow.Image, panel: Panel, prompts: Sequence[Prompt], *, ringed: bool = False
) -> None:
    """Draw the prompts of this panel's slice; ``ringed`` marks those that are new."""
    for prompt in prompts:
        if isinstance(prompt, Click):
            if prompt.at_zyx[0] == panel.slice_index:
                _draw_click(picture, panel, prompt, ringed=ringed)
        elif isinstance(prompt, Scribble):
            _draw_scribble(picture, panel, prompt)
        elif prompt.low_zyx[0] <= panel.slice_index < prompt.high_zyx[0]:
            _draw_box(picture, panel, prompt)


def _draw_click(picture: Pillow.Image, panel: Panel, click: Click, *, ringed: bool) -> None:
    size = max(16, panel.size // 8)
    tile = ink.marker(positive=click.positive, size=size, ringed=ringed)
    x, y = panel.place_point(click.at_zyx[1], click.at_zyx[2])
    picture.paste(tile, (round(x - size / 2), round(y - size / 2)), tile)


def _draw_scribble(picture: Pillow.Image, panel: Panel, scribble: Scribble) -> None:
    draw = ImageDraw.Draw(picture)
    colour = overlay.POSITIVE if scribble.positive else overlay.NEGATIVE
    points = [
        panel.place_point(row, column)
        for z, row, column in scribble.points_zyx
        if z == panel.slice_index
    ]
    unit = max(1.0, panel.size / 190)
    for radius, shade in ((3.5 * unit, overlay.WHITE), (2.0 * unit, colour)):
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    if points:
        size = max(16, panel.size // 11)
        tile = ink.marker(positive=scribble.positive, size=size)
        x, y = points[len(points) // 2]
        picture.paste(tile, (round(x - size / 2), round(y - size / 2)), tile)


def _draw_box(picture: Pillow.Image, panel: Panel, box: BoundingBox) -> None:
    left, top = panel.place_point(box.low_zyx[1] - 0.5, box.low_zyx[2] - 0.5)
    right, bottom = panel.place_point(box.high_zyx[1] - 0.5, box.high_zyx[2] - 0.5)
    draw = ImageDraw.Draw(picture)
    line = _line(panel)
    for inset, colour in enumerate((overlay.BLACK, overlay.WHITE, overlay.POSITIVE)):
        d = inset * line
        edges = (left + d, top + d, max(right - d, left + d), max(bottom - d, top + d))
        draw.rectangle(edges, outline=colour, width=line)


def _line(panel: Panel) -> int:
    return max(1, panel.size // 130)
