"""A three-dimensional phantom: an abdomen as CT would show it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.datasets.phantoms import Phantom

SHAPE_DHW = (24, 96, 96)
SPACING_ZYX_MM = (5.0, 3.0, 3.0)

AIR_HU, FAT_HU, MUSCLE_HU, BONE_HU = -1000.0, -95.0, 48.0, 380.0
ORGAN_HU, LESION_HU, SPLEEN_HU, GUT_HU = 108.0, 58.0, 122.0, 25.0

Place = tuple[float, float, float]


def draw_abdomen(rng: np.random.Generator, name: str) -> Phantom:
    """Thick slices (5 x 3 x 3 mm) in HU with a liver-like organ and darker lesions.

    Targets are "organ", lesions included, and "lesion"; the lesion's extras are one or two
    small ones beside it.
    """
    hu, trunk = _draw_trunk(rng)
    organ = trunk & _blob((60, 128, 98), (52, 62, 54), rng, waviness=0.12)
    spleen = trunk & ~organ & _blob((70, 170, 218), (34, 30, 22), rng, waviness=0.12)
    gut = trunk & ~organ & ~spleen & _blob((60, 118, 182), (70, 34, 44), rng, waviness=0.3)
    for region, value in ((gut, GUT_HU), (spleen, SPLEEN_HU), (organ, ORGAN_HU)):
        hu[region] = value + rng.normal(0, 4)
    lesion = organ & _blob(_inside(organ, rng), _radii(rng, 13, 20), rng, waviness=0.15)
    extras = np.zeros_like(organ)
    for _ in range(int(rng.integers(1, 3))):
        extras |= organ & _blob(_inside(organ, rng), _radii(rng, 6, 8), rng, waviness=0.1)
    extras &= ~ndimage.binary_dilation(lesion, iterations=2)
    hu[lesion | extras] = LESION_HU + rng.normal(0, 5)
    hu += np.where(trunk, 5.0 * _smooth_noise((0.6, 3.0, 3.0), rng), 0.0)
    hu = ndimage.gaussian_filter(hu, (0.35, 0.7, 0.7)) + 13 * _smooth_noise((0.0, 0.6, 0.6), rng)
    voxels = np.rint(np.clip(hu, -1024, 3071)).astype(np.float32)
    geometry = Geometry.from_spacing(SHAPE_DHW, SPACING_ZYX_MM)
    image = Image(voxels[None], geometry, modality="CT", name=name)
    none = np.zeros_like(organ)
    return Phantom(image, {"organ": (organ, none), "lesion": (lesion, extras)})


def _draw_trunk(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """HU of skin, fat, muscle, ribs and spine, and the cavity where organs lie."""
    size = rng.uniform(0.95, 1.05)
    body = _ellipse((146, 144), (98 * size, 134 * size))
    wall = _ellipse((144, 144), (84 * size, 118 * size))
    cavity = _ellipse((136, 144), (70 * size, 106 * size))
    plane = np.full(SHAPE_DHW[1:], AIR_HU)
    plane[body], plane[wall], plane[cavity] = FAT_HU, MUSCLE_HU, FAT_HU
    vertebra, canal = _ellipse((196, 144), (19, 22)), _ellipse((220, 144), (8, 9))
    muscles = _ellipse((216, 104), (20, 26)) | _ellipse((216, 184), (20, 26))
    plane[muscles & wall] = MUSCLE_HU
    hu = np.repeat(plane[None], SHAPE_DHW[0], axis=0)
    rows, columns = np.indices(plane.shape)
    angle = np.arctan2(rows * 3.0 - 144, columns * 3.0 - 144)
    between = wall & ~_ellipse((142, 144), (78 * size, 112 * size))
    for number in range(SHAPE_DHW[0]):
        hu[number][between & (np.sin(7 * angle + 0.45 * number) > 0.72)] = BONE_HU * 0.8
        hu[number][vertebra] = BONE_HU * (0.55 if number % 7 else 0.25)
        hu[number][vertebra & ~_ellipse((196, 144), (15, 18))] = BONE_HU
        hu[number][canal] = 20.0
    inside = np.repeat((cavity & ~vertebra & ~canal)[None], SHAPE_DHW[0], axis=0)
    return hu, inside


def _ellipse(centre_mm: tuple[float, float], radii_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """An ellipse in a slice, ``(H, W)``; centre and radii along y, x."""
    grid = np.indices(SHAPE_DHW[1:]) * 3.0
    scaled = [(g - c) / r for g, c, r in zip(grid, centre_mm, radii_mm, strict=True)]
    return np.asarray(scaled[0] ** 2 + scaled[1] ** 2 < 1)


def _blob(
    centre_mm: Place, radii_mm: Place, rng: np.random.Generator, *, waviness: float
) -> NDArray[np.bool_]:
    """An ellipsoid with a wavy surface, ``(D, H, W)``; centre and radii along z, y, x."""
    grid = np.indices(SHAPE_DHW) * np.array(SPACING_ZYX_MM)[:, None, None, None]
    reach = sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre_mm, radii_mm, strict=True))
    waves = _smooth_noise((2.4, 4.5, 4.5), rng)
    return np.asarray(np.sqrt(reach) < 1 + waviness * np.clip(waves, -1.5, 1.5))


def _inside(region: NDArray[np.bool_], rng: np.random.Generator) -> Place:
    """A random place well inside a region, in mm."""
    depth = ndimage.distance_transform_edt(region, sampling=SPACING_ZYX_MM)
    places = np.argwhere(depth > 0.45 * depth.max())
    z, y, x = places[rng.integers(len(places))] * np.array(SPACING_ZYX_MM)
    return float(z), float(y), float(x)


def _radii(rng: np.random.Generator, low: float, high: float) -> Place:
    z, y, x = rng.uniform(low, high, 3)
    return float(z), float(y), float(x)


def _smooth_noise(
    widths: tuple[float, float, float], rng: np.random.Generator
) -> NDArray[np.float64]:
    noise = ndimage.gaussian_filter(rng.standard_normal(SHAPE_DHW), widths, mode="wrap")
    return np.asarray(noise / noise.std(), dtype=np.float64)
