"""The contact sheet: what was proposed and answered for one image, one row per round."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from assent.core.candidates import Proposal
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.image import Image
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble, extent_zyx
from assent.render import ink, overlay, panel
from assent.render.overlay import Colour, Rgb
from assent.render.panel import Panel
from assent.render.region import Region, region_of_interest, shown_slice

_EDGE, _GAP, _LABEL, _CAPTION = 32, 14, 138, 54
_LARGEST_PANEL = 300
_FINER = 2
"""Panels are drawn at this scale and reduced, which smooths their lines."""


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One round: what was shown, what was answered, and how good the recommendation was.

    Attributes:
        proposal: What was shown.
        answer: What the annotator answered to it; None while unanswered.
        dice: Dice of the recommendation with the reference, where one is known.
        prompts: What had been drawn before this round.
    """

    proposal: Proposal
    answer: Feedback | None = None
    dice: float | None = None
    prompts: tuple[Prompt, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels that all rows share."""

    width: int
    panel: int
    alternatives: int

    def column(self, index: int) -> int:
        """Left edge of a panel: 0 image, 1 recommendation, then alternatives, uncertainty last."""
        return _EDGE + _LABEL + index * (self.panel + _GAP)

    @property
    def row_height(self) -> int:
        return self.panel + _CAPTION


def contact_sheet(
    image: Image,
    rows: Sequence[SheetRow],
    *,
    title: str,
    subtitle: str = "",
    reference: NDArray[np.bool_] | None = None,
    width_px: int = 1600,
) -> bytes:
    """The whole work on one image as a PNG.

    Each row shows the image, the recommendation, every alternative by its difference to the
    recommendation (added blue, removed orange) and the uncertainty. What was picked or accepted
    is framed, and what was drawn is marked by a green plus or a magenta minus. All panels show
    the same region, around the reference where one is known, and of a volume the same slice.

    Args:
        image: The image.
        rows: The rounds in order, at least one.
        title: Name of the image.
        subtitle: One line about it: source, method, whose reading.
        reference: ``(D, H, W)`` mask, drawn beside the image; the method never saw it.
        width_px: Greatest width of the picture.

    Returns:
        The bytes of a PNG file.
    """
    layout = _layout(rows, width_px)
    drawn = _drawn(rows)
    z = shown_slice(rows[-1].proposal, prompts=drawn, reference=reference)
    region = _region(image, rows, reference, z)
    top = 120 if subtitle else 96
    height = top + len(rows) * (layout.row_height + _GAP) + 44
    page = Pillow.new("RGB", (layout.width, height), ink.PAGE)
    _draw_head(page, layout, title, subtitle, top)
    for number, row in enumerate(rows):
        at = top + number * (layout.row_height + _GAP)
        base = panel.panel_of(image, z, region, _FINER * layout.panel)
        _draw_row(page, layout, at, row, base, reference)
    _draw_legend(page, height - 36, with_reference=reference is not None)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def answer_words(answer: Feedback) -> str:
    """What was answered, in words of the page.

    >>> answer_words(Pick(1, round=0)), answer_words(Pick(None, round=0))
    ('picked 2', 'none of these')
    """
    match answer:
        case Pick():
            return "none of these" if answer.candidate is None else f"picked {answer.candidate + 1}"
        case Judge():
            return {"better": "better", "worse": "worse", "cannot_tell": "can't tell"}[
                answer.answer
            ]
        case Accept():
            return f"accepted {answer.choice + 1}" if isinstance(answer.choice, int) else "accepted"
        case Correct():
            names = {Click: "click", Scribble: "scribble", BoundingBox: "box"}
            counts = Counter(names[type(prompt)] for prompt in answer.prompts)
            if answer.removed:
                counts["mark removed"] = len(answer.removed)
            listed = [f"{n} {name if n == 1 else _plural(name)}" for name, n in counts.items()]
            return ", ".join(listed) or "no mark"


def _plural(name: str) -> str:
    return {"box": "boxes", "mark removed": "marks removed"}.get(name, name + "s")


def _layout(rows: Sequence[SheetRow], width_px: int) -> _Layout:
    alternatives = max(len(row.proposal.tags) for row in rows)
    columns = alternatives + 3
    room = width_px - 2 * _EDGE - _LABEL - (columns - 1) * _GAP
    size = min(_LARGEST_PANEL, max(room // columns, 48))
    return _Layout(2 * _EDGE + _LABEL + columns * size + (columns - 1) * _GAP, size, alternatives)


def _drawn(rows: Sequence[SheetRow]) -> list[Prompt]:
    """Everything that was drawn, in order."""
    first = list(rows[0].prompts)
    answers = (row.answer for row in rows)
    return first + [p for answer in answers if isinstance(answer, Correct) for p in answer.prompts]


def _region(
    image: Image, rows: Sequence[SheetRow], reference: NDArray[np.bool_] | None, z: int
) -> Region:
    """Around the object with its surroundings; without a reference, around all that is on offer."""
    here = [prompt for prompt in _drawn(rows) if _is_on(prompt, z)]
    if reference is not None and reference[z].any():
        return region_of_interest([reference[z]], image.shape_dhw[1:], prompts=here, margin=0.35)
    planes: list[NDArray[np.bool_]] = []
    for row in rows:
        planes += [row.proposal.recommended[z], *row.proposal.alternatives[:, z]]
    return region_of_interest(planes, image.shape_dhw[1:], prompts=here)


def _is_on(prompt: Prompt, z: int) -> bool:
    low, high = extent_zyx(prompt)
    return low[0] <= z < high[0]


def _draw_head(page: Pillow.Image, layout: _Layout, title: str, subtitle: str, top: int) -> None:
    draw = ImageDraw.Draw(page)
    room = layout.width - 2 * _EDGE
    face = ink.font(26, bold=True)
    draw.text((_EDGE, 24), ink.fitted(title, face, room), font=face, fill=ink.INK)
    small = ink.font(15)
    draw.text((_EDGE, 60), ink.fitted(subtitle, small, room), font=small, fill=ink.MUTED)
    heads = {0: "image", 1: "recommendation", layout.alternatives + 2: "uncertainty"}
    if layout.alternatives:
        wide = layout.alternatives > 1
        heads[2] = "alternatives: what would change" if wide else "alternative"
    for index, head in heads.items():
        draw.text((layout.column(index), top - 10), head, font=small, fill=ink.INK, anchor="ls")


def _draw_row(
    page: Pillow.Image,
    layout: _Layout,
    top: int,
    row: SheetRow,
    base: Panel,
    reference: NDArray[np.bool_] | None,
) -> None:
    proposal = row.proposal
    new = row.answer.prompts if isinstance(row.answer, Correct) else ()
    plain = base.rgb if reference is None else panel.reference(base, reference)
    pictures = [
        _with_prompts(plain, base, row.prompts),
        _with_prompts(panel.recommendation(base, proposal.recommended), base, new, ringed=True),
    ]
    for mask in proposal.alternatives:
        changed = panel.alternative(base, mask, proposal.recommended)
        pictures.append(Pillow.fromarray(changed))
    columns = list(range(len(pictures)))
    if proposal.uncertainty.any():
        pictures.append(Pillow.fromarray(panel.uncertainty(base, proposal.uncertainty)))
        columns.append(layout.alternatives + 2)
    for column, picture in zip(columns, pictures, strict=True):
        reduced = picture.resize((layout.panel, layout.panel), Pillow.Resampling.LANCZOS)
        if column == 0 and base.mm_per_pixel is not None:
            ink.scale_bar(ImageDraw.Draw(reduced), layout.panel, _FINER * base.mm_per_pixel)
        page.paste(reduced, (layout.column(column), top))
    _draw_captions(page, layout, top, row, base)
    _draw_frame(page, layout, top, row)
    _draw_label(page, top, row, base)


def _with_prompts(
    rgb: Rgb, base: Panel, prompts: Sequence[Prompt], *, ringed: bool = False
) -> Pillow.Image:
    picture = Pillow.fromarray(rgb)
    panel.draw_prompts(picture, base, prompts, ringed=ringed)
    return picture


def _draw_captions(
    page: Pillow.Image, layout: _Layout, top: int, row: SheetRow, base: Panel
) -> None:
    draw = ImageDraw.Draw(page)
    below, chosen = top + layout.panel + 8, _chosen_column(row)
    face = ink.font(13)
    for k, tag in enumerate(row.proposal.tags):
        left = layout.column(2 + k)
        shade = _choice_colour(row) if chosen == 2 + k else ink.INK
        indent = ink.badge(draw, (left, below - 2), str(k + 1), shade, size=12) + 7
        changed = row.proposal.alternatives[k] ^ row.proposal.recommended
        words = tag if changed[base.slice_index].any() else f"{tag}, on other slices"
        for line, text in enumerate(ink.wrapped(words, face, layout.panel - indent, lines=2)):
            draw.text((left + indent, below + 18 * line), text, font=face, fill=ink.INK)
    for line, (text, bold) in enumerate(_figures(row, base)):
        face = ink.font(13, bold=bold)
        place = (layout.column(1), below + 18 * line)
        draw.text(place, ink.fitted(text, face, layout.panel), font=face, fill=ink.INK)


def _figures(row: SheetRow, base: Panel) -> list[tuple[str, bool]]:
    """What the recommendation is worth, as expected and in truth; the truth in bold."""
    recommended = row.proposal.recommended
    # What an empty mask is expected to be worth says nothing to anybody.
    words = f"predicted Dice {row.proposal.predicted_dice:.2f}" if recommended.any() else "nothing"
    if row.proposal.round == 0 and not recommended.any():
        words = "nothing yet"
    lines = [(words, False)]
    if row.dice is not None:
        lines.append((f"true Dice {row.dice:.2f}", True))
    plane = recommended[base.slice_index]
    if plane.sum() > base.region.cut(plane).sum():
        lines.append(("more of it outside this view", False))
    return lines


def _draw_frame(page: Pillow.Image, layout: _Layout, top: int, row: SheetRow) -> None:
    """Frame what was chosen; nothing on the pictures themselves hides the image."""
    chosen = _chosen_column(row)
    if chosen is None:
        return
    left, size = layout.column(chosen), layout.panel
    edges = (left - 4, top - 4, left + size + 3, top + size + 3)
    ImageDraw.Draw(page).rectangle(edges, outline=_choice_colour(row), width=4)


def _choice_colour(row: SheetRow) -> Colour:
    return ink.ACCEPTED if isinstance(row.answer, Accept) else ink.CHOICE


def _chosen_column(row: SheetRow) -> int | None:
    match row.answer:
        case Pick(candidate=int() as k) | Accept(choice=int() as k):
            return 2 + k
        case Judge() if row.proposal.challenger is not None:
            return 2 + row.proposal.challenger
        case Accept(choice="recommended"):
            return 1
    return None


def _draw_label(page: Pillow.Image, top: int, row: SheetRow, base: Panel) -> None:
    draw = ImageDraw.Draw(page)
    number = row.proposal.round
    draw.text((_EDGE, top - 2), f"Round {number}", font=ink.font(19, bold=True), fill=ink.INK)
    lines: list[tuple[str, Colour]] = []
    if number == 0:
        lines.append(("before any answer", ink.MUTED))
    if row.proposal.page:
        lines.append((f"more options, {row.proposal.page}", ink.MUTED))
    depth = row.proposal.recommended.shape[0]
    if depth > 1:
        lines.append((f"slice {base.slice_index + 1} of {depth}", ink.MUTED))
    new = row.answer.prompts if isinstance(row.answer, Correct) else ()
    lines += [
        (_elsewhere(prompt), ink.MUTED) for prompt in new if not _is_on(prompt, base.slice_index)
    ]
    for line, (text, colour) in enumerate(lines):
        draw.text((_EDGE, top + 26 + 18 * line), text, font=ink.font(12), fill=colour)
    below = top + 34 + 18 * len(lines)
    if row.answer is None:
        return
    face, words = ink.font(14, bold=True), answer_words(row.answer)
    for line, text in enumerate(ink.wrapped(words, face, _LABEL - 10, lines=2)):
        draw.text((_EDGE, below + 19 * line), text, font=face, fill=_choice_colour(row))


def _elsewhere(prompt: Prompt) -> str:
    """Where a mark is that this slice does not show."""
    low, high = extent_zyx(prompt)
    if high[0] - low[0] > 1:
        return f"drawn on slices {low[0] + 1} to {high[0]}"
    return f"drawn on slice {low[0] + 1}"


def _draw_legend(page: Pillow.Image, top: int, *, with_reference: bool) -> None:
    draw = ImageDraw.Draw(page)
    draw.line((_EDGE, top - 12, page.width - _EDGE, top - 12), fill=ink.RULE)
    face = ink.font(13)
    left = _EDGE
    swatches = [(overlay.ADDED, "added"), (overlay.REMOVED, "removed")]
    if with_reference:
        swatches.append((overlay.REFERENCE, "reference (never shown to the method)"))
    for colour, text in swatches:
        draw.rounded_rectangle((left, top + 2, left + 16, top + 16), radius=3, fill=colour)
        draw.text((left + 23, top + 9), text, font=face, fill=ink.INK, anchor="lm")
        left += 47 + round(face.getlength(text))
    for positive, text in ((True, "inside"), (False, "outside")):
        tile = ink.marker(positive=positive, size=22)
        page.paste(tile, (left, top - 2), tile)
        draw.text((left + 25, top + 9), text, font=face, fill=ink.INK, anchor="lm")
        left += 49 + round(face.getlength(text))
    ramp = panel.heat(np.tile(np.linspace(0.0, 1.0, 120, dtype=np.float32), (12, 1)))
    draw.text((left, top + 9), "certain", font=face, fill=ink.INK, anchor="lm")
    left += round(face.getlength("certain")) + 8
    page.paste(Pillow.fromarray(ramp), (left, top + 3))
    draw.text((left + 128, top + 9), "1 bit", font=face, fill=ink.INK, anchor="lm")
