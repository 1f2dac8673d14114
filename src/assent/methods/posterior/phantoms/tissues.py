"""Families seen close up: vessels, cells in crowds, membranes, glands, spots, textures."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.methods.posterior.phantoms.grains import grain
from assent.methods.posterior.phantoms.outlines import (
    Canvas,
    Mask,
    Place,
    branches,
    canvas,
    paint,
)
from assent.methods.posterior.phantoms.scene import Family, Scene


def vessels(rng: np.random.Generator) -> Family:
    """Trees of vessels, with a disc that they come from or not; fine branches are extras."""
    has_disc = bool(rng.random() < 0.5)
    wants_disc = has_disc and bool(rng.random() < 0.4)
    thick = np.exp(rng.uniform(np.log(0.008), np.log(0.03)))
    curl, spread = rng.uniform(0.03, 0.12), rng.uniform(0.3, 0.7)
    trees, counts_fine = int(rng.integers(1, 5)), bool(rng.random() < 0.6)
    ground, vessel, disc, spot = range(4)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, 0.01, 0.1)
        tissue = np.full((side, side), ground, np.uint8)
        at = np.array([rng.uniform(0.35, 0.65), rng.uniform(0.12, 0.88)])
        round_ = plane.gap(at, (rng.uniform(0.07, 0.1), rng.uniform(0.06, 0.09))) < 1
        if has_disc:
            tissue[plane.gap(np.array([0.5, 1 - at[1]]), (0.1, 0.1)) < 1] = spot
            tissue[round_] = disc
        trunk, fine = plane.empty(), plane.empty()
        for _ in range(trees):
            heading = rng.uniform(0, 2 * np.pi)
            start = at if has_disc else 0.5 - 0.5 * np.array([np.sin(heading), np.cos(heading)])
            grown = branches(
                rng, start, heading, thick, finest=0.35 * thick, curl=curl, spread=spread
            )
            for path, radius in grown:
                paint(trunk if radius > 0.5 * thick else fine, path, radius)
        tissue[trunk | fine] = vessel
        if wants_disc:
            return Scene(tissue, round_, plane.empty())
        if counts_fine:
            return Scene(tissue, trunk | fine, plane.empty())
        return Scene(tissue, trunk, fine & ~trunk)

    looks = (
        ("fundus", "fundus", "fundus", "xray", "plain")
        if has_disc
        else ("fundus", "xray", "ct", "plain")
    )
    return Family("vessels", 4, looks, draw)


def cells(rng: np.random.Generator) -> Family:
    """Cells in a crowd, each with a nucleus and perhaps nucleoli, of one kind or two.

    Wanted are all cells, all nuclei, one kind only, or the clumps that they form.
    """
    radius = np.exp(rng.uniform(np.log(0.035), np.log(0.17)))
    count = int(np.clip(rng.uniform(0.15, 0.6) / (3.0 * radius**2), 2, 45))
    longer, jitter = np.exp(rng.uniform(0.0, 1.4) * (rng.random() < 0.5)), rng.uniform(0.1, 0.3)
    share, touching = rng.uniform(0.4, 0.75), bool(rng.random() < 0.4)
    clumps = int(rng.integers(1, 5)) if rng.random() < 0.4 else 0
    wanted = str(rng.choice(("cell", "cell", "nucleus", "nucleus", "kind", "nucleolus")))
    two_kinds = wanted == "kind" or bool(rng.random() < 0.25)
    bend = rng.uniform(0.02, 0.11) * radius
    ground, body, nucleus, nucleolus, other_body, other_nucleus = range(6)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, bend, 0.5 * radius)
        tissue = np.full((side, side), ground, np.uint8)
        owner = np.zeros((side, side), np.int16)
        centres = _places(rng, count, clumps, radius * (1.3 if touching else 2.1) * longer**0.3)
        lean = rng.uniform(0, np.pi)
        kinds = rng.random(len(centres)) < 0.35 if two_kinds else np.zeros(len(centres), np.bool_)
        for index, (at, second) in enumerate(zip(centres, kinds, strict=True)):
            size = radius * np.exp(rng.normal(0, jitter)) * (1.25 if second else 1.0)
            shape = (size / np.sqrt(longer), size * np.sqrt(longer))
            angle = lean + rng.normal(0, 0.4 if longer > 1.5 else 2.0)
            part = plane.window(at, 1.1 * max(shape) + 3 * bend)
            gap = plane.gap_in(part, at, shape, angle)
            whole = (gap < 1) & (owner[part] == 0)
            owner[part][whole] = index + 1
            tissue[part][whole] = other_body if second else body
            middle = at + rng.normal(0, 0.15, 2) * min(shape) * (1 - share)
            inner = (
                plane.gap_in(part, middle, (shape[0] * share, shape[1] * share), angle) < 1
            ) & whole
            tissue[part][inner] = other_nucleus if second else nucleus
            spot = middle + rng.normal(0, 0.3, 2) * share * min(shape)
            tissue[part][inner & (plane.gap_in(part, spot, (0.25 * shape[0],) * 2, 0.0) < 1)] = (
                nucleolus
            )
        target = _wanted(tissue, wanted)
        return Scene(tissue, target, plane.empty(), _some(owner, target, rng))

    looks = ("smear", "fluorescence", "fluorescence", "phase", "histology", "plain")
    return Family("cells", 6, looks, draw)


def _wanted(tissue: NDArray[np.uint8], wanted: str) -> Mask:
    kinds = {"cell": (1, 2, 3, 4, 5), "nucleus": (2, 3, 5), "kind": (4, 5), "nucleolus": (3,)}
    return np.isin(tissue, kinds[wanted])


def _some(owner: NDArray[np.int16], target: Mask, rng: np.random.Generator) -> tuple[Mask, ...]:
    """Up to two single objects of the target, at random."""
    present = np.unique(owner[target])
    present = present[present > 0]
    if len(present) < 2:
        return ()
    return tuple((owner == k) & target for k in rng.choice(present, 2, replace=False))


def _places(rng: np.random.Generator, count: int, clumps: int, distance: float) -> list[Place]:
    """Up to ``count`` places that keep a distance, around ``clumps`` centres or anywhere."""
    seeds = rng.uniform(0.2, 0.8, (clumps, 2)) if clumps else None
    kept: list[Place] = []
    for _ in range(4 * count):
        at = rng.uniform(-0.03, 1.03, 2)
        if seeds is not None:
            at = seeds[rng.integers(clumps)] + rng.normal(0, 1.6 * distance, 2)
        if all(np.hypot(*(at - other)) > distance for other in kept):
            kept.append(at)
        if len(kept) == count:
            break
    return kept or [np.array([0.5, 0.5])]


def membranes(rng: np.random.Generator) -> Family:
    """Cells wall to wall, membranes between and organelles inside, as in electron microscopy.

    Wanted are organelles, membranes, or the cells of one kind.
    """
    count, wanted = int(rng.integers(6, 40)), int(rng.choice((1, 3, 3, 3, 4)))
    thick, bend = rng.uniform(0.006, 0.014), rng.uniform(0.01, 0.03)
    size, longer = rng.uniform(0.25, 0.5) / np.sqrt(count), np.exp(rng.uniform(0, 0.8))
    share, dark = rng.uniform(0.2, 0.5), bool(rng.random() < 0.7)
    inside, membrane, rim, organelle, other_cell, vesicle = range(6)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, bend, 0.06)
        seeds = np.array(_places(rng, count, 0, 0.6 / np.sqrt(count)))
        nearest, margin = _cells_of(plane, seeds)
        tissue = np.full((side, side), inside, np.uint8)
        tissue[(rng.random(len(seeds)) < share)[nearest]] = other_cell
        owner = np.zeros((side, side), np.int16)
        for index, seed in enumerate(seeds):
            if rng.random() < 0.35:
                continue
            at = seed + rng.normal(0, 0.1, 2) / np.sqrt(count)
            shape = (size / np.sqrt(longer), size * np.sqrt(longer) * rng.uniform(0.7, 1.2))
            part = plane.window(at, max(shape) + 3 * bend)
            gap = plane.gap_in(part, at, shape, rng.uniform(0, np.pi))
            here = (gap < 1) & (nearest[part] == index) & (margin[part] > 1.5 * thick)
            tissue[part][here] = rim
            tissue[part][here & (gap < 1 - 0.012 / size)] = organelle
            owner[part][here] = index + 1
        for at in rng.random((int(rng.integers(0, 30)), 2)):
            part = plane.window(at, 0.04)
            tissue[part][plane.gap_in(part, at, (0.008, 0.008), 0.0) < 1] = vesicle
        tissue[margin < thick] = membrane
        if wanted == organelle:
            target = (owner > 0) & (margin >= thick)
            return Scene(tissue, target, plane.empty(), _some(owner, target, rng))
        target = tissue == wanted
        if wanted == other_cell:
            target = ndimage.binary_fill_holes(target)
        return Scene(tissue, target, plane.empty())

    tones = {inside: 0.75, membrane: 0.1, rim: 0.15, vesicle: 0.2} if dark else {}
    return Family("membranes", 6, ("em", "em", "em", "fluorescence", "histology"), draw, tones)


def _cells_of(plane: Canvas, seeds: Place) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The nearest seed of every pixel, and how much farther the second nearest is."""
    places = np.stack([plane.rows.ravel(), plane.columns.ravel()], -1)
    known = seeds.astype(np.float32)
    squared = (known**2).sum(1) - 2 * places @ known.T
    nearest = squared.argmin(1)
    rows = np.arange(len(places))
    first = squared[rows, nearest]
    squared[rows, nearest] = np.inf
    own = (places**2).sum(1)
    margin = np.sqrt(np.maximum(squared.min(1) + own, 0)) - np.sqrt(np.maximum(first + own, 0))
    shape = plane.rows.shape
    return nearest.reshape(shape), margin.reshape(shape).astype(np.float32)


