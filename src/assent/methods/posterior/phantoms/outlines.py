"""Outlines in a bent plane: ellipses and branches that look grown, for the price of an ellipse."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.methods.posterior.phantoms.grains import Plane, grain

Mask = NDArray[np.bool_]
Place = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Canvas:
    """Where every pixel lies once the plane is bent.

    Attributes:
        rows: ``(S, S)`` in image sides, 0 to 1 but for the bending.
        columns: The same.
    """

    rows: Plane = field(repr=False)
    columns: Plane = field(repr=False)

    @property
    def side(self) -> int:
        """In pixels."""
        return len(self.rows)

    def empty(self) -> Mask:
        """No pixel."""
        return np.zeros(self.rows.shape, np.bool_)

    def gap(self, centre: Place, radii: tuple[float, float], angle: float = 0.0) -> Plane:
        """How far from the centre of an ellipse, 1 on its border, ``(S, S)``."""
        return _gap(self.rows, self.columns, centre, radii, angle)

    def window(self, centre: Place, reach: float) -> tuple[slice, slice]:
        """The part of the canvas within ``reach`` image sides of a place, bending included."""
        low = np.floor((centre - reach) * self.side).astype(int)
        high = np.ceil((centre + reach) * self.side).astype(int)
        low, high = np.clip(low, 0, self.side), np.clip(high, 0, self.side)
        return slice(low[0], high[0]), slice(low[1], high[1])

    def gap_in(
        self, part: tuple[slice, slice], centre: Place, radii: tuple[float, float], angle: float
    ) -> Plane:
        """``gap`` in a window only."""
        return _gap(self.rows[part], self.columns[part], centre, radii, angle)


def canvas(rng: np.random.Generator, side: int, bend: float, size: float) -> Canvas:
    """A plane bent by noise.

    Args:
        rng: Of the noise.
        side: In pixels.
        bend: Standard deviation of the bending, in image sides.
        size: How far a bend reaches, in image sides.
    """
    axis = np.asarray((np.arange(side) + 0.5) / side, np.float32)
    rows: Plane = np.repeat(axis[:, None], side, 1)
    columns: Plane = np.repeat(axis[None], side, 0)
    if bend > 0:
        reach = size * side
        rows = rows + np.float32(bend) * grain(rng, side, reach)
        columns = columns + np.float32(bend) * grain(rng, side, reach)
    return Canvas(rows, columns)


def _gap(
    rows: Plane, columns: Plane, centre: Place, radii: tuple[float, float], angle: float
) -> Plane:
    y, x = rows - np.float32(centre[0]), columns - np.float32(centre[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u, v = (y * cos + x * sin) / np.float32(radii[0]), (x * cos - y * sin) / np.float32(radii[1])
    return np.sqrt(u * u + v * v)


def branches(
    rng: np.random.Generator,
    start: Place,
    heading: float,
    radius: float,
    *,
    finest: float,
    curl: float,
    spread: float,
) -> list[tuple[Place, float]]:
    """Paths ``(N, 2)`` in image sides with a radius each: a tree that grows from its trunk.

    Args:
        rng: Of everything.
        start: Where the trunk begins.
        heading: In radians; 0 grows along the columns.
        radius: Of the trunk, in image sides.
        finest: No branch is thinner.
        curl: Standard deviation of the change of heading from step to step.
        spread: Angle between a branch and its parent.
    """
    grown: list[tuple[Place, float]] = []
    waiting = [(start, heading, radius)]
    while waiting and len(grown) < 60:
        at, direction, thick = waiting.pop(0)
        steps = int(rng.uniform(14, 34))
        turns = direction + np.cumsum(rng.normal(0, curl, steps))
        path = at + 0.008 * np.cumsum(np.stack([np.sin(turns), np.cos(turns)], -1), axis=0)
        grown.append((path, thick))
        if thick > finest and ((path[-1] > -0.1) & (path[-1] < 1.1)).all():
            sides = (-1, 1) if rng.random() < 0.7 else (float(rng.choice((-0.3, 0.3))),)
            for side in sides:
                bend = side * spread * rng.uniform(0.5, 1.4)
                waiting.append((path[-1], turns[-1] + bend, thick * rng.uniform(0.66, 0.9)))
    return grown


def paint(mask: Mask, path: Place, radius: float) -> None:
    """Set all pixels of ``(S, S)`` within ``radius`` of a path, both in image sides, in place."""
    side = len(mask)
    thick = radius * side
    reach = int(np.ceil(thick))
    offsets = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    offsets = offsets[np.hypot(*offsets.T) <= max(thick, 0.5)]
    spots = (path * side).astype(int)[:, None] + offsets[None]
    spots = spots.reshape(-1, 2)
    spots = spots[((spots >= 0) & (spots < side)).all(1)]
    mask[spots[:, 0], spots[:, 1]] = True
