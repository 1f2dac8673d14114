"""How a layout of tissues comes to look like an image of some machine.

A look is chosen once a task: which tissue is how bright, how coarse its texture is, how noisy the
machine. Drawing an image adds what differs between images of one machine: where the noise, the
shadows and the uneven light fall.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.methods.posterior.phantoms.grains import Plane, fibres, grain
from assent.methods.posterior.phantoms.scene import Family, Scene

Paint = Callable[[np.random.Generator, Scene], NDArray[np.float32]]
"""An image ``(3, S, S)``, about in [0, 1], of a scene."""

Tissue = NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """How one task looks.

    Attributes:
        paint: Draws an image of a scene.
        field: What the machine sees of a square of so many pixels a side, ``(S, S)`` of 0 and 1;
            None where it sees all.
    """

    paint: Paint = dataclasses.field(repr=False)
    field: Callable[[int], Plane] | None = None


def look_of(family: Family, rng: np.random.Generator) -> tuple[str, Look]:
    """A look that suits the family, or one time in six any, and its name."""
    names = sorted(LOOKS) if rng.random() < 1 / 6 else family.looks
    name = str(names[int(rng.integers(len(names)))])
    return name, LOOKS[name](family, rng)


class _Matter:
    """How bright each tissue is, and how its texture looks; the same in all images of a task."""

    def __init__(self, family: Family, rng: np.random.Generator, *, contrast: float = 1.0) -> None:
        count = family.tissues
        tones = np.linspace(0.08, 0.92, count)[rng.permutation(count)]
        tones = tones + rng.uniform(-0.4, 0.4, count) / count
        for tissue, tone in family.tones.items():
            tones[tissue] = tone
        self.tones = np.asarray(0.5 + contrast * (tones - 0.5), np.float32)
        self.rough = np.asarray(rng.dirichlet((0.7, 0.7, 0.7), count), np.float32)
        self.strength = np.asarray(rng.uniform(0.0, 0.09, (count, 1)), np.float32)
        self.sizes = (rng.uniform(0.5, 1.5), rng.uniform(1.5, 4.0), rng.uniform(0.7, 2.0))
        self.upright = bool(rng.random() < 0.5)
        self.faint = float(rng.uniform(0.4, 1.0)) if rng.random() < 0.35 else 0.0

    def texture(self, rng: np.random.Generator, tissue: Tissue) -> Plane:
        """Each tissue's own mixture of fine grain, coarse grain and fibres."""
        side = len(tissue)
        kinds = self.strength * self.rough
        fine = kinds[tissue, 0] * grain(rng, side, self.sizes[0])
        coarse = kinds[tissue, 1] * grain(rng, side, self.sizes[1])
        drawn = fibres(rng, side, self.sizes[2], upright=self.upright)
        found: Plane = fine + coarse + kinds[tissue, 2] * drawn
        return found

    def plane(self, rng: np.random.Generator, tissue: Tissue, blur: float) -> Plane:
        """Gray levels of a scene, blurred, textured, here and there without a clear border."""
        bright = self.tones[tissue]
        clear = ndimage.gaussian_filter(bright, blur)
        if self.faint:
            vague = _wide_blur(bright, len(tissue) / 24)
            share = self.faint / (1 + np.exp(-3.0 * (grain(rng, len(tissue), 32.0) - 0.4)))
            clear = clear + share.astype(np.float32) * (vague - clear)
        found: Plane = clear + self.texture(rng, tissue)
        return found


def _wide_blur(plane: Plane, width: float) -> Plane:
    """A wide blur at a quarter of the resolution."""
    small = ndimage.gaussian_filter(plane[::4, ::4], width / 4)
    wide = small.repeat(4, 0).repeat(4, 1)[: len(plane), : len(plane)]
    return np.asarray(ndimage.uniform_filter(wide, 5), np.float32)


def _gray(plane: Plane) -> NDArray[np.float32]:
    return np.repeat(plane[None], 3, 0)


def _uneven(rng: np.random.Generator, side: int, strength: float) -> Plane:
    """Uneven light around 1."""
    slope = np.linspace(-1, 1, side, dtype=np.float32)
    tilt = rng.normal(0, 0.5, 2)
    ramp = tilt[0] * slope[:, None] + tilt[1] * slope[None]
    return np.asarray(1 + strength * (ramp + 0.5 * grain(rng, side, 32.0)), np.float32)


