"""Families seen from afar: organs in a body, masses, heads, chests, spines, rings, layers."""

import numpy as np
from numpy.typing import NDArray

from assent.core.mask import components
from assent.methods.posterior.phantoms.grains import grain
from assent.methods.posterior.phantoms.outlines import Canvas, Mask, Place, canvas
from assent.methods.posterior.phantoms.scene import Family, Scene

RADIOLOGY = ("ct", "ct", "mri", "mri", "ultrasound", "xray")


def organs(rng: np.random.Generator) -> Family:
    """A section through a body: fat, muscle, bone and organs, one of which is wanted.

    Half of the time a lesion in that organ is wanted instead; its blurred rim is an extra.
    """
    count = int(rng.integers(3, 9))
    centres = 0.5 + rng.uniform(-0.27, 0.27, (count, 2))
    radii = np.exp(rng.uniform(np.log(0.05), np.log(0.18), (count, 2)))
    angles = rng.uniform(0, np.pi, count)
    body = (rng.uniform(0.33, 0.44), rng.uniform(0.38, 0.47))
    wants_lesion, chosen = bool(rng.random() < 0.35), int(rng.integers(count))
    radii[chosen] = np.maximum(radii[chosen], 0.11 if wants_lesion else 0.05)
    shape = (rng.uniform(0.008, 0.03), rng.uniform(0.05, 0.12))
    lesion_size = rng.uniform(0.25, 0.55)
    air, fat, soft, bone, lesion = 0, 1, 2, 3, 4 + count

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, *shape)
        tissue = np.full((side, side), air, np.uint8)
        around = canvas(rng, side, 0.012, 0.18).gap(0.5 + rng.normal(0, 0.015, 2), body)
        tissue[around < 1], tissue[around < rng.uniform(0.86, 0.93)] = fat, soft
        for index in rng.permutation(count):
            if index != chosen and rng.random() < 0.12:
                continue
            size = radii[index] * np.exp(rng.normal(0, 0.12, 2))
            at = centres[index] + rng.normal(0, 0.02, 2)
            inside = plane.gap(at, (size[0], size[1]), angles[index] + rng.normal(0, 0.1)) < 1
            tissue[inside & (around < 0.9)] = 4 + index
        spine = np.array([0.5 + 0.72 * body[0], 0.5]) + rng.normal(0, 0.01, 2)
        tissue[plane.gap(spine, (0.055, 0.07)) < 1] = bone
        organ = tissue == 4 + chosen
        if not wants_lesion:
            return Scene(tissue, organ, plane.empty())
        at = centres[chosen] + rng.normal(0, 0.3, 2) * radii[chosen]
        size = lesion_size * radii[chosen].min() * np.exp(rng.normal(0, 0.25))
        near = plane.gap(at, (size, size * rng.uniform(0.7, 1.3)), rng.uniform(0, 3))
        tissue[organ & (near < 1)] = lesion
        return Scene(tissue, organ & (near < 1), organ & (near >= 1) & (near < 1.35))

    tones = {air: 0.02, fat: 0.28, soft: rng.uniform(0.45, 0.55), bone: 0.95}
    return Family("organs", count + 5, RADIOLOGY, draw, tones)


