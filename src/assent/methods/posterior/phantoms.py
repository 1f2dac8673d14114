"""Fully synthetic tasks: shapes of one family before textures of another, new for every episode."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import felzenszwalb

from assent.methods.posterior.tasks import Example, Task, signed_distance

Shape = Callable[[np.random.Generator, int], NDArray[np.bool_]]


def superpixel_task(example: Example, count: int, rng: np.random.Generator) -> Task:
    """One superpixel of a real image as the target, copied ``count`` times.

    As in MultiverSeg, section "synthetic tasks": Felzenszwalb segments of random scale; variety
    comes from strong augmentation of the copies.
    """
    pixels = np.moveaxis(
        example.image[:, ::2, ::2] if max(example.image.shape) > 160 else example.image, 0, -1
    )
    scale = float(np.exp(rng.uniform(np.log(20), np.log(500))))
    labels = felzenszwalb(pixels, scale=scale, sigma=0.8, min_size=48)
    areas = np.bincount(labels.ravel())
    good = np.flatnonzero((areas >= 48) & (areas <= 0.5 * labels.size))
    chosen = int(rng.choice(good)) if len(good) else int(areas.argmax())
    mask = ndimage.binary_fill_holes(labels == chosen)
    copy = Example(np.moveaxis(pixels, -1, 0), {"": signed_distance(mask)})
    return Task("superpixels", str(chosen), False, (copy,) * count)


def phantom_task(count: int, side: int, rng: np.random.Generator) -> Task:
    """``count`` images of one invented kind of object."""
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    distractor = FAMILIES[int(rng.integers(len(FAMILIES)))] if rng.random() < 0.6 else None
    colours = rng.random((3, 3)) if rng.random() < 0.5 else np.repeat(rng.random((3, 1)), 3, 1)
    while np.abs(colours[0] - colours[1]).max() < 0.12:
        colours[0] = rng.random(3) if colours[0].std() > 0 else rng.random()
    grain = rng.uniform(0.5, 6.0, size=3)
    strength = rng.uniform(0.02, 0.25, size=3)
    blur, noise = rng.uniform(0.3, 2.0), rng.uniform(0.0, 0.12)
    examples = []
    for _ in range(count):
        target = family(rng, side)
        other = distractor(rng, side) & ~target if distractor else np.zeros_like(target)
        layers = (target, ~target & ~other, other)
        image = np.zeros((3, side, side), np.float32)
        for k, layer in enumerate(layers):
            texture = strength[k] * _noise(rng, side, grain[k])
            image += layer * (colours[k][:, None, None] + texture).astype(np.float32)
        image = ndimage.gaussian_filter(image, (0, blur, blur))
        bias = 0.15 * _noise(rng, side, side / 4)
        image = image * (1 + bias) + noise * rng.standard_normal((1, side, side))
        pixels = np.clip(image * 255, 0, 255).astype(np.uint8)
        examples.append(Example(pixels, {"": signed_distance(target)}))
    return Task("phantoms", family.__name__, False, tuple(examples))


def _noise(rng: np.random.Generator, side: int, grain: float) -> NDArray[np.float32]:
    """Smooth noise of unit variance with a given grain in pixels, ``(side, side)``."""
    step = max(1, int(grain // 2))
    small = rng.standard_normal((side // step + 2, side // step + 2))
    small = ndimage.gaussian_filter(small, grain / step / 2)
    wide = ndimage.zoom(small, step, order=1)[:side, :side] if step > 1 else small[:side, :side]
    return np.asarray((wide - wide.mean()) / (wide.std() + 1e-6), np.float32)


def _blob(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    centre = rng.uniform(-0.25, 0.25, 2)
    angle, radius = rng.uniform(0, np.pi), rng.uniform(0.06, 0.3)
    stretch = rng.uniform(0.5, 1.0)
    y, x = rows - centre[0], columns - centre[1]
    u, v = y * np.cos(angle) + x * np.sin(angle), -y * np.sin(angle) + x * np.cos(angle)
    wobble = rng.uniform(0, 0.35) * _noise(rng, side, side * rng.uniform(0.06, 0.2))
    return np.asarray(np.hypot(u, v / stretch) / radius + wobble < 1.0)


def _cells(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((side, side), bool)
    rows, columns = np.mgrid[:side, :side] / side
    radius = rng.uniform(0.03, 0.09)
    for _ in range(int(rng.integers(4, 25))):
        y, x = rng.random(2)
        a, b = radius * rng.uniform(0.7, 1.3, 2)
        mask |= ((rows - y) / a) ** 2 + ((columns - x) / b) ** 2 < 1.0
    return mask


def _tubes(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((side, side), bool)
    for _ in range(int(rng.integers(1, 5))):
        angle, position = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9, 2) * side
        for _ in range(int(side * rng.uniform(0.5, 2.0))):
            angle += rng.normal(0, 0.12)
            position += np.array([np.sin(angle), np.cos(angle)])
            row, column = position.astype(int)
            if not (0 <= row < side and 0 <= column < side):
                break
            mask[row, column] = True
    return np.asarray(ndimage.distance_transform_edt(~mask) < rng.uniform(1.0, 0.05 * side))


def _ring(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    outer = _blob(rng, side)
    depth = ndimage.distance_transform_edt(outer)
    return np.asarray(outer & (depth < max(2.0, rng.uniform(0.2, 0.7) * depth.max())))


def _clouds(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    return np.asarray(_noise(rng, side, side * rng.uniform(0.05, 0.2)) > rng.uniform(0.3, 1.3))


FAMILIES: tuple[Shape, ...] = (_blob, _blob, _cells, _tubes, _ring, _clouds)