def glands(rng: np.random.Generator) -> Family:
    """Glands in stroma: a wall of nuclei around a lumen; gland, wall or lumen is wanted.

    Or a region that differs by how densely nuclei lie in it.
    """
    count, wanted = int(rng.integers(1, 12)), int(rng.choice((0, 0, 1, 2, 3)))
    radius, wall = rng.uniform(0.28, 0.42) / np.sqrt(count), rng.uniform(0.25, 0.6)
    bend, nuclei = rng.uniform(0.1, 0.3) * radius, rng.uniform(0.0, 0.9)
    dots = rng.uniform(1.2, 2.6)
    stroma, epithelium, lumen, dot, fat, region = range(6)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, bend, radius)
        tissue = np.full((side, side), stroma, np.uint8)
        tissue[grain(rng, side, 10.0) > 2.1] = fat
        speck = grain(rng, side, dots)
        if wanted == 3:
            area = grain(rng, side, rng.uniform(14, 32)) > rng.uniform(0.0, 0.7)
            tissue[area] = region
            tissue[speck > np.where(area, 0.8, 1.7)] = dot
            return Scene(tissue, area, plane.empty())
        owner = np.zeros((side, side), np.int16)
        parts: tuple[Mask, Mask] = plane.empty(), plane.empty()
        for index, at in enumerate(_places(rng, count, 0, 1.9 * radius)):
            shape = radius * np.exp(rng.normal(0, 0.25, 2))
            part = plane.window(at, shape.max() + 3 * bend)
            gap = plane.gap_in(part, at, (shape[0], shape[1]), rng.uniform(0, np.pi))
            here = (gap < 1) & (owner[part] == 0)
            owner[part][here] = index + 1
            parts[0][part] |= here
            parts[1][part] |= here & (gap < 1 - wall)
        tissue[speck > 1.7] = dot
        tissue[parts[0]] = epithelium
        tissue[parts[0] & (speck > 1.4 - nuclei)] = dot
        tissue[parts[1]] = lumen
        target = (parts[0], parts[0] & ~parts[1], parts[1])[wanted]
        return Scene(tissue, target, plane.empty(), _some(owner, target, rng))

    return Family(
        "glands", 6, ("histology", "histology", "histology", "plain"), draw, {lumen: 0.97}
    )