def mass(rng: np.random.Generator) -> Family:
    """A tumour before textured tissue: halo, solid part and core, any of which is wanted.

    Some lie in a head with a skull and ventricles; satellites are extras.
    """
    in_head, level = bool(rng.random() < 0.4), int(rng.integers(3))
    size, lobes = rng.uniform(0.08, 0.24), rng.uniform(0.1, 0.3)
    shares = (rng.uniform(1.2, 1.7), 1.0, rng.uniform(0.35, 0.7))
    reach, spikes = rng.uniform(0.04, 0.1), bool(rng.random() < 0.25)
    has_halo, has_core = level == 0 or rng.random() < 0.4, level == 2 or rng.random() < 0.4
    air, ground, bone, hollow, halo, solid, core, other = range(8)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, lobes * size, reach)
        tissue = np.full((side, side), ground, np.uint8)
        if in_head:
            _add_head(tissue, canvas(rng, side, 0.008, 0.15), rng, (air, ground, bone, hollow))
        else:
            clutter = canvas(rng, side, 0.07, 0.12)
            for _ in range(int(rng.integers(0, 4))):
                tissue[clutter.gap(rng.random(2), tuple(rng.uniform(0.05, 0.3, 2))) < 1] = other
        at = 0.5 + rng.uniform(-0.2, 0.2, 2)
        radii = size * np.exp(rng.normal(0, 0.2, 2))
        gap = plane.gap(at, (radii[0], radii[1]), rng.uniform(0, np.pi))
        if spikes:
            turned = np.arctan2(plane.rows - at[0], plane.columns - at[1])
            reached = rng.uniform(0, 0.5, 36) ** 2
            gap = gap - np.interp(turned, np.linspace(-np.pi, np.pi, 36), reached)
        zones = [gap < share for share in shares]
        for zone, kind, there in zip(
            zones, (halo, solid, core), (has_halo, True, has_core), strict=True
        ):
            if there:
                tissue[zone & (tissue != air) & (tissue != bone)] = kind
        satellite = plane.gap(at + rng.normal(0, 1.6, 2) * size, (0.2 * size, 0.25 * size)) < 1
        tissue[satellite & (tissue == ground)] = solid
        target = zones[level] & (tissue >= halo)
        return Scene(tissue, target, satellite & ~target & (tissue == solid))

    tones = {air: 0.03} if in_head else {}
    return Family("mass", 8, ("mri", "mri", "ultrasound", "ct", "xray", "plain"), draw, tones)


def _add_head(
    tissue: NDArray[np.uint8],
    plane: Canvas,
    rng: np.random.Generator,
    kinds: tuple[int, int, int, int],
) -> None:
    """A skull with ventricles, in place."""
    air, ground, bone, hollow = kinds
    around = plane.gap(0.5 + rng.normal(0, 0.01, 2), (0.44, 0.36))
    tissue[...] = air
    tissue[around < 1], tissue[around < 0.93], tissue[around < 0.88] = ground, bone, ground
    for side in (-1, 1):
        at = np.array([0.48, 0.5 + side * rng.uniform(0.05, 0.08)])
        tissue[plane.gap(at, (rng.uniform(0.07, 0.12), 0.03), 0.25 * side) < 1] = hollow


def outline(rng: np.random.Generator) -> Family:
    """A large object known by its rim alone, which is missing in places: a head in ultrasound.

    Wanted is all that the rim encloses.
    """
    radii = (rng.uniform(0.2, 0.36), rng.uniform(0.16, 0.3))
    thick, wobble = rng.uniform(0.05, 0.14), rng.uniform(0.004, 0.02)
    gone, angle = rng.uniform(0.0, 0.45), rng.uniform(0, np.pi)
    outside, inside, rim, other = range(4)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, wobble, 0.15)
        back = canvas(rng, side, 0.06, 0.12)
        tissue = np.full((side, side), outside, np.uint8)
        for _ in range(int(rng.integers(1, 5))):
            tissue[back.gap(rng.random(2), tuple(rng.uniform(0.05, 0.25, 2))) < 1] = other
        at = 0.5 + rng.uniform(-0.12, 0.12, 2)
        size = np.array(radii) * np.exp(rng.normal(0, 0.12, 2))
        gap = plane.gap(at, (size[0], size[1]), angle + rng.normal(0, 0.3))
        target = gap < 1
        seen = _smooth_share(rng, side, 0.2) > gone
        tissue[target] = inside
        if rng.random() < 0.7:
            tissue[back.gap(at + rng.normal(0, 0.06, 2), (0.05, 0.07)) < 1] = other
        tissue[target & (gap > 1 - thick) & seen] = rim
        return Scene(tissue, target, plane.empty())

    tones = {outside: 0.3, inside: rng.uniform(0.18, 0.36), rim: 0.95}
    return Family("outline", 4, ("ultrasound", "ultrasound", "ultrasound", "ct"), draw, tones)