def ct(family: Family, rng: np.random.Generator) -> Look:
    """Computed tomography in a window: little contrast between soft tissues, correlated noise."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.5, 1.0))
    matter.strength *= 0.4
    blur, noise, size = rng.uniform(0.6, 1.3), rng.uniform(0.01, 0.08), rng.uniform(0.6, 1.3)
    streaks = rng.uniform(0.0, 0.06) if rng.random() < 0.25 else 0.0

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, blur) + noise * grain(rng, side, size)
        if streaks:
            at = rng.uniform(0, side, 2)
            y, x = np.ogrid[:side, :side]
            angle = np.arctan2(y - at[0], x - at[1])
            plane = plane + streaks * np.sin(angle * rng.integers(8, 30)).astype(np.float32)
        return _gray(plane)

    return Look(paint)


def mri(family: Family, rng: np.random.Generator) -> Look:
    """Magnetic resonance: any tissue may be bright, uneven coils, Rician noise."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.6, 1.0))
    blur, noise, coil = rng.uniform(0.6, 1.8), rng.uniform(0.01, 0.07), rng.uniform(0.0, 0.3)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, blur) * _uneven(rng, side, coil)
        real = plane + noise * grain(rng, side, 0.7)
        return _gray(np.hypot(real, noise * grain(rng, side, 0.7)))

    return Look(paint)


def ultrasound(family: Family, rng: np.random.Generator) -> Look:
    """Ultrasound: speckle, bright borders across the beam, shadows, less and less with depth."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.6, 1.0))
    matter.tones *= 0.75
    size, power, rim = rng.uniform(0.6, 1.6), rng.uniform(0.3, 0.8), rng.uniform(0.2, 1.5)
    decay, shadows, fan = rng.uniform(0.0, 1.2), rng.uniform(0.0, 0.7), bool(rng.random() < 0.4)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = np.clip(matter.plane(rng, scene.tissue, 1.2), 0.03, 1)
        edge = np.abs(ndimage.gaussian_filter1d(plane, 1.5, axis=0, order=1))
        plane = plane + rim * edge * (0.6 + 0.4 * grain(rng, side, 6.0))
        waves = [fibres(rng, side, size, upright=False, stretch=1.8) for _ in range(2)]
        speckle = np.hypot(*waves) / 1.25
        depth = np.linspace(0, 1, side, dtype=np.float32)[:, None]
        plane = np.clip(plane, 0, 2) * speckle**power * np.exp(-decay * depth)
        for _ in range(int(rng.integers(0, 3))):
            plane = plane * (1 - shadows * _shadow(rng, side))
        return _gray(plane * _fan(side) if fan else plane)

    return Look(paint, _fan if fan else None)


def _shadow(rng: np.random.Generator, side: int) -> Plane:
    """A smooth band that begins at some depth and widens below."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    start, middle, width = rng.uniform(0.1, 0.6), rng.random(), rng.uniform(0.02, 0.08)
    below = 1 / (1 + np.exp(-40 * (y - start)))
    across = np.exp(-(((x - middle) / (width * (0.7 + y))) ** 4))
    return np.asarray(below * across, np.float32)


def _fan(side: int) -> Plane:
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    angle, reach = np.arctan2(np.abs(x - 0.5), y + 0.15), np.hypot(x - 0.5, y + 0.15)
    return np.asarray((angle < 0.62) & (reach < 1.1) & (reach > 0.18), np.float32)


def xray(family: Family, rng: np.random.Generator) -> Look:
    """A projection: soft, everything over everything else."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.3, 0.7))
    blur, noise, clutter = rng.uniform(1.0, 2.5), rng.uniform(0.005, 0.04), rng.uniform(0.02, 0.12)
    ribs = rng.uniform(0.03, 0.1) if rng.random() < 0.4 else 0.0

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, blur)
        soft = grain(rng, side, 10.0) + 0.5 * grain(rng, side, 3.5)
        plane = np.asarray(plane + clutter * soft, np.float32)
        if ribs:
            y, x = np.mgrid[:side, :side].astype(np.float32) / side
            turns = rng.uniform(4, 8) * (y + 0.8 * (x - 0.5) ** 2) + rng.random()
            plane = plane + np.asarray(ribs * np.clip(np.sin(2 * np.pi * turns), 0, 1), np.float32)
        return _gray(plane * _uneven(rng, side, 0.2) + noise * grain(rng, side, 0.7))

    return Look(paint)


def em(family: Family, rng: np.random.Generator) -> Look:
    """Electron microscopy: dark borders, fine grain everywhere."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.4, 0.9))
    matter.strength = matter.strength * 1.5 + 0.03
    line, noise, blur = rng.uniform(0.2, 0.9), rng.uniform(0.02, 0.12), rng.uniform(0.6, 1.2)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, blur)
        border = ndimage.gaussian_filter(_borders(scene.tissue), 0.9)
        plane = plane - line * border + noise * grain(rng, side, 0.7)
        return _gray(plane * _uneven(rng, side, 0.06))

    return Look(paint)


