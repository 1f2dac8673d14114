"""Context examples encoded once into a few tokens that the target reads by attention.

One way: what an example contributes does not depend on the target, so an example is encoded once
and a click costs the same with 1 and with 1000 finished images. A token stands for the inside or
the outside of one cell of a coarse grid over an example. The target's attention over all tokens is
a kernel regression: each pixel looks for what resembles it and takes over how that was labelled.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

GRID = 5
"""Cells along each side; an example becomes 2 x 25 tokens."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """Context of a batch, or one encoded entry.

    Attributes:
        keys: ``(B, T, K)``.
        values: ``(B, T, V)``; the first number is the label, +1 inside and -1 outside.
        weight: ``(B, T)`` share of the cell that the token stands for, times the confidence in
            the entry; 0 for a token that does not exist.
    """

    keys: Tensor
    values: Tensor
    weight: Tensor

    def joined(self, other: "Tokens") -> "Tokens":
        """These tokens followed by others of the same batch."""
        return Tokens(
            torch.cat([self.keys, other.keys], 1),
            torch.cat([self.values, other.values], 1),
            torch.cat([self.weight, other.weight], 1),
        )


def _block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1),
        nn.GroupNorm(8, outputs),
        nn.SiLU(),
    )


class ContextMemory(nn.Module):
    """Encode examples to tokens; let a target read them.

    Args:
        key: Size of keys and queries.
        value: Size of what is read, the label included.
    """

    def __init__(self, key: int = 48, value: int = 32) -> None:
        super().__init__()
        self.look = nn.Sequential(
            _block(3, 16, 2), _block(16, 32, 2), _block(32, 64, 2), _block(64, 64, 1)
        )
        self.to_key = nn.Linear(64, key)
        self.to_value = nn.Linear(64 + 1, value - 1)
        self.place = nn.Linear(8, key)
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        self.place_weight = nn.Parameter(torch.tensor(-1.0))

    def features(self, image: Tensor) -> Tensor:
        """What images look like: ``(B, 3, H, W)`` to ``(B, 64, H/8, W/8)``."""
        seen: Tensor = self.look(image)
        return seen

    def nothing(self, batch: int) -> Tokens:
        """Tokens of an empty context: one for each item that does not exist."""
        like = self.to_key.weight
        keys = like.new_zeros(batch, 1, 2 * self.to_key.out_features)
        values = like.new_zeros(batch, 1, self.to_value.out_features + 1)
        return Tokens(keys, values, like.new_zeros(batch, 1))

    def encode(self, image: Tensor, mask: Tensor, confidence: Tensor) -> Tokens:
        """Tokens of examples.

        Args:
            image: ``(B, 3, H, W)`` in [0, 1].
            mask: ``(B, 1, H, W)`` in [0, 1].
            confidence: ``(B,)`` in [0, 1].
        """
        seen = self.features(image).float()
        inside = functional.interpolate(mask.float(), size=seen.shape[-2:], mode="area")
        place = _fourier(seen)
        parts = []
        for share, label in ((inside, 1.0), (1.0 - inside, -1.0)):
            covered = functional.adaptive_avg_pool2d(share, GRID)
            norm = covered.clamp_min(1e-4)
            pooled = functional.adaptive_avg_pool2d(seen * share, GRID) / norm
            where = functional.adaptive_avg_pool2d(place * share, GRID) / norm
            parts.append(self._tokens(pooled, where, covered, label))
        tokens = parts[0].joined(parts[1])
        return Tokens(tokens.keys, tokens.values, tokens.weight * confidence[:, None])

    def _tokens(self, pooled: Tensor, where: Tensor, covered: Tensor, label: float) -> Tokens:
        flat = rearrange(pooled, "B C H W -> B (H W) C")
        mark = torch.full_like(flat[..., :1], label)
        values = torch.cat([mark, self.to_value(torch.cat([flat, mark], -1))], -1)
        keys = self._key(flat, rearrange(where, "B C H W -> B (H W) C"))
        weight = rearrange(covered, "B 1 H W -> B (H W)")
        return Tokens(keys, values, torch.where(weight > 0.01, weight, torch.zeros_like(weight)))

    def _key(self, flat: Tensor, where: Tensor) -> Tensor:
        look = functional.normalize(self.to_key(flat), dim=-1)
        place = functional.normalize(self.place(where), dim=-1)
        return torch.cat([look, self.place_weight.exp() * place], -1)

    def read(self, seen: Tensor, tokens: Tokens) -> Tensor:
        """What the context says about each place of a target.

        Args:
            seen: ``(B, 64, h, w)`` from ``features`` of the target.
            tokens: Of the same batch, T at least 1.

        Returns:
            ``(B, V + 1, h, w)``: attended values (label transfer first) and the log-mass of the
            evidence; zeros for an item whose tokens all have weight 0.
        """
        height = seen.shape[-2]
        seen = seen.float()
        flat = rearrange(seen, "B C h w -> B (h w) C")
        query = self._key(flat, rearrange(_fourier(seen), "B C h w -> B (h w) C"))
        score = self.sharpness.exp() * query @ tokens.keys.transpose(1, 2)
        # A finite floor, so that an item without any token stays a number until it is zeroed.
        counts = torch.log(tokens.weight.clamp_min(1e-9))
        counts = counts.masked_fill(tokens.weight <= 0, -1e4)
        score = score + counts[:, None]
        present = (tokens.weight > 0).any(1)
        # Softmax and its log-mass from one pass of exponentials: they are most of the cost.
        top = score.detach().amax(-1, keepdim=True)
        share = torch.exp(score - top)
        total = share.sum(-1, keepdim=True)
        logarithm = top + torch.log(total)
        mass = logarithm - torch.log(tokens.weight.sum(1).clamp_min(1.0))[:, None, None]
        read = torch.cat([share @ tokens.values / total, mass], -1)
        read = torch.where(present[:, None, None], read, torch.zeros_like(read))
        laid_out: Tensor = rearrange(read, "B (h w) V -> B V h w", h=height)
        return laid_out


def _fourier(like: Tensor) -> Tensor:
    """Place on the grid as 8 smooth channels, ``(B, 8, h, w)``."""
    batch, _, height, width = like.shape
    y = (torch.arange(height, device=like.device) + 0.5) / height
    x = (torch.arange(width, device=like.device) + 0.5) / width
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij"))
    angles = torch.cat([grid * torch.pi, grid * 2 * torch.pi])
    return torch.cat([angles.sin(), angles.cos()])[None].expand(batch, 8, height, width)