def _smooth_share(rng: np.random.Generator, side: int, size: float) -> NDArray[np.float32]:
    """Smooth noise whose values are about uniform in [0, 1]; ``size`` in image sides."""
    return np.asarray(0.5 + 0.5 * np.tanh(grain(rng, side, size * side)), np.float32)


def chest(rng: np.random.Generator) -> Family:
    """Two lungs and a heart between them, in projection or in section."""
    wanted = int(rng.choice((1, 1, 2)))
    height, width = rng.uniform(0.24, 0.34), rng.uniform(0.11, 0.17)
    apart, wobble = rng.uniform(0.17, 0.22), rng.uniform(0.006, 0.02)
    body, lung, heart, bone = range(4)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, wobble, 0.1)
        tissue = np.full((side, side), body, np.uint8)
        parts = []
        for sign in (-1, 1):
            at = np.array([0.47, 0.5 + sign * apart]) + rng.normal(0, 0.015, 2)
            size = np.array([height, width]) * np.exp(rng.normal(0, 0.08, 2))
            parts.append(plane.gap(at, (size[0], size[1]), -0.15 * sign) < 1)
            tissue[parts[-1]] = lung
        at = np.array([0.62, 0.54]) + rng.normal(0, 0.02, 2)
        size = np.array([0.14, 0.17]) * np.exp(rng.normal(0, 0.1, 2))
        middle = plane.gap(at, (size[0], size[1]), 0.4) < 1
        tissue[np.abs(plane.columns - 0.5) < 0.03] = bone
        tissue[middle] = heart
        if wanted == heart:
            return Scene(tissue, middle, plane.empty())
        lungs = tissue == lung
        return Scene(tissue, lungs, plane.empty(), tuple(part & lungs for part in parts))

    return Family("chest", 4, ("xray", "xray", "ct"), draw, {body: 0.6, lung: 0.15, bone: 0.85})


def spine(rng: np.random.Generator) -> Family:
    """A column of rounded blocks with discs between them and a canal beside."""
    count, wanted = int(rng.integers(5, 10)), int(rng.integers(1, 4))
    width, sway = rng.uniform(0.06, 0.1), rng.uniform(0.02, 0.08)
    fill, wobble = rng.uniform(0.62, 0.8), rng.uniform(0.004, 0.01)
    beside, angle = rng.choice((-1, 1)), rng.normal(0, 0.15)
    ground, bone, disc, canal, other = range(5)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, wobble, 0.05)
        back = canvas(rng, side, 0.05, 0.12)
        tissue = np.full((side, side), ground, np.uint8)
        tissue[back.gap(rng.random(2), (0.5, 0.12), 0.1) < 1] = other
        bow = sway * np.sin(2 * np.pi * (plane.rows * rng.uniform(0.5, 0.9) + rng.random()))
        across = (plane.columns - 0.5 - bow - angle * (plane.rows - 0.5)) / width
        along = (plane.rows * count + rng.random()) % 1.0
        column = np.abs(across) < 1
        block = (np.abs(along - 0.5) / (fill / 2)) ** 4 + across**4 < 1
        gap = (np.abs(along - 0.5) > fill / 2 + 0.02) & (np.abs(across) < 0.95)
        tissue[gap], tissue[block & column] = disc, bone
        tissue[np.abs(across - beside * 1.6) < 0.42] = canal
        target = tissue == wanted
        return Scene(tissue, target, plane.empty(), _pieces(target))

    return Family("spine", 5, ("mri", "mri", "ct", "xray"), draw)


def _pieces(target: Mask) -> tuple[Mask, ...]:
    """The piece in the middle of several, as a single object."""
    labels, found = components(target[None])
    if found < 2:
        return ()
    return (labels[0] == int(np.median(labels[0][target])),)


