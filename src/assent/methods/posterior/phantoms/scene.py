"""What a family of invented images is, and one image's layout of tissues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.methods.posterior.phantoms.outlines import Mask


@dataclass(frozen=True, eq=False)
class Scene:
    """Which tissue lies where in one image, and what somebody may want of it.

    Attributes:
        tissue: ``(S, S)`` uint8, the tissue of every pixel.
        target: ``(S, S)`` bool, what everybody counts as the object.
        extras: ``(S, S)`` bool, what some count in: a halo, fine branches.
        parts: Single objects of the target, where there are several.
    """

    tissue: NDArray[np.uint8] = field(repr=False)
    target: Mask = field(repr=False)
    extras: Mask = field(repr=False)
    parts: tuple[Mask, ...] = field(default=(), repr=False)


Draw = Callable[[np.random.Generator, int], Scene]
"""One more image of a family, ``side`` x ``side`` pixels."""


@dataclass(frozen=True)
class Family:
    """One invented task: everything that its images have in common.

    Attributes:
        name: Of the kind, for the log.
        tissues: How many tissues there are.
        looks: Names of the appearances that suit it.
        tones: Gray levels in [0, 1] that cannot be anything, by tissue: air is dark.
        draw: Draws one image.
    """

    name: str
    tissues: int
    looks: tuple[str, ...]
    draw: Draw = field(repr=False, compare=False)
    tones: Mapping[int, float] = field(default_factory=dict)


Kind = Callable[[np.random.Generator], Family]
"""Draws the parameters of one task."""
