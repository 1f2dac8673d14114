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
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble
from assent.render import ink, overlay, panel
from assent.render.overlay import Colour, Rgb
from assent.render.panel import Panel
from assent.render.region import Region, region_of_interest, shown_slice

_EDGE, _GAP, _LABEL, _CAPTION = 32, 14, 138, 46
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
    the same region; of a volume each row shows the slice where the alternatives disagree most.

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
    region = _region(image, rows, reference)
    top = 120 if subtitle else 96
    height = top + len(rows) * (layout.row_height + _GAP) + 44
    page = Pillow.new("RGB", (layout.width, height), ink.PAGE)
    _draw_head(page, layout, title, subtitle, top)
    for number, row in enumerate(rows):
        at = top + number * (layout.row_height + _GAP)
        z = shown_slice(row.proposal, row.answer)
        base = panel.panel_of(image, z, region, _FINER * layout.panel)
        _draw_row(page, layout, at, row, base, reference)
    _draw_legend(page, height - 36, with_reference=reference is not None)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def answer_words(answer: Feedback | None) -> str:
    """What was answered, in words of the page.

    >>> answer_words(Pick(1, round=0)), answer_words(Pick(None, round=0))
    ('picked 2', 'none of these')
    """
    match answer:
        case None:
            return "not answered"
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


def _region(image: Image, rows: Sequence[SheetRow], reference: NDArray[np.bool_] | None) -> Region:
    planes: list[NDArray[np.bool_]] = []
    drawn: list[Prompt] = []
    for row in rows:
        z = shown_slice(row.proposal, row.answer)
        planes += [row.proposal.recommended[z], *row.proposal.alternatives[:, z]]
        if reference is not None:
            planes.append(reference[z])
        drawn += row.prompts
        if isinstance(row.answer, Correct):
            drawn += row.answer.prompts
    return region_of_interest(planes, image.shape_dhw[1:], prompts=drawn)


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
    doubt = Pillow.fromarray(panel.uncertainty(base, proposal.uncertainty))
    columns = [*range(len(pictures)), layout.alternatives + 2]
    for column, picture in zip(columns, [*pictures, doubt], strict=True):
        reduced = picture.resize((layout.panel, layout.panel), Pillow.Resampling.LANCZOS)
        if column == 0 and base.mm_per_pixel is not None:
            ink.scale_bar(ImageDraw.Draw(reduced), layout.panel, _FINER * base.mm_per_pixel)
        page.paste(reduced, (layout.column(column), top))
    _draw_captions(page, layout, top, row)
    _draw_answer(page, layout, top, row)
    _draw_label(page, top, row, base)


def _with_prompts(
    rgb: Rgb, base: Panel, prompts: Sequence[Prompt], *, ringed: bool = False
) -> Pillow.Image:
    picture = Pillow.fromarray(rgb)
    panel.draw_prompts(picture, base, prompts, ringed=ringed)
    return picture


def _draw_captions(page: Pillow.Image, layout: _Layout, top: int, row: SheetRow) -> None:
    draw = ImageDraw.Draw(page)
    face = ink.font(13)
    below = top + layout.panel + 6
    for k, tag in enumerate(row.proposal.tags):
        left = layout.column(2 + k)
        for line, text in enumerate(ink.wrapped(tag, face, layout.panel, lines=2)):
            draw.text((left, below + 18 * line), text, font=face, fill=ink.INK)
    # What an empty mask is expected to be worth says nothing to anybody.
    nothing = not row.proposal.recommended.any()
    figures = ["nothing yet" if nothing else f"predicted Dice {row.proposal.predicted_dice:.2f}"]
    if row.dice is not None:
        figures.append(f"true Dice {row.dice:.2f}")
    for line, text in enumerate(figures):
        face = ink.font(13, bold=line == 1)
        place = (layout.column(1), below + 18 * line)
        draw.text(place, ink.fitted(text, face, layout.panel), font=face, fill=ink.INK)


def _draw_answer(page: Pillow.Image, layout: _Layout, top: int, row: SheetRow) -> None:
    """Number the alternatives and frame what was chosen."""
    draw = ImageDraw.Draw(page)
    chosen = _chosen_column(row)
    for k in range(len(row.proposal.tags)):
        left = layout.column(2 + k)
        ink.badge(draw, (left + 7, top + 7), str(k + 1), ink.CHOICE if chosen == 2 + k else ink.INK)
    if chosen is None:
        return
    colour = ink.ACCEPTED if isinstance(row.answer, Accept) else ink.CHOICE
    left = layout.column(chosen)
    draw.rectangle(
        (left - 4, top - 4, left + layout.panel + 3, top + layout.panel + 3),
        outline=colour,
        width=4,
    )
    words = answer_words(row.answer).split()[0]
    offset = 7 if chosen == 1 else 38
    ink.badge(draw, (left + offset, top + 7), words, colour)


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
    for line, (text, colour) in enumerate(lines):
        draw.text((_EDGE, top + 26 + 18 * line), text, font=ink.font(12), fill=colour)
    below = top + 34 + 18 * len(lines)
    colour = ink.ACCEPTED if isinstance(row.answer, Accept) else ink.CHOICE
    face = ink.font(14, bold=True)
    for line, text in enumerate(ink.wrapped(answer_words(row.answer), face, _LABEL - 10, lines=2)):
        shade = colour if row.answer is not None else ink.MUTED
        draw.text((_EDGE, below + 19 * line), text, font=face, fill=shade)


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
