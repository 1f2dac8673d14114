"""ThresholdMethod: a method with no weights that listens to everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError
from assent.core.feedback import Correct, Feedback
from assent.core.image import Image
from assent.core.intensity import to_gray_unit
from assent.core.prompts import BoundingBox, Prompt, extent_zyx, seeds_zyx
from assent.methods import level_sets
from assent.methods.level_sets import LevelState
from assent.methods.protocol import Capabilities, Memory, Prior

SOFTNESS_PX = 1.5
"""The probability falls from 0.73 to 0.27 over this many pixels either side of the border."""

PLACE_WEIGHT = 0.5
"""Crossing the whole image costs as much as this change of intensity."""

APART = (1e3, 1.0, 1.0)
"""Slices count as far apart: outlines move within their slice, as when drawn by hand."""

MAX_SEEDS = 32
"""Seeds of one sign that are compared with every voxel; a scribble is thinned to them."""


@dataclass(frozen=True)
class Tones:
    """Intensities in [0, 1] that stand for the object and for its surroundings."""

    inside: float
    outside: float


@dataclass(frozen=True, eq=False)
class GrayImage:
    """What ThresholdMethod computes once: ``(D, H, W)`` intensities and the image's own tones."""

    gray: NDArray[np.float32] = field(repr=False)
    tones: Tones
    spacing_zyx_mm: tuple[float, float, float] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class ThresholdState(LevelState):
    """A level state that remembers which tones finished images suggest."""

    tones: Tones


class ThresholdMethod:
    """Voxels as bright as the object, cut at a level that the annotator's answers move.

    Without a prompt the object is one side of Otsu's threshold, or as bright as it was in the
    finished images. Prompts say which tones, and which places, are inside. Alternatives
    are tighter and looser outlines. The profile is the level a person ends on.
    """

    name = "threshold"
    capabilities = Capabilities(
        feedback=frozenset({"pick", "judge", "click", "scribble", "box", "accept"}),
        volumes=True,
        colour=False,
        context=True,
        profile=True,
        needs_first_prompt=False,
    )
    weights_digest = ""

    def __init__(self, *, choices: int = 4) -> None:
        if not 1 <= choices <= 16:
            raise ConfigError(
                f"threshold.choices is {choices}, but must be between 1 and 16 alternatives a page."
            )
        self.choices = choices

    @property
    def settings_digest(self) -> str:
        """Digest of the resolved settings."""
        return f"choices={self.choices}"

    def embed(self, image: Image) -> GrayImage:
        """Gray intensities, and Otsu's two tones."""
        gray = to_gray_unit(image)
        geometry = image.geometry
        spacing = geometry.spacing_zyx_mm if geometry.calibrated else None
        return GrayImage(gray, _otsu_tones(gray), spacing)

    def remember(self, entry: ContextEntry) -> Tones:
        """Median intensity inside and outside the accepted mask."""
        gray = to_gray_unit(entry.image)
        inside, outside = gray[entry.mask], gray[~entry.mask]
        own = _otsu_tones(gray)
        return Tones(
            float(np.median(inside)) if inside.size else own.inside,
            float(np.median(outside)) if outside.size else own.outside,
        )

    def begin(
        self, embedding: GrayImage, *, memory: Sequence[Memory], prior: Prior | None, seed: int
    ) -> ThresholdState:
        """The object as finished images or Otsu suggest; ``seed`` changes nothing."""
        tones = embedding.tones
        if memory:
            tones = Tones(
                float(np.mean([m.inside for m in memory])),
                float(np.mean([m.outside for m in memory])),
            )
        return ThresholdState(
            probability=_probability(embedding.gray, tones, ()),
            spacing_zyx_mm=embedding.spacing_zyx_mm,
            choices=self.choices,
            threshold=0.5 if prior is None else float(prior["threshold"]),
            tones=tones,
        )

    def propose(self, embedding: GrayImage, state: ThresholdState, *, page: int = 0) -> Proposal:
        """The outline at the state's level, with tighter and looser ones."""
        return level_sets.propose(state, page=page)

    def update(
        self, embedding: GrayImage, state: ThresholdState, feedback: Feedback
    ) -> ThresholdState:
        """Move the level by picks and judgements, the map by prompts."""
        heard = level_sets.hear(state, feedback)
        if isinstance(feedback, Correct):
            probability = _probability(embedding.gray, state.tones, heard.active_prompts)
            heard = replace(heard, probability=probability)
        return heard

    def learn(self, states: Sequence[ThresholdState]) -> Prior:
        """The mean level of the finished images; the middle without any."""
        levels = [round(state.threshold * level_sets.LEVELS) for state in states]
        mean = round(float(np.mean(levels))) if levels else level_sets.LEVELS // 2
        return {"threshold": mean / level_sets.LEVELS, "images": len(levels)}