def _borders(tissue: Tissue) -> Plane:
    """1 where two tissues meet."""
    found = np.zeros(tissue.shape, np.float32)
    found[1:] = tissue[1:] != tissue[:-1]
    found[:, 1:] = np.maximum(found[:, 1:], tissue[:, 1:] != tissue[:, :-1])
    return found


def histology(family: Family, rng: np.random.Generator) -> Look:
    """A stained section: light absorbed by two dyes, fibres, nuclei strewn about."""
    matter = _Matter(family, rng)
    dyes = (
        np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])
        if rng.random() < 0.75
        else rng.random((2, 3))
    )
    dyes = np.clip(dyes + rng.normal(0, 0.08, (2, 3)), 0.02, 1.2)
    mix = rng.random(family.tissues)
    amount = 0.15 + 1.1 * (1 - matter.tones)
    weights = np.stack([mix * amount, (1 - mix) * amount], -1)
    for tissue, tone in family.tones.items():
        if tone > 0.9:
            weights[tissue] = 0.02
    weights = (weights * rng.uniform(0.6, 1.3)).astype(np.float32)
    dots, level, blur = rng.uniform(1.2, 2.2), rng.uniform(1.2, 2.6), rng.uniform(0.5, 1.1)
    noise = rng.uniform(0.005, 0.03)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        speck = ndimage.gaussian_filter((grain(rng, side, dots) > level).astype(np.float32), 0.6)
        texture = 1 + 3.0 * matter.texture(rng, scene.tissue)
        light = _uneven(rng, side, 0.04)
        dense = [ndimage.gaussian_filter(weights[scene.tissue, k], blur) * texture for k in (0, 1)]
        present = np.clip(3 * (dense[0] + dense[1]), 0, 1)
        dense[0] = dense[0] + 0.9 * speck * present
        image = [np.exp(-(dyes[0, c] * dense[0] + dyes[1, c] * dense[1])) * light for c in range(3)]
        return np.asarray(np.stack(image) * 0.97 + noise * grain(rng, side, 0.0), np.float32)

    return Look(paint)


def smear(family: Family, rng: np.random.Generator) -> Look:
    """Stained cells on a bright, empty ground: each tissue has a colour of its own."""
    ground = np.array([0.9, 0.88, 0.9]) + rng.normal(0, 0.04, 3)
    colours = rng.uniform(0.2, 0.85, (family.tissues, 3))
    # Darker to the inside, in nearly one hue.
    hue = rng.uniform(0.3, 1.0, 3)
    fall = np.linspace(0.85, 0.35, family.tissues)[:, None]
    colours = 0.3 * colours + 0.7 * fall * hue / hue.max()
    colours[0] = ground
    matter, blur, noise = _Matter(family, rng), rng.uniform(0.6, 1.4), rng.uniform(0.005, 0.03)
    table = colours.astype(np.float32)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        texture = matter.texture(rng, scene.tissue) * (scene.tissue > 0)
        light = _uneven(rng, side, 0.06)
        planes = [ndimage.gaussian_filter(table[scene.tissue, c], blur) + texture for c in range(3)]
        noisy = [p * light + noise * grain(rng, side, 0.0) for p in planes]
        return np.asarray(np.stack(noisy), np.float32)

    return Look(paint)


