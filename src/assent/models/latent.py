"""Low-rank latent head: one pass gives many masks.

logits(z) = mean + sum_i z_i direction_i. Because logits are linear in z, the z that explains a
given mask best is a small logistic regression, solved by Newton steps instead of a learned
encoder: training alternates between solving for z and improving the directions (MAP-EM of a
logistic factor model, as in exponential-family PCA, Collins et al., NeurIPS 2001).
"""

import torch
from torch import Tensor, nn


class LatentHead(nn.Module):
    """Mean logits, directions and gates from shared features.

    Args:
        features: Channels of the features.
        latent: Number of directions.
        experts: Number of outside logit maps to be weighed in.
    """

    def __init__(self, features: int, latent: int, experts: int) -> None:
        super().__init__()
        self.latent, self.experts = latent, experts
        self.mix = nn.Sequential(nn.Conv2d(features, 32, 1), nn.SiLU())
        self.out = nn.Conv2d(32, 1 + experts + latent, 1)
        nn.init.normal_(self.out.weight[1 + experts :], std=0.05)
        nn.init.zeros_(self.out.weight[: 1 + experts])
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, experts: Tensor) -> tuple[Tensor, Tensor]:
        """Mean ``(B, 1, H, W)`` and directions ``(B, Z, H, W)``.

        ``experts``: ``(B, E, H, W)`` logit maps; each counts by a positive gate per pixel.
        """
        raw = self.out(self.mix(features)).float()
        own, gates, directions = raw.split([1, self.experts, self.latent], dim=1)
        gates = 2.0 * torch.sigmoid(gates)
        return own + (gates * experts).sum(1, keepdim=True), directions


def solve_latent(
    mean: Tensor, directions: Tensor, target: Tensor, *, evidence: float = 200.0, steps: int = 4
) -> tuple[Tensor, Tensor]:
    """The z that explains masks best under a N(0, I) prior, and how sure that is.

    Args:
        mean: ``(B, P)`` mean logits at P pixels; several images of one rater may be laid end to
            end along P to solve for what they have in common.
        directions: ``(B, Z, P)``.
        target: ``(B, P)`` in [0, 1].
        evidence: How many independent pixels the mask counts for, since neighbours agree.
        steps: Damped Newton steps.

    Returns:
        MAP z ``(B, Z)`` and the lower Cholesky factor ``(B, Z, Z)`` of its Laplace precision.
    """
    with torch.autocast(mean.device.type, enabled=False):
        return _newton(mean.float(), directions.float(), target.float(), evidence, steps)


def draw_latent(z: Tensor, root: Tensor, noise: Tensor) -> Tensor:
    """A draw of the Laplace posterior of ``solve_latent`` from standard normal ``noise`` (B, Z)."""
    spread = torch.linalg.solve_triangular(root.mT, noise[..., None], upper=True)
    drawn: Tensor = z + spread[..., 0]
    return drawn


def _newton(
    mean: Tensor, directions: Tensor, target: Tensor, evidence: float, steps: int
) -> tuple[Tensor, Tensor]:
    batch, latent, pixels = directions.shape
    z = mean.new_zeros(batch, latent)
    eye = torch.eye(latent, device=mean.device)
    scale = evidence / pixels
    precision = eye.expand(batch, latent, latent)
    for _ in range(steps):
        p = torch.sigmoid(mean + torch.einsum("bz,bzp->bp", z, directions))
        gradient = scale * torch.einsum("bp,bzp->bz", target - p, directions) - z
        weight = (p * (1 - p)).clamp_min(0.02)
        precision = scale * torch.einsum("bzp,bp,byp->bzy", directions, weight, directions) + eye
        step = torch.linalg.solve(precision, gradient[..., None])[..., 0]
        z = (z + step.clamp(-1.5, 1.5)).clamp(-4.0, 4.0)
    root, _ = torch.linalg.cholesky_ex(0.5 * (precision + precision.mT))
    return z, root
