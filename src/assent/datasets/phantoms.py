"""Two-dimensional phantoms: a blurred lesion, a blood smear, a tree of vessels.

They are drawn, not recorded, and look like images only as far as a segmentation method cares:
textured ground, uneven lighting, blur, noise, and borders that are not equally clear all round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.geometry import Geometry
from assent.core.image import Image

FAR_PX = 8.0
"""Beyond this distance a vessel no longer darkens the image."""


@dataclass(frozen=True, eq=False)
class Phantom:
    """An image and what is in it.

    Attributes:
        image: The image.
        objects: For every target what all raters see as the object, and what only some count
            in, each ``(D, H, W)`` bool.
    """

    image: Image
    objects: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = field(repr=False)


def draw_lesion(rng: np.random.Generator, name: str) -> Phantom:
    """A gray lesion, 128 x 128 at 0.5 mm, sharp on one side and fading on the other.

    The target is "lesion"; its extras are one or two satellites.
    """
    shape, centre = (128, 128), 64 + rng.uniform(-10, 10, 2)
    radius = rng.uniform(19, 27)
    gap, angle = _radial_gap(shape, centre, radius, rng, roughness=0.16)
    facing = np.cos(angle - rng.uniform(0, 2 * np.pi))
    softness = 1.0 + 6.0 * np.clip(0.5 + 0.8 * facing, 0, 1) ** 2
    glow = 1 / (1 + np.exp(np.clip(gap / softness, -30, 30)))
    satellites = np.zeros(shape, np.bool_)
    for _ in range(int(rng.integers(1, 3))):
        at = _beside(gap, angle, rng)
        size = rng.uniform(3.5, 5.5)
        beside, _ = _radial_gap(shape, at, size, rng, roughness=0.1)
        satellites |= (beside < 0) & (gap > 2.0)
        glow = np.maximum(glow, 0.75 / (1 + np.exp(np.clip(beside / 1.2, -30, 30))))
    contrast = rng.choice([-1.0, 1.0]) * rng.uniform(55, 75)
    ground = 125 + 14 * _texture(shape, rng, (2.5, 9.0)) + 9 * _texture(shape, rng, (20.0,))
    inside = contrast * glow * (1 + 0.12 * _texture(shape, rng, (3.0,)))
    voxels = (ground + inside) * _lighting(shape, rng, 0.15)
    voxels = ndimage.gaussian_filter(voxels, 0.8) + rng.normal(0, 6, shape)
    image = _picture(voxels[None], name, spacing_mm=0.5)
    return Phantom(image, {"lesion": ((gap < 0)[None], satellites[None])})


def draw_smear(rng: np.random.Generator, name: str) -> Phantom:
    """A stained blood smear in colour, 160 x 160: one white cell among red ones.

    Targets are "nucleus" and "cell"; there are no extras and no physical size.
    """
    shape, centre = (160, 160), 80 + rng.uniform(-14, 14, 2)
    radius = rng.uniform(27, 35)
    gap, _ = _radial_gap(shape, centre, radius, rng, roughness=0.07)
    lobes = np.full(shape, np.inf)
    for _ in range(int(rng.integers(1, 5))):
        at = centre + rng.uniform(-0.33, 0.33, 2) * radius
        lobe, _ = _radial_gap(shape, at, rng.uniform(0.36, 0.5) * radius, rng, roughness=0.1)
        lobes = np.minimum(lobes, lobe)
    cell, nucleus = gap < 0, (lobes < 0) & (gap < -1.5)
    stain = rng.normal(0, 6, (4, 3))
    picture = np.array([232.0, 224.0, 228.0]) + stain[0] + np.zeros((*shape, 1))
    picture = _add_red_cells(
        picture, centre, radius, np.array([212.0, 150.0, 152.0]) + stain[1], rng
    )
    grain = _texture(shape, rng, (1.5, 3.0))[..., None]
    plasm = np.array([178.0, 170.0, 214.0]) + stain[2] + 8 * grain
    chromatin = np.array([104.0, 62.0, 148.0]) + stain[3] + 14 * grain
    picture = np.where(cell[..., None], plasm, picture)
    picture = np.where(nucleus[..., None], chromatin, picture)
    picture = (
        ndimage.gaussian_filter(picture, (1.0, 1.0, 0)) * _lighting(shape, rng, 0.06)[..., None]
    )
    picture += rng.normal(0, 3.5, picture.shape)
    image = _picture(np.moveaxis(picture, -1, 0), name, spacing_mm=None)
    none = np.zeros((1, *shape), np.bool_)
    return Phantom(image, {"nucleus": (nucleus[None], none), "cell": (cell[None], none)})


def draw_vessels(rng: np.random.Generator, name: str) -> Phantom:
    """A tree of dark vessels, 160 x 160 at 0.2 mm.

    The target is "vessel"; its extras are the finest branches.
    """
    shape = (160, 160)
    start = np.array([rng.uniform(50, 110), 2.0])
    grown: list[tuple[NDArray[np.float64], float]] = []
    _grow(start, rng.uniform(-0.4, 0.4), rng.uniform(3.4, 4.4), rng, grown)
    reach = {True: np.full(shape, FAR_PX), False: np.full(shape, FAR_PX)}
    for path, radius in grown:
        _lay(reach[radius < 1.5], path, radius)
    depth = 1 / (1 + np.exp(np.clip(np.minimum(reach[False], reach[True] + 0.2) / 0.7, -30, 30)))
    ground = 150 + 9 * _texture(shape, rng, (2.0, 7.0)) + 14 * _texture(shape, rng, (22.0,))
    voxels = (ground - rng.uniform(50, 65) * depth) * _lighting(shape, rng, 0.18)
    voxels = ndimage.gaussian_filter(voxels, 0.6) + rng.normal(0, 5, shape)
    trunk = reach[False] < 0.3
    fine = (reach[True] < 0.3) & ~trunk
    image = _picture(voxels[None], name, spacing_mm=0.2)
    return Phantom(image, {"vessel": (trunk[None], fine[None])})


def _picture(voxels: NDArray[np.float64], name: str, *, spacing_mm: float | None) -> Image:
    """An 8-bit picture of ``(C, H, W)``."""
    step = spacing_mm or 1.0
    shape = (1, voxels.shape[1], voxels.shape[2])
    geometry = Geometry.from_spacing(shape, (step, step, step), calibrated=spacing_mm is not None)
    rounded = np.rint(np.clip(voxels, 0, 255)).astype(np.float32)
    return Image(rounded[:, None], geometry, modality="phantom", name=name)


def _radial_gap(
    shape: tuple[int, int],
    centre: NDArray[np.float64],
    radius: float,
    rng: np.random.Generator,
    *,
    roughness: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels outside (positive) or inside a wavy outline, and the angle seen from its centre."""
    offset = np.indices(shape) - centre[:, None, None]
    distance, angle = np.hypot(*offset), np.arctan2(*offset)
    outline = np.ones(shape)
    for wave in range(2, 7):
        size = rng.normal(0, roughness / (wave - 0.5))
        outline += size * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return distance - radius * np.clip(outline, 0.55, 1.5), angle