def rings(rng: np.random.Generator) -> Family:
    """Rings: one large one with a chamber beside it, or many small ones; wall, hole or both."""
    many, wanted = bool(rng.random() < 0.5), int(rng.integers(3))
    radius = rng.uniform(0.035, 0.08) if many else rng.uniform(0.12, 0.26)
    hole, uneven = rng.uniform(0.4, 0.8), rng.uniform(0.0, 0.25)
    wobble = rng.uniform(0.1, 0.3) * radius
    ground, wall, inner, other = range(4)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, wobble, 1.2 * radius)
        tissue = np.full((side, side), ground, np.uint8)
        back = canvas(rng, side, 0.06, 0.1)
        for _ in range(int(rng.integers(0, 4))):
            tissue[back.gap(rng.random(2), tuple(rng.uniform(0.06, 0.25, 2))) < 1] = other
        if not many:
            chamber = plane.gap(np.array([0.5, 0.5 - 1.5 * radius]), (radius, 0.9 * radius)) < 1
            tissue[chamber] = inner if wanted == 0 else other
        places = _apart(rng, 2.1 * radius) if many else [0.5 + rng.uniform(-0.08, 0.08, 2)]
        whole, target, parts = plane.empty(), plane.empty(), []
        for at in places:
            size = radius * np.exp(rng.normal(0, 0.3 if many else 0.15))
            shape = (size, size * np.exp(rng.normal(0, 0.15)))
            angle = rng.uniform(0, np.pi)
            outer = (plane.gap(at, shape, angle) < 1) & ~whole
            middle = at + rng.normal(0, uneven * 0.5, 2) * size * (1 - hole)
            lumen = outer & (plane.gap(middle, (shape[0] * hole, shape[1] * hole), angle) < 1)
            tissue[outer], tissue[lumen] = wall, inner
            whole |= outer
            parts.append((outer & ~lumen, lumen, outer)[wanted])
            target |= parts[-1]
        return Scene(tissue, target, plane.empty(), tuple(parts[:8]) if many else ())

    looks = (
        ("em", "em", "histology", "fluorescence") if many else ("mri", "mri", "ultrasound", "ct")
    )
    return Family("rings", 4, looks, draw)


def _apart(rng: np.random.Generator, distance: float) -> list[Place]:
    """Random places that keep a distance from each other."""
    kept: list[Place] = []
    for place in rng.random((80, 2)):
        if all(np.hypot(*(place - other)) > distance for other in kept):
            kept.append(place)
    return kept


def layers(rng: np.random.Generator) -> Family:
    """Layers one above the other, as in skin or the retina; one layer, or a cyst in one."""
    count = int(rng.integers(4, 9))
    wanted, wants_cyst = int(rng.integers(1, count - 1)), bool(rng.random() < 0.3)
    thick = np.cumsum(rng.dirichlet(np.full(count, 3.0)))
    wave, size, tilt = rng.uniform(0.01, 0.04), rng.uniform(0.1, 0.2), rng.normal(0, 0.15)
    dip = rng.uniform(0.0, 0.15)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, wave, size)
        hollow = dip * np.exp(-(((plane.columns - rng.uniform(0.3, 0.7)) / 0.12) ** 2))
        depth = plane.rows + tilt * (plane.columns - 0.5) - hollow + rng.normal(0, 0.03)
        stretched = (depth - 0.1) / 0.8
        tissue = np.searchsorted(thick, stretched.ravel()).reshape(stretched.shape).astype(np.uint8)
        np.minimum(tissue, count - 1, out=tissue)
        if not wants_cyst:
            return Scene(tissue, tissue == wanted, plane.empty())
        cyst = plane.empty()
        for _ in range(int(rng.integers(1, 4))):
            at = np.array([0.1 + 0.8 * thick[wanted - 1], rng.uniform(0.15, 0.85)])
            cyst |= plane.gap(at, tuple(rng.uniform(0.03, 0.12, 2))) < 1
        tissue[cyst] = count
        return Scene(tissue, cyst, plane.empty())

    return Family("layers", count + 1, ("ultrasound", "ultrasound", "mri", "histology"), draw)


KINDS = (organs, organs, mass, mass, outline, chest, spine, rings, layers)