def _otsu_tones(gray: NDArray[np.float32]) -> Tones:
    """Mean intensities of Otsu's classes; the one rarer on the border is the object."""
    from skimage.filters import threshold_otsu  # noqa: PLC0415 - a slow import

    if float(gray.min()) == float(gray.max()):
        return Tones(2.0, float(gray.min()))  # nothing stands out, so nothing is the object
    bright = gray > threshold_otsu(gray)
    tones = (float(gray[bright].mean()), float(gray[~bright].mean()))
    edge = np.concatenate([bright[:, [0, -1]].ravel(), bright[:, :, [0, -1]].ravel()])
    return Tones(*tones) if edge.mean() <= 0.5 else Tones(tones[1], tones[0])


def _probability(
    gray: NDArray[np.float32], tones: Tones, prompts: Sequence[Prompt]
) -> NDArray[np.float32]:
    positive = seeds_zyx(prompts, positive=True)
    negative = seeds_zyx(prompts, positive=False)
    if len(positive):
        seen = float(gray[tuple(positive.T)].mean())
        other = max((tones.inside, tones.outside), key=lambda tone: abs(tone - seen))
        tones = Tones(seen, other)
    inside = np.minimum(
        _distance(gray, positive), np.inf if len(positive) else np.abs(gray - tones.inside)
    )
    outside = np.minimum(_distance(gray, negative), np.abs(gray - tones.outside))
    mask = inside < outside
    for prompt in prompts:
        if isinstance(prompt, BoundingBox):
            mask &= _is_inside(prompt, gray.shape)
    mask[tuple(positive.T)] = True
    mask[tuple(negative.T)] = False
    signed_px = np.clip(_signed_distance_px(mask), -40.0, 40.0)
    probability = np.asarray(1.0 / (1.0 + np.exp(-signed_px / SOFTNESS_PX)), dtype=np.float32)
    probability[tuple(positive.T)] = 1.0
    probability[tuple(negative.T)] = 0.0
    probability.setflags(write=False)
    return probability


def _distance(gray: NDArray[np.float32], seeds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Change of intensity plus a share of the way to the nearest seed; infinite without one."""
    nearest = np.full(gray.shape, np.inf)
    diagonal = float(np.linalg.norm(gray.shape))
    places = np.ogrid[tuple(slice(n) for n in gray.shape)]
    for seed in seeds[:: max(1, -(-len(seeds) // MAX_SEEDS))]:
        way = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(places, seed, strict=True)))
        change = np.abs(gray - gray[tuple(seed)])
        np.minimum(nearest, change + PLACE_WEIGHT * way / diagonal, out=nearest)
    return nearest


def _is_inside(box: BoundingBox, shape_dhw: tuple[int, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(shape_dhw, np.bool_)
    low, high = extent_zyx(box)
    inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return inside


def _signed_distance_px(mask: NDArray[np.bool_]) -> Any:
    """Pixels to the border within the slice, positive inside; half a pixel at the border."""
    if not mask.any() or mask.all():
        return np.where(mask, 1e3, -1e3)
    inwards = ndimage.distance_transform_edt(mask, sampling=APART)
    outwards = ndimage.distance_transform_edt(~mask, sampling=APART)
    return np.where(mask, inwards - 0.5, 0.5 - outwards)
