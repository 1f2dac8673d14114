"""The plain U-Net: predicts one label of one dataset, and nobody can tell it otherwise.

Ronneberger et al., MICCAI 2015, with instance normalisation. Prompts are ignored; picks and
judgements only move the level at which its probability is cut. It shows what a trained network
does without interaction, the reference that interaction has to beat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assent.core.candidates import Proposal
from assent.core.case import TaskSource
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError, WeightsError
from assent.core.feedback import Feedback
from assent.core.image import Image
from assent.core.intensity import to_rgb_unit
from assent.methods import level_sets
from assent.methods.level_sets import LevelState
from assent.methods.protocol import Capabilities, Memory, Prior, Report, TrainConfig
from assent.methods.settings import config_digest, to_config
from assent.models.device import Compute, choose_compute
from assent.models.unet import build_unet
from assent.models.weights import digest, load_weights, read_weights

MULTIPLE = 32
"""Sides are padded to multiples of this; two pixels are left at the coarsest of five levels."""

SLICES_AT_ONCE = 8
"""Slices of a volume that go through the network together."""


@dataclass(frozen=True, kw_only=True)
class UnetConfig:
    """Settings of the plain U-Net; those of the network come with its weights."""

    channels: tuple[int, ...] = (32, 32, 64, 128, 256)
    """Features at each resolution, finest first; also as text, as in "16,16,32,64,128"."""

    working_size: int = 256
    """Longest side in pixels that the network sees; others are resized to it."""

    choices: int = 4
    """Alternatives on a page."""

    device: str = "cpu"
    """Where it runs: auto, cpu, cuda or cuda:N."""

    def __post_init__(self) -> None:
        given: Any = self.channels
        counts = given.strip("[]()").split(",") if isinstance(given, str) else given
        object.__setattr__(self, "channels", tuple(int(count) for count in counts))
        if self.working_size < MULTIPLE:
            raise ConfigError(
                f"unet.working_size is {self.working_size}, but must be at least {MULTIPLE} pixels."
            )
        if not 1 <= self.choices <= 16:
            raise ConfigError(f"unet.choices is {self.choices}, but must be between 1 and 16.")


@dataclass(frozen=True, eq=False)
class Predicted:
    """What the network says about an image: ``(D, H, W)`` probability, and the spacing."""

    probability: NDArray[np.float32] = field(repr=False)
    spacing_zyx_mm: tuple[float, float, float] | None


def build(settings: Mapping[str, Any], weights: Path | None) -> "Unet":
    """The method on the given weights; without them it can only be trained.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        WeightsError: If the weights are of another kind.
    """
    if weights is None:
        return Unet(to_config(UnetConfig, settings), None, "")
    stored = read_weights(weights)[1]
    if stored.get("architecture") != "unet":
        raise WeightsError(
            f"{weights.name} holds weights of {stored.get('architecture', 'something else')},"
            " expected unet. Train some with: assent train unet --data DIR --out unet.safetensors"
        )
    config = to_config(UnetConfig, {**stored["settings"], **settings})
    network = build_unet(config.channels)
    load_weights(network, weights)
    return Unet(config, network, digest(weights))


class Unet:
    """Predicts from the image alone.

    Args:
        config: Settings.
        network: Trained, or None when it is yet to be trained.
        weights_digest: SHA-256 of the weights file.
    """

    name = "unet"
    capabilities = Capabilities(
        feedback=frozenset({"pick", "judge", "accept"}),
        volumes=True,
        colour=True,
        context=False,
        profile=False,
        needs_first_prompt=False,
        trainable=True,
    )

    def __init__(self, config: UnetConfig, network: nn.Module | None, weights_digest: str) -> None:
        self.config, self.weights_digest = config, weights_digest
        self._compute = choose_compute(config.device)
        self._network = network
        if network is not None:
            network.eval().to(self._compute.device)

    @property
    def settings_digest(self) -> str:
        """Digest of the resolved settings."""
        return config_digest(self.config)

    def embed(self, image: Image) -> Predicted:
        """The network's probability on the image's own grid.

        Raises:
            WeightsError: If there are no weights.
        """
        if self._network is None:
            raise WeightsError(
                "The method unet has no weights of its own, because it knows one label of one"
                " dataset. Train it (assent train unet --data DIR --out unet.safetensors) and name"
                " the file with --weights."
            )
        geometry = image.geometry
        spacing = geometry.spacing_zyx_mm if geometry.calibrated else None
        slices = torch.from_numpy(np.moveaxis(to_rgb_unit(image), 1, 0).copy())
        parts = [
            predict(self._network, part, self.config, self._compute)
            for part in torch.split(slices, SLICES_AT_ONCE)
        ]
        probability = torch.cat(parts)[:, 0].numpy()
        probability.setflags(write=False)
        return Predicted(probability, spacing)

    def remember(self, entry: ContextEntry) -> Memory:
        """Nothing: finished images do not inform the next one."""
        return None

    def begin(
        self, embedding: Predicted, *, memory: Sequence[Memory], prior: Prior | None, seed: int
    ) -> LevelState:
        """The prediction; memory, prior and seed change nothing."""
        return LevelState(
            probability=embedding.probability,
            spacing_zyx_mm=embedding.spacing_zyx_mm,
            choices=self.config.choices,
        )

    def propose(self, embedding: Predicted, state: LevelState, *, page: int = 0) -> Proposal:
        """The prediction at the state's level, with tighter and looser ones."""
        return level_sets.propose(state, page=page)

    def update(self, embedding: Predicted, state: LevelState, feedback: Feedback) -> LevelState:
        """Move the level by picks and judgements; prompts are noted and change nothing."""
        return level_sets.hear(state, feedback)

    def learn(self, states: Sequence[LevelState]) -> Prior:
        """Nothing: there is no profile."""
        return {}

    def train(
        self, tasks: Sequence[TaskSource], config: TrainConfig, report: Report, resume: Path | None
    ) -> Path:
        """Train on one label; see ``unet_train.train``."""
        from assent.methods.baselines.unet_train import train  # noqa: PLC0415 - it needs this file

        return train(tasks, self.config, config, report, resume)


@torch.inference_mode()
def predict(network: nn.Module, slices: Tensor, config: UnetConfig, compute: Compute) -> Tensor:
    """Probability ``(D, 1, H, W)`` float32 on the CPU, of slices ``(D, 3, H, W)`` in [0, 1]."""
    height, width = slices.shape[-2:]
    scale = config.working_size / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    # Antialiasing matters when shrinking and changes nothing when enlarging.
    seen = functional.interpolate(slices, size, mode="bilinear", antialias=True)
    padding = [-length % MULTIPLE for length in size]
    padded = functional.pad(seen, (0, padding[1], 0, padding[0]))
    with compute.autocast():
        logits = network(padded.to(compute.device))[..., : size[0], : size[1]].float()
    native = functional.interpolate(logits, (height, width), mode="bilinear", align_corners=False)
    return torch.sigmoid(native).cpu()
