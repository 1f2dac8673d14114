"""Letters and marks for pictures: fonts, labels, pluses and minuses, a scale bar."""

from functools import cache, lru_cache
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from assent.render.overlay import BLACK, NEGATIVE, POSITIVE, WHITE, Colour

INK: Colour = (31, 41, 55)
MUTED: Colour = (107, 114, 128)
RULE: Colour = (226, 229, 234)
PAGE: Colour = WHITE
GROUND: Colour = (244, 245, 247)
CHOICE: Colour = (0, 114, 178)
"""Blue of the frame around what was picked."""

ACCEPTED: Colour = (0, 128, 92)
"""Green of the frame around what was accepted; the badge says so in words too."""

_SMOOTH = 4


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which Matplotlib carries, so that every machine draws the same picture."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), size)


def fitted(text: str, face: ImageFont.FreeTypeFont, width: int) -> str:
    """The text, shortened with an ellipsis where it is wider than ``width`` pixels."""
    if face.getlength(text) <= width:
        return text
    while text and face.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip(" ,;") + "…"


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: int, *, lines: int) -> list[str]:
    """The text in at most ``lines`` lines of ``width`` pixels, broken between words."""
    rows: list[str] = []
    words = text.split()
    while words and len(rows) < lines - 1:
        count = 1
        while count < len(words) and face.getlength(" ".join(words[: count + 1])) <= width:
            count += 1
        rows.append(fitted(" ".join(words[:count]), face, width))
        words = words[count:]
    return [*rows, fitted(" ".join(words), face, width)] if words else rows


@lru_cache
def marker(*, positive: bool, size: int, ringed: bool = False) -> Pillow.Image:
    """A plus or a minus with a white and a black rim; RGBA, ``size`` pixels square."""
    big = size * _SMOOTH
    tile = Pillow.new("RGBA", (big, big), (0, 0, 0, 0))
    draw = ImageDraw.Draw(tile)
    colour = POSITIVE if positive else NEGATIVE
    if ringed:
        draw.ellipse((1, 1, big - 2, big - 2), fill=WHITE, outline=BLACK, width=_SMOOTH)
    for grow, shade in ((0.11, BLACK), (0.07, WHITE), (0.0, colour)):
        half, reach = big * (0.08 + grow), big * (0.3 + grow)
        bars = [(big / 2 - reach, big / 2 - half, big / 2 + reach, big / 2 + half)]
        if positive:
            bars.append((big / 2 - half, big / 2 - reach, big / 2 + half, big / 2 + reach))
        for bar in bars:
            draw.rectangle(bar, fill=shade)
    return tile.resize((size, size), Pillow.Resampling.LANCZOS)


def badge(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, colour: Colour, *, size: int = 14
) -> int:
    """White bold text on a rounded ground with its top left corner at ``at``; returns its width."""
    face = font(size, bold=True)
    width = round(face.getlength(text)) + size
    x, y = at
    draw.rounded_rectangle((x, y, x + width, y + size + 8), radius=5, fill=colour)
    draw.text((x + width / 2, y + size / 2 + 4), text, font=face, fill=WHITE, anchor="mm")
    return width


def scale_bar(draw: ImageDraw.ImageDraw, size: int, mm_per_pixel: float) -> None:
    """A bar of a round length in the lower right corner of a panel of ``size`` pixels."""
    wish = size * 0.3 * mm_per_pixel
    length = max((m for m in _round_lengths() if m <= wish), default=None)
    if length is None:
        return
    right, bottom = size - 10, size - 10
    left = right - length / mm_per_pixel
    draw.rectangle((left - 1, bottom - 4, right + 1, bottom + 1), fill=BLACK)
    draw.rectangle((left, bottom - 3, right, bottom), fill=WHITE)
    middle = ((left + right) / 2, bottom - 7)
    text = f"{length:g} mm"
    draw.text(
        middle, text, font=font(12), fill=WHITE, anchor="ms", stroke_width=2, stroke_fill=BLACK
    )


def _round_lengths() -> list[float]:
    return [lead * 10.0**power for power in range(-3, 4) for lead in (1, 2, 5)]
