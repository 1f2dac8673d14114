"""Make images of one episode look as if another machine had taken them.

What holds for a whole episode (stain, scanner, orientation) is drawn once; every image then differs
a little from the others, as images of one machine do.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

KNOTS = 6
"""A colour map runs through so many random colours."""


@dataclass(frozen=True, eq=False)
class Look:
    """Changes that hold for a whole episode.

    Attributes:
        flip: Up with down, left with right.
        turn: Rows with columns.
        zoom: Magnification.
        channels: Order of the channels.
        gray: Whether colour is lost.
        invert: Whether bright becomes dark.
        mix: ``(3, 3)`` mixture of the channels, or None.
        map: ``(3, KNOTS)`` colours that stand for gray levels, or None.
        gamma: Exponent of intensities.
        grain: Standard deviation of noise, once in a few images.
        coarse: Share of the resolution that is kept.
    """

    flip: tuple[bool, bool] = (False, False)
    turn: bool = False
    zoom: float = 1.0
    channels: tuple[int, int, int] = (0, 1, 2)
    gray: bool = False
    invert: bool = False
    mix: Tensor | None = field(default=None, repr=False)
    map: Tensor | None = field(default=None, repr=False)
    gamma: float = 1.0
    grain: float = 0.08
    coarse: float = 1.0


def draw_look(rng: np.random.Generator, strength: float) -> Look:
    """A look for one episode.

    Args:
        rng: Of every choice.
        strength: How often appearance changes; 1 is usual, 0 never. Orientation and size always
            change.
    """

    def happens(share: float) -> bool:
        return bool(rng.random() < share * strength)

    order = rng.permutation(3) if happens(0.3) else np.arange(3)
    colours = _colour_map(rng) if happens(0.12) else None
    mix = np.eye(3) + rng.normal(0, 0.25, (3, 3)) if happens(0.2) else None
    return Look(
        flip=(bool(rng.random() < 0.5), bool(rng.random() < 0.5)),
        turn=bool(rng.random() < 0.3),
        zoom=float(np.exp(rng.uniform(-0.1, 0.5))),
        channels=(int(order[0]), int(order[1]), int(order[2])),
        gray=happens(0.25),
        invert=happens(0.2),
        mix=None if mix is None else _tensor(mix / np.abs(mix).sum(1, keepdims=True)),
        map=None if colours is None else _tensor(colours),
        gamma=float(np.exp(rng.normal(0, 0.35))) if happens(0.5) else 1.0,
        grain=0.08 * min(strength, 1.0),
        coarse=float(rng.uniform(0.35, 0.8)) if happens(0.12) else 1.0,
    )


def _colour_map(rng: np.random.Generator) -> NDArray[np.float64]:
    """Random colours for gray levels, such that neighbouring levels differ: one channel rises."""
    colours = rng.random((3, KNOTS))
    leading = int(rng.integers(3))
    colours[leading] = np.sort(colours[leading]) * 0.4 + np.linspace(0, 0.6, KNOTS)
    return colours


def recolour(image: Tensor, look: Look, rng: np.random.Generator) -> Tensor:
    """An image ``(3, S, S)`` in [0, 1] as the episode's machine would show it, in [0, 1] again."""
    image = _of_machine(image, look)
    if look.gamma != 1.0:
        image = image.clamp(1e-4, 1.0).pow(look.gamma)
    if look.grain:
        image = _of_day(image, look.grain, rng)
    return image.clamp(0.0, 1.0)


def _of_machine(image: Tensor, look: Look) -> Tensor:
    """What all images of the episode have in common."""
    if look.gray:
        image = image.mean(0, keepdim=True).expand(3, -1, -1)
    if look.channels != (0, 1, 2):
        image = image[list(look.channels)]
    if look.mix is not None:
        image = torch.einsum("ij,jhw->ihw", look.mix, image)
        image = image - image.amin().clamp(max=0.0)
    if look.map is not None:
        image = _mapped(image.mean(0), look.map)
    if look.invert:
        image = 1.0 - image
    return _coarse(image, look.coarse) if look.coarse < 1.0 else image


def _of_day(image: Tensor, grain: float, rng: np.random.Generator) -> Tensor:
    """What differs between images of one machine."""
    if rng.random() < 0.7:
        gamma = rng.uniform(0.7, 1.4)
        gain, lift = rng.uniform(0.8, 1.2), rng.uniform(-0.1, 0.1)
        image = image.clamp(1e-4, 1.0).pow(float(gamma)) * float(gain) + float(lift)
    if rng.random() < 0.2:
        image = image * _shade(image.shape[-1], rng)
    if rng.random() < 0.25:
        image = functional.avg_pool2d(image[None], 3, 1, 1, count_include_pad=False)[0]
    if rng.random() < 0.4:
        image = _noisy(image, float(rng.uniform(0.01, max(0.01, grain))), rng)
    return image


def _mapped(gray: Tensor, colours: Tensor) -> Tensor:
    """Gray levels ``(S, S)`` as colours ``(3, S, S)`` of a map."""
    place = gray.clamp(0.0, 1.0) * (KNOTS - 1)
    low = place.floor().long().clamp(max=KNOTS - 2)
    share = place - low
    found: Tensor = colours[:, low] * (1 - share) + colours[:, low + 1] * share
    return found


def _coarse(image: Tensor, share: float) -> Tensor:
    """The same image at a lower resolution."""
    side = max(8, round(image.shape[-1] * share))
    small = functional.interpolate(image[None], size=side, mode="area")
    size = image.shape[-2:]
    return functional.interpolate(small, size=size, mode="bilinear", align_corners=False)[0]


def _shade(side: int, rng: np.random.Generator) -> Tensor:
    """Uneven light around 1, ``(S, S)``."""
    coarse = torch.from_numpy(rng.uniform(0.65, 1.25, (1, 1, 3, 3)).astype(np.float32))
    return functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=True)[
        0, 0
    ]


def _noisy(image: Tensor, spread: float, rng: np.random.Generator) -> Tensor:
    """Noise that is added, or one time in three grows with brightness as speckle does."""
    noise = torch.from_numpy(rng.standard_normal(image.shape[1:], dtype=np.float32))
    return image + spread * noise * (2.0 * image if rng.random() < 1 / 3 else 1.0)


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