def fluorescence(family: Family, rng: np.random.Generator) -> Look:
    """Bright on black: objects of unequal brightness, light from out of focus, counting noise."""
    tones = np.asarray(rng.uniform(0.15, 1.0, family.tissues), np.float32)
    tones[0] = rng.uniform(0.0, 0.08)
    for tissue, tone in family.tones.items():
        tones[tissue] = 1 - tone if tissue else tones[0]
    tints = (
        np.ones((family.tissues, 3))
        if rng.random() < 0.6
        else rng.dirichlet((0.5, 0.5, 0.5), family.tissues) * 1.6
    )
    table = (tones[:, None] * tints).astype(np.float32)
    matter, blur = _Matter(family, rng), rng.uniform(0.7, 2.0)
    noise, glow, uneven = rng.uniform(0.01, 0.12), rng.uniform(0.0, 0.4), rng.uniform(0.0, 0.4)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        light = np.clip(1 + uneven * grain(rng, side, 10.0), 0.15, 2)
        texture = 1 + 4.0 * matter.texture(rng, scene.tissue)
        image = []
        for channel in range(3):
            plane = ndimage.gaussian_filter(table[scene.tissue, channel], blur) * texture * light
            plane = plane + glow * _wide_blur(plane, side / 20)
            image.append(plane)
        stacked = np.clip(np.stack(image), 0, 2)
        shot = noise * np.sqrt(stacked + 0.02) * grain(rng, side, 0.0)
        return np.asarray(stacked + shot, np.float32)

    return Look(paint)


def phase(family: Family, rng: np.random.Generator) -> Look:
    """Phase contrast: little contrast within, halos at borders."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.3, 0.8))
    halo, wide, gain = rng.uniform(0.4, 1.0), rng.uniform(2.0, 6.0), rng.uniform(0.4, 1.0)
    noise, level = rng.uniform(0.01, 0.05), rng.uniform(0.35, 0.65)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, 0.9)
        around = ndimage.gaussian_filter(plane, wide)
        plane = level + gain * (plane - halo * around - (1 - halo) * plane.mean())
        return _gray(plane * _uneven(rng, side, 0.12) + noise * grain(rng, side, 0.7))

    return Look(paint)


def fundus(family: Family, rng: np.random.Generator) -> Look:
    """A photograph through the pupil: orange to red, dark at the rim, or its gray channel alone."""
    matter = _Matter(family, rng, contrast=rng.uniform(0.3, 0.7))
    matter.tones[:2] = 0.55, rng.choice((0.2, 0.3, 0.85))
    matter.tones[2:] += np.sign(matter.tones[2:] - 0.55) * 0.15
    tint = np.array([rng.uniform(0.8, 1.2), rng.uniform(0.4, 0.7), rng.uniform(0.1, 0.4)])
    tint = tint if rng.random() < 0.75 else np.ones(3)
    blur, noise, rim = rng.uniform(0.5, 1.2), rng.uniform(0.005, 0.05), rng.uniform(0.1, 0.6)
    cut = bool(rng.random() < 0.5)

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        plane = matter.plane(rng, scene.tissue, blur) + 0.05 * grain(rng, side, 18.0)
        y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
        away = np.hypot(y, x) * 2
        plane = plane * _uneven(rng, side, 0.12) * (1 - rim * away**2)
        image = plane[None] * tint[:, None, None] + noise * grain(rng, side, 0.7)
        return np.asarray(image * _disc(side) if cut else image, np.float32)

    return Look(paint, _disc if cut else None)


def _disc(side: int) -> Plane:
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    return np.asarray(np.hypot(y, x) < 0.49, np.float32)


def plain(family: Family, rng: np.random.Generator) -> Look:
    """Any colours, any textures: no machine in particular."""
    table = rng.random((family.tissues, 3)).astype(np.float32)
    if rng.random() < 0.5:
        table = np.repeat(table[:, :1], 3, 1)
    while np.abs(table[0] - table[1]).max() < 0.12:
        table[0] = rng.random(3)
    matter, blur, noise = _Matter(family, rng), rng.uniform(0.3, 2.0), rng.uniform(0.0, 0.1)
    matter.strength = matter.strength * 2

    def paint(rng: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
        side = len(scene.tissue)
        texture, light = matter.texture(rng, scene.tissue), _uneven(rng, side, 0.12)
        planes = [ndimage.gaussian_filter(table[scene.tissue, c], blur) + texture for c in range(3)]
        return np.asarray(np.stack(planes) * light + noise * grain(rng, side, 0.0), np.float32)

    return Look(paint)


LOOKS: dict[str, Callable[[Family, np.random.Generator], Look]] = {
    "ct": ct, "mri": mri, "ultrasound": ultrasound, "xray": xray, "em": em,
    "histology": histology, "smear": smear, "fluorescence": fluorescence, "phase": phase,
    "fundus": fundus, "plain": plain,
}  # fmt: skip
"""Every look by name."""
