"""Remember finished images, and recall those that help with the next one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.methods.posterior.grid import WorkingGrid, working_planes
from assent.methods.posterior.network import PosteriorNetwork
from assent.models.device import Compute
from assent.models.memory import Tokens

SLICES = 6
"""Slices of a finished volume that are remembered, spread over the object."""

RELEVANCE = 0.7
"""Weight of resembling the target against differing from what is already recalled."""


@dataclass(frozen=True, eq=False)
class Remembered:
    """One finished image as tokens, and what it looks like as a whole.

    Attributes:
        id: Of the context entry.
        channels: 1 for gray, 3 for RGB.
        tokens: Batch of one.
        look: ``(64,)`` unit vector.
    """

    id: str
    channels: int
    tokens: Tokens = field(repr=False)
    look: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Reading:
    """What finished images say about the slices of one image.

    Each slice is read once, when a session begins: no answer changes it.

    Attributes:
        tokens: Of the finished images, batch of one; None without any.
        known: What was read so far, by slice, ``(1, V + 1, h, w)``.
    """

    tokens: Tokens | None = None
    known: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def at(self, index: int, network: PosteriorNetwork, seen: Tensor) -> Tensor:
        """What is said about a slice; ``seen`` are the ``(D, 64, h, w)`` features of all."""
        if self.tokens is None:
            return network.recall(seen[index : index + 1], None)
        if index not in self.known:
            self.known[index] = network.recall(seen[index : index + 1], self.tokens)
        return self.known[index]


def remember(
    entry: ContextEntry, network: PosteriorNetwork, compute: Compute, side: int
) -> Remembered:
    """Encode one finished image once.

    Raises:
        InputError: If its mask is empty or fills the image, and so says nothing.
    """
    inside = entry.mask.any((1, 2))
    if not inside.any() or entry.mask.all():
        raise InputError(
            f"The mask of context entry {entry.id} is {'full' if inside.any() else 'empty'};"
            " expected an object and its surroundings. Leave this entry out."
        )
    shown = np.flatnonzero(inside)
    if len(shown) > SLICES:
        shown = shown[np.linspace(0, len(shown) - 1, SLICES).round().astype(int)]
    grid = WorkingGrid.of_image(entry.image.shape_dhw, side)
    planes = working_planes(entry.image, grid)[torch.from_numpy(shown)]
    mask = torch.from_numpy(entry.mask[shown].astype(np.float32))[:, None]
    with torch.inference_mode():
        # float32: an entry is encoded once, and many will read it.
        tokens = network.memory.encode(
            planes.to(compute.device),
            grid.reduce(mask).to(compute.device),
            torch.full((len(shown),), float(entry.confidence), device=compute.device),
        )
        seen = network.memory.features(planes.to(compute.device))
    flat = Tokens(
        tokens.keys.flatten(0, 1)[None],
        tokens.values.flatten(0, 1)[None],
        tokens.weight.flatten(0, 1)[None] / len(shown),
    )
    return Remembered(entry.id, entry.image.voxels.shape[0], flat, look_of(seen))


def look_of(seen: Tensor) -> NDArray[np.float32]:
    """Mean features of an image ``(D, 64, h, w)`` as a unit vector ``(64,)``."""
    mean = functional.normalize(seen.float().mean((0, 2, 3)), dim=0)
    return np.asarray(mean.cpu().numpy(), np.float32)


def recall(
    remembered: Sequence[Remembered], look: NDArray[np.float32], most: int
) -> tuple[Remembered, ...]:
    """The entries that resemble the target most and each other least, at most ``most``.

    Greedy maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
    """
    if len(remembered) <= most or most <= 0:
        return tuple(remembered)[: max(0, most)]
    looks = np.stack([entry.look for entry in remembered])
    to_target = looks @ look
    among = looks @ looks.T
    chosen = [int(np.argmax(to_target))]
    nearest = among[:, chosen[0]].copy()
    while len(chosen) < most:
        score = RELEVANCE * to_target - (1 - RELEVANCE) * nearest
        score[chosen] = -np.inf
        best = int(np.argmax(score))
        chosen.append(best)
        np.maximum(nearest, among[:, best], out=nearest)
    return tuple(remembered[index] for index in chosen)


def joined(entries: Sequence[Remembered]) -> Tokens | None:
    """All tokens side by side, batch of one; None without entries."""
    if not entries:
        return None
    return Tokens(
        torch.cat([e.tokens.keys for e in entries], 1),
        torch.cat([e.tokens.values for e in entries], 1),
        torch.cat([e.tokens.weight for e in entries], 1),
    )
