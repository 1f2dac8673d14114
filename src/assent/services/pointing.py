"""Prompts as they are typed: clicks and boxes in numbers, scribbles as a file."""

import json
from pathlib import Path

import numpy as np

from assent.core import prompts as prompt_json
from assent.core.errors import FileFormatError, InputError
from assent.core.image import Image
from assent.core.prompts import BoundingBox, Click, Index, Prompt, Scribble, check_inside
from assent.io.formats import read_image

_INSIDE, _OUTSIDE = (1.0, 255.0), (2.0, 128.0)


def read_click(text: str, image: Image) -> Click:
    """A click from "z,y,x,+" (inside the object) or "z,y,x,-"; of one slice also "y,x,+".

    Raises:
        InputError: If the text is of another form, or the place is outside the image.
    """
    *numbers, sign = (part.strip() for part in text.split(","))
    index = _index(numbers, 0 if not image.is_volume else None)
    if index is None or sign not in {"+", "-"}:
        short = "" if image.is_volume else " (or y,x,+ and y,x,-)"
        raise InputError(
            f"The click {text!r} cannot be understood; expected z,y,x,+ for inside or z,y,x,- for"
            f" outside{short}, in voxels from 0, as in 0,60,64,+ (column 64 of row 60)."
        )
    click = Click(index, sign == "+")
    check_inside(click, image.shape_dhw)
    return click


def read_box(text: str, image: Image) -> BoundingBox:
    """A box from "z0,y0,x0,z1,y1,x1", the second corner just beyond; of one slice "y0,x0,y1,x1".

    Raises:
        InputError: If the text is of another form, or the box is empty or leaves the image.
    """
    numbers = [part.strip() for part in text.split(",")]
    half = len(numbers) // 2
    low = _index(numbers[:half], 0 if not image.is_volume else None)
    high = _index(numbers[half:], 1 if not image.is_volume else None)
    if low is None or high is None:
        raise InputError(
            f"The box {text!r} cannot be understood; expected z0,y0,x0,z1,y1,x1 in voxels, the"
            " second corner just beyond the object, as in 0,40,32,1,96,90."
        )
    box = BoundingBox(low, high)
    check_inside(box, image.shape_dhw)
    return box


def read_scribble(path: Path, image: Image) -> tuple[Prompt, ...]:
    """Scribbles from a drawing on the image's grid, or prompts from a JSON list.

    In a drawing 1 (or 255) is inside the object, 2 (or 128) is outside, 0 is not drawn on.

    Raises:
        InputError: If the file is missing, of another size, empty, or holds other values.
        FileFormatError: If it cannot be read.
    """
    found = _listed(path) if path.suffix.lower() == ".json" else _drawn(path, image)
    if not found:
        raise InputError(f"The scribble {path.name} marks nothing. Draw at least one voxel.")
    for prompt in found:
        check_inside(prompt, image.shape_dhw)
    return found


def _index(numbers: list[str], leading: int | None) -> Index | None:
    """Three whole numbers, with the first given where only two are there; None if they are not."""
    try:
        values = [int(number) for number in numbers]
    except ValueError:
        return None
    if len(values) == 2 and leading is not None:
        values.insert(0, leading)
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def _listed(path: Path) -> tuple[Prompt, ...]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path.name!r} at that place. Check the path.") from None
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path.name} cannot be read as JSON: {error}.") from error
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise FileFormatError(
            f"{path.name} holds no list of prompts; expected one such as"
            ' [{"kind": "click", "at_zyx": [0, 60, 64], "positive": true}].'
        )
    return tuple(prompt_json.from_json(value) for value in values)


def _drawn(path: Path, image: Image) -> tuple[Prompt, ...]:
    drawing = read_image(path)
    if drawing.shape_dhw != image.shape_dhw:
        raise InputError(
            f"The scribble {path.name} has (D, H, W) = {drawing.shape_dhw}; expected"
            f" {image.shape_dhw}, the size of its image {image.name}. Draw it on this image."
        )
    values = drawing.voxels.max(axis=0)
    known = (0.0, *_INSIDE, *_OUTSIDE)
    if (drawing.voxels != values).any() or not np.isin(values, known).all():
        raise InputError(
            f"The scribble {path.name} holds other values than 0 (not drawn on), 1 or 255"
            " (inside) and 2 or 128 (outside). Save it as a gray picture without smoothing."
        )
    strokes = ((np.isin(values, _INSIDE), True), (np.isin(values, _OUTSIDE), False))
    return tuple(
        Scribble(tuple((int(z), int(y), int(x)) for z, y, x in np.argwhere(where)), positive)
        for where, positive in strokes
        if where.any()
    )