def _beside(
    gap: NDArray[np.float64],
    angle: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A random place about 10 pixels outside an outline and 10 inside the image."""
    turned = np.abs(np.angle(np.exp(1j * (angle - rng.uniform(0, 2 * np.pi)))))
    cost = np.abs(gap - rng.uniform(8, 12)) + 20 * turned
    cost[:10], cost[-10:], cost[:, :10], cost[:, -10:] = np.inf, np.inf, np.inf, np.inf
    return np.array(np.unravel_index(int(cost.argmin()), cost.shape), dtype=np.float64)


def _add_red_cells(
    picture: NDArray[np.float64],
    centre: NDArray[np.float64],
    radius: float,
    colour: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Red cells with a pale middle, anywhere but on the white cell."""
    shape = (picture.shape[0], picture.shape[1])
    taken: list[NDArray[np.float64]] = []
    for _ in range(60):
        at, size = rng.uniform(-5, 165, 2), rng.uniform(13, 17)
        is_free = all(np.linalg.norm(at - other) > 27 for other in taken)
        if not is_free or np.linalg.norm(at - centre) < radius + 0.8 * size:
            continue
        taken.append(at)
        gap, _ = _radial_gap(shape, at, size, rng, roughness=0.03)
        body = np.clip(0.5 - gap / 2, 0, 1) * (
            1 - 0.45 * np.exp(-(((gap + size) / (0.5 * size)) ** 2))
        )
        picture = picture + body[..., None] * (colour - picture)
    return picture


def _grow(
    start: NDArray[np.float64],
    heading: float,
    radius: float,
    rng: np.random.Generator,
    grown: list[tuple[NDArray[np.float64], float]],
) -> None:
    """Append a wandering branch and, until they are too fine, its two or three children."""
    turns = heading + np.cumsum(rng.normal(0, 0.06, int(rng.uniform(9, 13) * np.sqrt(radius) + 14)))
    path = start + np.cumsum(np.stack([np.sin(turns), np.cos(turns)], axis=-1) * 1.5, axis=0)
    grown.append((path, radius))
    if radius < 1.1:
        return
    for side in (-1, 1):
        bend = side * rng.uniform(0.35, 0.75)
        _grow(path[-1], turns[-1] + bend, radius * rng.uniform(0.66, 0.8), rng, grown)
    if rng.random() < 0.5:
        middle = len(path) // 2
        bend = rng.choice([-1.0, 1.0]) * rng.uniform(0.7, 1.2)
        _grow(path[middle], turns[middle] + bend, radius * 0.4, rng, grown)


def _lay(reach: NDArray[np.float64], path: NDArray[np.float64], radius: float) -> None:
    """Lower ``reach``, the distance to the nearest vessel's wall, around one more vessel."""
    low = np.maximum(path.min(0) - radius - FAR_PX, 0).astype(int)
    high = np.maximum(path.max(0) + radius + FAR_PX, 0).astype(int)
    window = reach[low[0] : high[0], low[1] : high[1]]
    grid = np.indices(window.shape) + low[:, None, None]
    for y, x in path:
        np.minimum(window, np.hypot(grid[0] - y, grid[1] - x) - radius, out=window)


def _texture(
    shape: tuple[int, ...], rng: np.random.Generator, scales: tuple[float, ...]
) -> NDArray[np.float64]:
    """Smooth noise, its scales in pixels mixed equally, with standard deviation 1."""
    total = np.zeros(shape)
    for scale in scales:
        noise = ndimage.gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
        total += noise / noise.std()
    return np.asarray(total / total.std(), dtype=np.float64)


def _lighting(
    shape: tuple[int, int], rng: np.random.Generator, strength: float
) -> NDArray[np.float64]:
    """A factor around 1 that falls off in one direction and towards a corner."""
    y, x = (np.linspace(-1, 1, size) for size in shape)
    turn = rng.uniform(0, 2 * np.pi)
    slope = np.sin(turn) * y[:, None] + np.cos(turn) * x[None]
    return np.asarray(1 + strength * (0.7 * slope - 0.3 * (y[:, None] ** 2 + x[None] ** 2)))
