"""Invented tasks: several images of one family, and people who draw the object differently."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.methods.posterior.phantoms import bodies, tissues
from assent.methods.posterior.phantoms.looks import Look, look_of
from assent.methods.posterior.phantoms.scene import Draw, Kind, Scene
from assent.methods.posterior.tasks import STEPS_PER_PIXEL, Example, Task, signed_distance

KINDS: tuple[Kind, ...] = (*bodies.KINDS, *tissues.KINDS)
"""Every kind of family, as often as it is drawn."""

RATERS = 0.5
"""Share of tasks that several invented people drew."""

AREA = (0.002, 0.7)
"""A target outside of these shares of the image is drawn again, a few times."""

TRIES = 5


def phantom_task(count: int, side: int, rng: np.random.Generator) -> Task:
    """``count`` images of one invented family, ``side`` x ``side`` pixels.

    Half of the tasks have several raters: one draws wider, one tighter, one rounds off, one counts
    in what others do not.
    """
    family = KINDS[int(rng.integers(len(KINDS)))](rng)
    name, look = look_of(family, rng)
    has_raters = bool(rng.random() < RATERS)
    habit = float(rng.uniform(0.8, 2.5))
    examples = []
    for _ in range(count):
        scene = _drawn(family.draw, look, side, rng)
        pixels = np.round(np.clip(look.paint(rng, scene), 0, 1) * 255).astype(np.uint8)
        parts = tuple(signed_distance(part) for part in scene.parts[:2])
        examples.append(Example(pixels, _distances(scene, has_raters, habit), parts))
    return Task("phantoms", f"{family.name}-{name}", has_raters, tuple(examples))


def _drawn(draw: Draw, look: Look, side: int, rng: np.random.Generator) -> Scene:
    """A scene as far as the machine sees it."""
    seen = None if look.field is None else look.field(side) > 0
    for _ in range(TRIES):
        scene = draw(rng, side)
        if seen is not None:
            parts = tuple(part & seen for part in scene.parts)
            scene = Scene(scene.tissue, scene.target & seen, scene.extras & seen, parts)
        if AREA[0] < scene.target.mean() < AREA[1]:
            break
    return scene


def _distances(scene: Scene, has_raters: bool, habit: float) -> dict[str, NDArray[np.int8]]:
    """Signed distances by rater; ``habit`` is how far from the border they draw, in pixels."""
    core = signed_distance(scene.target)
    if not has_raters:
        return {"": core}
    found = {"careful": core, "wide": _moved(core, habit)}
    if scene.extras.any():
        found["generous"] = signed_distance(scene.target | scene.extras)
    else:
        tight = _moved(core, -habit)
        found["tight"] = tight if (tight < 0).any() else core
    smooth = ndimage.gaussian_filter(core.astype(np.float32), 1.5 * habit)
    rounded = np.clip(np.round(smooth), -127, 127).astype(np.int8)
    found["smooth"] = rounded if (rounded < 0).any() else core
    return found


def _moved(distance: NDArray[np.int8], pixels: float) -> NDArray[np.int8]:
    moved = distance.astype(np.int16) - round(pixels * STEPS_PER_PIXEL)
    return np.clip(moved, -127, 127).astype(np.int8)
