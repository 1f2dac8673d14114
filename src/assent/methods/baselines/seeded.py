"""The method around a rule that spreads labels: everything but the rule itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError
from assent.core.feedback import Correct, Feedback
from assent.core.image import Image
from assent.core.intensity import to_unit
from assent.methods import level_sets
from assent.methods.baselines.seeds import Seeds, SlicePrompts, by_slice, seeds_of
from assent.methods.level_sets import LevelState
from assent.methods.protocol import Capabilities, Memory, Prior
from assent.methods.settings import config_digest

Spread = Callable[[NDArray[np.float32], Seeds], NDArray[np.float32]]
"""From a slice ``(C, H, W)`` in [0, 1] and its seeds, some of either kind, to the probability of
the object ``(H, W)``."""


@dataclass(frozen=True, kw_only=True)
class SeedConfig:
    """Settings that all methods of this kind share."""

    working_size: int = 512
    """Longest side in pixels on which labels are spread; larger slices are reduced to it."""

    choices: int = 4
    """Alternatives on a page."""

    def __post_init__(self) -> None:
        if self.working_size < 16:
            raise ConfigError(
                f"working_size is {self.working_size}, but must be at least 16 pixels."
            )
        if not 1 <= self.choices <= 16:
            raise ConfigError(
                f"choices is {self.choices}, but must be between 1 and 16 alternatives a page."
            )


@dataclass(frozen=True, eq=False)
class UnitImage:
    """What such a method keeps of an image: ``(C, D, H, W)`` in [0, 1], and its spacing."""

    voxels: NDArray[np.float32] = field(repr=False)
    spacing_zyx_mm: tuple[float, float, float] | None


class SeededMethod:
    """Spreads the labels of prompts over each slice; a slice nobody drew on stays empty.

    Picks and judgements move the level at which the probability is cut.

    Args:
        name: The registered name.
        config: Settings.
        spread: The rule.
    """

    capabilities = Capabilities(
        feedback=frozenset({"pick", "judge", "click", "scribble", "box", "accept"}),
        volumes=True,
        colour=True,
        context=False,
        profile=False,
        needs_first_prompt=True,
    )
    weights_digest = ""

    def __init__(self, name: str, config: SeedConfig, spread: Spread) -> None:
        self.name = name
        self._config, self._spread = config, spread

    @property
    def settings_digest(self) -> str:
        """Digest of the resolved settings."""
        return config_digest(self._config)

    def embed(self, image: Image) -> UnitImage:
        """Intensities in [0, 1]."""
        geometry = image.geometry
        spacing = geometry.spacing_zyx_mm if geometry.calibrated else None
        return UnitImage(to_unit(image), spacing)

    def remember(self, entry: ContextEntry) -> Memory:
        """Nothing: finished images do not inform the next one."""
        return None

    def begin(
        self, embedding: UnitImage, *, memory: Sequence[Memory], prior: Prior | None, seed: int
    ) -> LevelState:
        """An empty mask; memory, prior and seed change nothing."""
        probability = np.zeros(embedding.voxels.shape[1:], np.float32)
        probability.setflags(write=False)
        return LevelState(
            probability=probability,
            spacing_zyx_mm=embedding.spacing_zyx_mm,
            choices=self._config.choices,
        )

    def propose(self, embedding: UnitImage, state: LevelState, *, page: int = 0) -> Proposal:
        """The mask at the state's level, with tighter and looser ones."""
        return level_sets.propose(state, page=page)

    def update(self, embedding: UnitImage, state: LevelState, feedback: Feedback) -> LevelState:
        """Spread the labels again on the slices that a correction changes, else move the level."""
        heard = level_sets.hear(state, feedback)
        if not isinstance(feedback, Correct):
            return heard
        before, after = by_slice(state.active_prompts), by_slice(heard.active_prompts)
        probability = state.probability.copy()
        for z in before.keys() | after.keys():
            if before.get(z) != after.get(z):
                drawn = after.get(z)
                probability[z] = 0.0 if drawn is None else self._cut(embedding.voxels[:, z], drawn)
        probability.setflags(write=False)
        return replace(heard, probability=probability)

    def learn(self, states: Sequence[LevelState]) -> Prior:
        """Nothing: there is no profile."""
        return {}

    def _cut(self, voxels: NDArray[np.float32], drawn: SlicePrompts) -> NDArray[np.float32]:
        """Probability ``(H, W)`` of one slice, exact at every prompt."""
        height, width = voxels.shape[-2:]
        shrink = min(1.0, self._config.working_size / max(height, width))
        working_hw = max(1, round(height * shrink)), max(1, round(width * shrink))
        seeds = seeds_of(drawn, (height, width), working_hw)
        native = _resize(self._fill(_resize(voxels, working_hw), seeds), (height, width))
        exact = seeds_of(drawn, (height, width), (height, width), radius_px=0.0)
        native[exact.forbidden] = 0.0
        for positive, points in drawn.marks:
            native[tuple(np.array(points).T)] = float(positive)
        return native

    def _fill(self, voxels: NDArray[np.float32], seeds: Seeds) -> NDArray[np.float32]:
        if not seeds.inside.any():
            return np.zeros(seeds.inside.shape, np.float32)
        if not seeds.outside.any():
            return np.ones(seeds.inside.shape, np.float32)
        probability = self._spread(voxels, seeds)
        probability[seeds.outside] = 0.0
        probability[seeds.inside] = 1.0
        return probability


def _resize(array: NDArray[np.float32], shape_hw: tuple[int, int]) -> NDArray[np.float32]:
    """The last two axes resampled linearly, smoothed first where they shrink."""
    if array.shape[-2:] == shape_hw:
        return array
    from skimage.transform import resize  # noqa: PLC0415 - a slow import

    shape = (*array.shape[:-2], *shape_hw)
    shrinks = shape_hw[0] < array.shape[-2]
    return np.asarray(resize(array, shape, order=1, anti_aliasing=shrinks), dtype=np.float32)
