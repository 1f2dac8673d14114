"""A few cases side by side: what was recommended after few answers and after many."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from assent.core.image import Image
from assent.core.prompts import Prompt
from assent.render import ink, overlay, panel
from assent.render.region import Region, region_of_interest

_EDGE, _GAP, _APART, _SIZE = 24, 8, 28, 208
_HEAD, _CAPTION, _LEGEND = 84, 26, 34
_FINER = 2
"""Panels are drawn at this scale and reduced, which smooths their lines."""


@dataclass(frozen=True, eq=False)
class Moment:
    """What was recommended at one time.

    Attributes:
        mask: ``(D, H, W)`` bool.
        prompts: What had been drawn until then.
        words: Below the picture.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    prompts: tuple[Prompt, ...]
    words: str


@dataclass(frozen=True, eq=False)
class ShownCase:
    """One case of the strip.

    Attributes:
        words: Above its pictures.
        image: The image.
        reference: ``(D, H, W)`` bool, what was wanted.
        moments: In order, at least one.
    """

    words: str
    image: Image
    reference: NDArray[np.bool_] = field(repr=False)
    moments: tuple[Moment, ...]


def case_strip(cases: Sequence[ShownCase], *, title: str) -> bytes:
    """Cases in one row: the recommendation in green with a white border, the reference in yellow.

    All pictures of a case show the same region, around everything on them; of a volume the slice
    with the largest reference area.

    Args:
        cases: At least one.
        title: Above all.

    Returns:
        The bytes of a PNG file.
    """
    widths = [len(case.moments) * (_SIZE + _GAP) - _GAP for case in cases]
    width = 2 * _EDGE + sum(widths) + (len(cases) - 1) * _APART
    page = Pillow.new("RGB", (max(width, 480), _HEAD + _SIZE + _CAPTION + _LEGEND), ink.PAGE)
    draw = ImageDraw.Draw(page)
    face = ink.font(19, bold=True)
    draw.text((_EDGE, 18), ink.fitted(title, face, page.width - 2 * _EDGE), font=face, fill=ink.INK)
    left = _EDGE
    for case, wide in zip(cases, widths, strict=True):
        face = ink.font(14)
        draw.text((left, 58), ink.fitted(case.words, face, wide), font=face, fill=ink.INK)
        _draw_case(page, case, left)
        left += wide + _APART
    _draw_legend(draw, page.height - _LEGEND + 6)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_case(page: Pillow.Image, case: ShownCase, left: int) -> None:
    z = int(case.reference.sum(axis=(1, 2)).argmax())
    base = panel.panel_of(case.image, z, _region(case, z), _FINER * _SIZE)
    draw, face = ImageDraw.Draw(page), ink.font(12)
    for moment in case.moments:
        painted = panel.recommendation(base, moment.mask)
        wanted = overlay.outline(base.place_mask(case.reference), width=2 * _FINER)
        painted[wanted] = overlay.REFERENCE
        picture = Pillow.fromarray(painted)
        panel.draw_prompts(picture, base, moment.prompts)
        page.paste(picture.resize((_SIZE, _SIZE), Pillow.Resampling.LANCZOS), (left, _HEAD))
        words = ink.fitted(moment.words, face, _SIZE)
        draw.text((left, _HEAD + _SIZE + 6), words, font=face, fill=ink.INK)
        left += _SIZE + _GAP


def _region(case: ShownCase, z: int) -> Region:
    planes = [case.reference[z], *(moment.mask[z] for moment in case.moments)]
    prompts = [prompt for moment in case.moments for prompt in moment.prompts]
    return region_of_interest(planes, case.image.shape_dhw[1:], prompts=prompts, margin=0.15)


def _draw_legend(draw: ImageDraw.ImageDraw, top: int) -> None:
    face, left = ink.font(12), _EDGE
    words = {overlay.OBJECT: "recommended", overlay.REFERENCE: "reference (never shown to it)"}
    for colour, text in words.items():
        draw.rounded_rectangle((left, top, left + 14, top + 14), radius=3, fill=colour)
        draw.text((left + 20, top + 7), text, font=face, fill=ink.INK, anchor="lm")
        left += 44 + round(face.getlength(text))
