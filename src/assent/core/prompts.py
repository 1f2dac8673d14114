"""Click, scribble and box: what a person draws, in voxel indices of the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Click:
    """One voxel that is inside (positive) or outside the object."""

    at_zyx: Index
    positive: bool = True


@dataclass(frozen=True)
class Scribble:
    """Voxels that are inside (positive) or outside the object, in any order."""

    points_zyx: tuple[Index, ...]
    positive: bool = True

    def __post_init__(self) -> None:
        if not self.points_zyx:
            raise InputError("A scribble has no points. Draw at least one voxel.")


@dataclass(frozen=True)
class BoundingBox:
    """A box around the object; ``low_zyx`` is inside, ``high_zyx`` is the first index beyond."""

    low_zyx: Index
    high_zyx: Index

    def __post_init__(self) -> None:
        if any(low >= high for low, high in zip(self.low_zyx, self.high_zyx, strict=True)):
            raise InputError(
                f"The box from {self.low_zyx} to {self.high_zyx} (z, y, x) is empty:"
                " every upper corner index must exceed the lower one."
            )


Prompt = Click | Scribble | BoundingBox


def check_inside(prompt: Prompt, shape_dhw: tuple[int, int, int]) -> None:
    """Refuse a prompt that leaves the image.

    Raises:
        InputError: Naming the offending position and the size of the image.
    """
    low, high = extent_zyx(prompt)
    if any(v < 0 for v in low) or any(h > n for h, n in zip(high, shape_dhw, strict=True)):
        kind = {Click: "click", Scribble: "scribble", BoundingBox: "box"}[type(prompt)]
        where = low if isinstance(prompt, Click) else f"{low} to {high}"
        raise InputError(
            f"The {kind} at (z, y, x) = {where} is outside the image, which has"
            f" (D, H, W) = {shape_dhw}. Place it inside, or reload the image if it was resized."
        )


def extent_zyx(prompt: Prompt) -> tuple[Index, Index]:
    """Lowest index and first index beyond, along z, y, x."""
    if isinstance(prompt, BoundingBox):
        return prompt.low_zyx, prompt.high_zyx
    points = np.array([prompt.at_zyx] if isinstance(prompt, Click) else prompt.points_zyx)
    low, high = points.min(0), points.max(0) + 1
    return _index(low), _index(high)


def _index(values: NDArray[np.generic]) -> Index:
    z, y, x = (int(v) for v in values)
    return z, y, x


def seeds_zyx(prompts: Sequence[Prompt], *, positive: bool) -> NDArray[np.int64]:
    """All voxels that clicks and scribbles of one sign name, ``(N, 3)`` in order (z, y, x)."""
    points: list[Index] = []
    for prompt in prompts:
        if isinstance(prompt, Click) and prompt.positive == positive:
            points.append(prompt.at_zyx)
        elif isinstance(prompt, Scribble) and prompt.positive == positive:
            points.extend(prompt.points_zyx)
    return np.array(points, dtype=np.int64).reshape(-1, 3)


def to_json(prompt: Prompt) -> dict[str, Any]:
    """A JSON-able description.

    >>> to_json(Click((0, 3, 4)))
    {'kind': 'click', 'at_zyx': [0, 3, 4], 'positive': True}
    """
    if isinstance(prompt, Click):
        return {"kind": "click", "at_zyx": _plain(prompt.at_zyx), "positive": prompt.positive}
    if isinstance(prompt, Scribble):
        points = [_plain(p) for p in prompt.points_zyx]
        return {"kind": "scribble", "points_zyx": points, "positive": prompt.positive}
    return {
        "kind": "box",
        "low_zyx": _plain(prompt.low_zyx),
        "high_zyx": _plain(prompt.high_zyx),
    }


def _plain(index: Index) -> list[int]:
    """Indices that came out of an array are numpy integers, which JSON does not know."""
    return [int(v) for v in index]


def from_json(value: dict[str, Any]) -> Prompt:
    """The prompt that ``to_json`` described.

    Raises:
        InputError: If the kind is unknown or a field is missing.
    """
    try:
        match value["kind"]:
            case "click":
                return Click(_index(np.array(value["at_zyx"])), bool(value["positive"]))
            case "scribble":
                points = tuple(_index(np.array(p)) for p in value["points_zyx"])
                return Scribble(points, bool(value["positive"]))
            case "box":
                low, high = np.array(value["low_zyx"]), np.array(value["high_zyx"])
                return BoundingBox(_index(low), _index(high))
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"A prompt lacks or misstates a field: {error}.") from error
    raise InputError(f"Unknown prompt kind {value['kind']!r}; expected click, scribble or box.")
