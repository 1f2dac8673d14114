"""Image, prompts, previous mask and context become features once; a low-rank head gives masks.

A U-Net reads the image with its prompt channels (``channels.py``), takes in what the context
memory says at 1/8 resolution, and ends in a latent head that weighs the classical margins of
the per-image classifier into its mean logits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from assent.core.errors import ConfigError
from assent.models.latent import LatentHead
from assent.models.memory import ContextMemory, Tokens


class Channel(IntEnum):
    """Channels of the network input, in order."""

    (
        RED,
        GREEN,
        BLUE,
        POSITIVE,
        NEGATIVE,
        BOX,
        NEAR_POSITIVE,
        NEAR_NEGATIVE,
        COLOUR,
        PATH,
        PREVIOUS,
        PROMPTED,
        WALK,
    ) = range(13)


EXPERTS = [Channel.COLOUR, Channel.PATH, Channel.WALK]
"""The margins of the per-image classifier, in the order of the head's gates."""


EXPERT_SCALE = 2.5
"""Logit of a classical margin of 1."""

SHUT = -4.0
"""Of a gate that lets next to nothing through."""

MEMORY = "memory"
"""What ``NetworkShape.without`` calls the context."""

STRIDE = 16
"""Image sides must be multiples of this."""


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """Sizes of the network; stored with its weights."""

    widths: tuple[int, ...] = (16, 32, 64, 128, 160)
    latent: int = 12
    key: int = 48
    value: int = 32
    film: bool = False
    """Whether the context also scales the features at 1/8 resolution, not only adds to them."""
    without: tuple[str, ...] = ()
    """Input channels in small letters that are not listened to, or "memory": to see what each is
    worth."""

    def __post_init__(self) -> None:
        known = {*(channel.name.lower() for channel in Channel), MEMORY}
        if unknown := sorted(set(self.without) - known):
            raise ConfigError(
                f"There is no input {unknown[0]!r} to leave out; known: {', '.join(sorted(known))}."
            )

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> "NetworkShape":
        """From metadata or settings; usual values for what is not stated.

        Raises:
            ConfigError: If an input to leave out is unknown.
            TypeError: If a size is unknown, or a list is none.
        """
        lists = {name: tuple(stated[name]) for name in ("widths", "without") if name in stated}
        return cls(**{**stated, **lists})


def grown(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of weights from before the random walk, as they fit now: it is hardly listened to.

    Others are left as they are.
    """
    first, gate = "down.0.first.weight", "head.out"
    found = dict(tensors)
    if first not in found or found[first].shape[1] != Channel.WALK:
        return found
    silent = torch.zeros_like(found[first][:, :1])
    found[first] = torch.cat([found[first], silent], 1)
    for name, value in ((f"{gate}.weight", 0.0), (f"{gate}.bias", SHUT)):
        told = found[name]
        row = torch.full_like(told[:1], value)
        found[name] = torch.cat([told[: len(EXPERTS)], row, told[len(EXPERTS) :]])
    return found


class Stage(nn.Module):
    """Two convolutions with group normalisation and SiLU, residual where sizes allow."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.first_norm = nn.GroupNorm(8, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second_norm = nn.GroupNorm(8, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H, W)``."""
        x = functional.silu(self.first_norm(self.first(x)))
        return functional.silu(self.second_norm(self.second(x)) + x)


class PosteriorNetwork(nn.Module):
    """Mean logits and directions for a batch of images with prompts and context."""

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetworkShape()
        widths = self.shape.widths
        self.memory = ContextMemory(self.shape.key, self.shape.value)
        self.down = nn.ModuleList(
            Stage(a, b) for a, b in zip((len(Channel), *widths[:-1]), widths, strict=True)
        )
        told = widths[3] * (2 if self.shape.film else 1)
        self.listen = nn.Conv2d(self.shape.value + 1 + 64, told, 1)
        self.up = nn.ModuleList(
            Stage(a + b, b) for a, b in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.skip = nn.Conv2d(2, widths[0], 1)
        self.head = LatentHead(widths[0], self.shape.latent, experts=len(EXPERTS))
        # In this layout a CPU takes two thirds of the time to answer, and a tenth less to train.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self, inputs: Tensor, tokens: Tokens | None, seen: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mean logits ``(B, 1, H, W)`` and directions ``(B, Z, H, W)``, float32.

        Args:
            inputs: ``(B, 13, H, W)`` by ``Channel``; sides multiples of 16.
            tokens: Context of the batch, or None.
            seen: ``memory.features`` of the images, where already computed.
        """
        if seen is None:
            seen = self.memory.features(inputs[:, :3])
        features = self.decode(inputs, seen, self.recall(seen, tokens))
        mean, directions = self.answer(inputs, features)
        return mean, directions

    def recall(self, seen: Tensor, tokens: Tokens | None) -> Tensor:
        """What the context says about images of which ``memory.features`` are given."""
        if tokens is None or MEMORY in self.shape.without:
            tokens = self.memory.nothing(len(seen))
        told: Tensor = self.memory.read(seen, tokens)
        return told

    def answer(self, inputs: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean logits and directions from what ``decode`` found in the same inputs."""
        margins = self._heard(inputs)[:, EXPERTS].float()
        mean, directions = self.head(features, EXPERT_SCALE * margins)
        return mean, directions

    def decode(self, inputs: Tensor, seen: Tensor, read: Tensor) -> Tensor:
        """Decoder features ``(B, F, H, W)`` of inputs, ``memory.features`` and ``recall``."""
        x: Tensor = self._heard(inputs)
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(functional.max_pool2d(x, 2) if level else x)
            if level == 3:
                told: Tensor = self.listen(torch.cat([read.to(x.dtype), seen.to(x.dtype)], 1))
                scale, shift = told.chunk(2, 1) if self.shape.film else (None, told)
                x = x + shift if scale is None else x * (1.0 + scale) + shift
            skips.append(x)
        for stage, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            wide = functional.interpolate(
                x, size=skip.shape[-2:], mode="bilinear", align_corners=False
            )
            x = stage(torch.cat([wide, skip], 1))
        fine = functional.interpolate(
            read[:, :1], size=x.shape[-2:], mode="bilinear", align_corners=False
        )
        lifted: Tensor = self.skip(torch.cat([fine, fine.abs()], 1).to(x.dtype))
        return x + lifted

    def _heard(self, inputs: Tensor) -> Tensor:
        """The inputs, those that are not listened to at zero."""
        deaf = [Channel[name.upper()] for name in self.shape.without if name != MEMORY]
        if not deaf:
            return inputs
        heard = inputs.clone()
        heard[:, deaf] = 0.0
        return heard