def spots(rng: np.random.Generator) -> Family:
    """Many small spots in groups among others of another kind; faint ones are extras."""
    size, bend = rng.uniform(0.006, 0.03), rng.uniform(0.1, 0.3)
    groups, each = int(rng.integers(1, 6)), int(rng.integers(3, 25))
    ground, spot, faint, other = range(4)

    def draw(rng: np.random.Generator, side: int) -> Scene:
        plane = canvas(rng, side, bend * size, size)
        tissue = np.full((side, side), ground, np.uint8)
        for at in rng.random((int(rng.integers(0, 15)), 2)):
            part = plane.window(at, 4 * size)
            tissue[part][plane.gap_in(part, at, (1.5 * size, 1.5 * size), 0.0) < 1] = other
        for seed in rng.uniform(0.15, 0.85, (groups, 2)):
            for at in seed + rng.normal(0, 0.09, (each, 2)):
                radii = tuple(size * np.exp(rng.normal(0, 0.5, 2)))
                part = plane.window(at, 2 * max(radii) + size)
                here = plane.gap_in(part, at, (radii[0], radii[1]), rng.uniform(0, np.pi)) < 1
                tissue[part][here] = spot if rng.random() < 0.85 else faint
        return Scene(tissue, tissue == spot, tissue == faint)

    looks = ("fundus", "fundus", "fluorescence", "ct", "mri", "plain")
    return Family("spots", 4, looks, draw)


def textures(rng: np.random.Generator) -> Family:
    """Regions of any form that differ in texture, and in colour or not."""
    size, level = rng.uniform(6.0, 26.0), rng.uniform(0.2, 1.1)
    others, single = int(rng.integers(0, 3)), bool(rng.random() < 0.4)
    ground, region = 0, 1

    def draw(rng: np.random.Generator, side: int) -> Scene:
        tissue = np.full((side, side), ground, np.uint8)
        for index in range(others):
            tissue[grain(rng, side, rng.uniform(6.0, 26.0)) > 0.8] = 2 + index
        height = grain(rng, side, size)
        if single:
            plane = canvas(rng, side, 0.0, 0.1)
            at = 0.5 + rng.uniform(-0.2, 0.2, 2)
            height = 0.6 * height + 1.9 - 7 * plane.gap(at, (1.0, 1.0))
        area = np.asarray(height > level)
        tissue[area] = region
        return Scene(tissue, area, np.zeros_like(area))

    looks = ("plain", "plain", "histology", "em", "mri", "ultrasound", "xray")
    return Family("textures", 4, looks, draw)


KINDS = (
    vessels,
    vessels,
    cells,
    cells,
    cells,
    membranes,
    membranes,
    glands,
    glands,
    spots,
    textures,
)
