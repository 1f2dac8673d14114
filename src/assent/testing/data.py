"""Small images with a known object, and the answers a person might give to them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.candidates import Proposal
from assent.core.errors import NotFoundError
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.geometry import Geometry
from assent.core.image import Image
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble

ANSWERS = ("click", "scribble", "box", "pick", "none", "judge", "remove", "accept")
"""Kinds of answers that ``answer`` can give."""


@dataclass(frozen=True, eq=False)
class Example:
    """An image and where its object is, ``(D, H, W)`` bool."""

    image: Image
    reference: NDArray[np.bool_] = field(repr=False)


def blob(
    shape_dhw: tuple[int, int, int] = (1, 33, 41),
    *,
    colour: bool = False,
    spacing_zyx_mm: tuple[float, float, float] = (2.0, 0.5, 0.5),
    seed: int = 0,
) -> Example:
    """A bright blob with a soft border on a darker, noisy ground, off centre.

    Args:
        shape_dhw: Size; a depth of 1 gives a 2D image.
        colour: Whether the image has three channels; the object is then reddish.
        spacing_zyx_mm: Edge lengths of a voxel.
        seed: Place, size and noise.
    """
    rng = np.random.default_rng(seed)
    sizes = np.array(shape_dhw, dtype=np.float64)
    centre = sizes * rng.uniform(0.42, 0.58, 3)
    radius = np.maximum(sizes * rng.uniform(0.2, 0.3, 3), 1.0)
    places = np.stack(np.meshgrid(*[np.arange(n) + 0.5 for n in shape_dhw], indexing="ij"))
    reach = np.sqrt((((places.T - centre) / radius) ** 2).sum(-1).T)
    bright = 1.0 / (1.0 + np.exp(8.0 * (reach - 1.0)))
    tints = (180.0, 60.0, 90.0) if colour else (150.0,)
    grain = ndimage.gaussian_filter(rng.normal(0.0, 12.0, shape_dhw), (0, 0.7, 0.7))
    voxels = np.stack([40.0 + tint * bright + grain for tint in tints])
    geometry = Geometry.from_spacing(shape_dhw, spacing_zyx_mm)
    image = Image(np.clip(voxels, 0, 255).astype(np.float32), geometry, name=f"blob {seed}")
    return Example(image, np.asarray(reach < 1.0))


def centre_click(mask: NDArray[np.bool_], *, positive: bool = True) -> Click:
    """A click where a mask is thickest; the middle of the image where it is empty."""
    if not mask.any():
        depth, height, width = mask.shape
        return Click((depth // 2, height // 2, width // 2), positive)
    padded = np.pad(mask, 1)
    depth_map = ndimage.distance_transform_edt(padded)[1:-1, 1:-1, 1:-1]
    z, y, x = (int(v) for v in np.unravel_index(int(np.argmax(depth_map)), mask.shape))
    return Click((z, y, x), positive)


def prompt(kind: str, reference: NDArray[np.bool_]) -> Prompt:
    """A prompt that a careful person would draw for a reference.

    Args:
        kind: "click", "scribble" or "box".
        reference: ``(D, H, W)`` bool, not empty.

    Raises:
        NotFoundError: If the kind is another one.
    """
    click = centre_click(reference)
    z, y, _ = click.at_zyx
    match kind:
        case "click":
            return click
        case "scribble":
            row = np.flatnonzero(reference[z, y])
            inner = row[len(row) // 4 : max(len(row) // 4 + 1, len(row) - len(row) // 4)]
            return Scribble(tuple((z, y, int(x)) for x in inner))
        case "box":
            low, high = np.argwhere(reference).min(0), np.argwhere(reference).max(0) + 1
            return BoundingBox(_triple(low), _triple(high))
    raise NotFoundError("prompt", kind, known=("click", "scribble", "box"))


def answer(kind: str, proposal: Proposal, reference: NDArray[np.bool_]) -> Feedback:
    """One answer of a kind to a proposal, fitting what is on offer.

    A pick becomes "none of these", and a judgement a click, where nothing is on offer.

    Args:
        kind: One of ``ANSWERS``.
        proposal: What is shown.
        reference: ``(D, H, W)`` bool, not empty.

    Raises:
        NotFoundError: If the kind is unknown.
    """
    count, shown = len(proposal.alternatives), proposal.round
    if kind in {"click", "scribble", "box"} or (kind == "judge" and count == 0):
        drawn = prompt("click" if kind == "judge" else kind, reference)
        return Correct((drawn,), shown)
    answers: dict[str, Feedback] = {
        "pick": Pick(count - 1 if count else None, shown, proposal.page),
        "none": Pick(None, shown, proposal.page),
        "judge": Judge("better", shown, proposal.page),
        "remove": Correct((), shown, removed=(0,)),
        "accept": Accept("recommended", shown),
    }
    if kind not in answers:
        raise NotFoundError("answer", kind, known=ANSWERS)
    return answers[kind]


def _triple(values: NDArray[np.int64]) -> tuple[int, int, int]:
    return int(values[0]), int(values[1]), int(values[2])
