"""Rehearse with simulated annotators: rounds of prompts over a batch, and the loss they leave.

One step draws a batch of episodes and plays up to three rounds, the last of which is learned from.
There the network is asked twice of the same features: at z = 0, the average reader, and at the z
that explains the rater's masks, taken from this image or, half the time where a rater is known,
from the same rater's other images, so that z means the same habit everywhere. Between rounds a
simulated click corrects the mask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from einops import rearrange, repeat
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assent.core.errors import ConfigError
from assent.core.simulate import next_click
from assent.methods.posterior.channels import (
    Marks,
    disk_radius,
    draw_disk,
    empty_marks,
    network_inputs,
)
from assent.methods.posterior.episodes import TARGETS, Batch, EpisodeMix
from assent.methods.posterior.network import STRIDE, NetworkShape, PosteriorNetwork
from assent.models.latent import draw_latent, solve_latent
from assent.models.memory import Tokens

SOLVE_SIDE = 48
"""Largest grid on which z is solved for."""


@dataclass(frozen=True, kw_only=True)
class PosteriorTraining(EpisodeMix):
    """Settings of the training run, those of its episodes among them."""

    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    episodes: int = 3
    """Episodes per step at 128 x 128; more at smaller sizes, so that a step costs the same."""
    rounds: int = 3
    sizes: tuple[tuple[float, int], ...] = ((0.1, 64), (0.65, 128), (1.0, 256))
    """(share of the run after which the next begins, side in pixels)."""
    average: float = 0.998
    """Decay of the running average of the weights, which is what is saved."""
    predicted_context: float = 0.3
    """Share of rounds after the first in which the other targets' predictions join the context."""
    workers: int = 0
    """Further processes that prepare batches ahead, for a GPU that would wait; 0 on a CPU."""
    draw: bool = True
    """Whether z is drawn from what the rater's masks leave open, or is the likeliest one."""
    fit: bool = True
    """Whether the constants of the choice model and of predicted Dice are fitted in the end."""
    network: NetworkShape | None = None
    """Sizes of the network; None for those of the weights that are gone on from, or the usual."""

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> "PosteriorTraining":
        """Known settings by name.

        Raises:
            ConfigError: Naming what is unknown and what is known, or what is misstated.
        """
        known = {f.name for f in fields(cls)}
        unknown = set(settings) - known
        if unknown:
            raise ConfigError(
                f"Unknown training setting {sorted(unknown)[0]!r};"
                f" known: {', '.join(sorted(known))}."
            )
        return replace(cls(), **{name: _read(name, value) for name, value in settings.items()})

    def side_at(self, done: float) -> int:
        """Image side at a share of the run."""
        return next(
            side for until, side in self.sizes if done <= until or until == self.sizes[-1][0]
        )

    def episodes_at(self, side: int) -> int:
        """Episodes per step, about constant in pixels."""
        return max(1, min(8, round(self.episodes * (128 / side) ** 2)))


def _read(name: str, value: Any) -> Any:
    """A setting's value as the kind of its default; at least one episode and one round."""
    usual = getattr(PosteriorTraining(), name)
    try:
        if name == "sizes":
            sizes = tuple((float(until), int(side)) for until, side in value)
            if sizes and all(side >= STRIDE and side % STRIDE == 0 for _, side in sizes):
                return sizes
        elif name == "network":
            return NetworkShape.read(value)
        elif isinstance(usual, bool):
            if isinstance(value, bool):
                return value
        else:
            kind = type(usual)
            if kind(value) == float(value) >= (name in {"episodes", "rounds"}):
                return kind(value)
    except (TypeError, ValueError):
        pass
    example = {"network": "{latent = 8}", "draw": "true", "fit": "true"}.get(name, repr(usual))
    raise ConfigError(
        f"The training setting {name} is {value!r}; expected a value like {example}"
        + (f", sides being multiples of {STRIDE}." if name == "sizes" else ".")
    )


def episode_loss(
    network: PosteriorNetwork,
    batch: Batch,
    config: PosteriorTraining,
    rng: np.random.Generator,
    *,
    played: int | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """Loss of the last round played over one batch, and figures for the log.

    Args:
        network: Gradients reach it through the last round only: rounds before it cost a third,
            and what is saved goes to more images.
        batch: Episodes of images with the masks wanted.
        config: Settings of the run.
        rng: Of prompts and of z.
        played: Rounds to play, at least 1; all of ``config.rounds`` by default.
    """
    device = next(network.parameters()).device
    last = (config.rounds if played is None else played) - 1
    tokens = _context_tokens(network, batch)
    target = batch.target[:, 0].numpy() > 0.5
    wanted = batch.target.to(device)
    has_context = repeat(batch.confidence.sum(1) > 0, "E -> (E G)", G=TARGETS).numpy()
    marks = _first_prompts(target, has_context, rng)
    previous: Tensor | None = None
    figures: dict[str, float] = {}
    for turn in range(last):
        inputs, _ = network_inputs(batch.image, marks, previous)
        with torch.no_grad():
            mean, _ = network(inputs.to(device), tokens)
        figures[f"dice_{turn}"] = float(_dice(mean > 0, wanted > 0.5).mean())
        previous = torch.sigmoid(mean).cpu()
        _correct(marks, previous[:, 0].numpy() > 0.5, target, rng)
    if previous is not None and rng.random() < config.predicted_context:
        tokens = tokens.joined(
            _sibling_tokens(network, batch.image.to(device), previous.to(device))
        )
    inputs, _ = network_inputs(batch.image, marks, previous)
    mean, directions = network(inputs.to(device), tokens)
    z = _rater_latent(mean, directions, wanted, batch.shared, rng if config.draw else None)
    personal = mean + torch.einsum("bz,bzhw->bhw", z, directions)[:, None]
    loss = _mask_loss(mean, wanted) + _mask_loss(personal, wanted)
    figures[f"dice_{last}"] = float(_dice(mean.detach() > 0, wanted > 0.5).mean())
    figures["dice_z"] = float(_dice(personal.detach() > 0, wanted > 0.5).mean())
    figures |= {"loss": float(loss.detach()), "z": float(z.square().mean().sqrt())}
    return loss, figures


def rounds_of(config: PosteriorTraining, seed: int, step: int) -> int:
    """Rounds that a step plays: one for half of the steps, else one of the higher numbers.

    A function of seed and step alone, so that processes which wait for each other play as many.
    """
    rng = np.random.default_rng([seed, step])
    if config.rounds == 1 or rng.random() < 0.5:
        return 1
    return int(rng.integers(2, config.rounds + 1))


def _mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    cross = functional.binary_cross_entropy_with_logits(logits, target)
    p = torch.sigmoid(logits)
    overlap = (p * target).sum((1, 2, 3))
    size = p.sum((1, 2, 3)) + target.sum((1, 2, 3))
    return cross + (1.0 - (2.0 * overlap + 1.0) / (size + 1.0)).mean()


def _dice(mask: Tensor, target: Tensor) -> Tensor:
    overlap = (mask & target).sum((1, 2, 3)).float()
    return (2 * overlap + 1e-6) / (mask.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1e-6)


def _context_tokens(network: PosteriorNetwork, batch: Batch) -> Tokens:
    episodes, entries = batch.confidence.shape
    device = next(network.parameters()).device
    tokens = network.memory.encode(
        rearrange(batch.context_image, "E N C H W -> (E N) C H W").to(device),
        rearrange(batch.context_mask, "E N C H W -> (E N) C H W").to(device),
        rearrange(batch.confidence, "E N -> (E N)").to(device),
    )

    def laid_out(x: Tensor) -> Tensor:
        joined = x.reshape(episodes, entries * x.shape[1], *x.shape[2:])
        return joined.repeat_interleave(TARGETS, dim=0)

    return Tokens(laid_out(tokens.keys), laid_out(tokens.values), laid_out(tokens.weight))


def _sibling_tokens(network: PosteriorNetwork, image: Tensor, previous: Tensor) -> Tokens:
    """What the other targets of an episode were predicted to be, as less trusted context."""
    own = network.memory.encode(image, (previous > 0.5).float(), image.new_full((len(image),), 0.7))

    def of_others(x: Tensor) -> Tensor:
        grouped = rearrange(x, "(E G) ... -> E G ...", G=TARGETS)
        others = [
            torch.cat([grouped[:, j] for j in range(TARGETS) if j != i], 1) for i in range(TARGETS)
        ]
        laid_out: Tensor = rearrange(torch.stack(others, 1), "E G ... -> (E G) ...")
        return laid_out

    return Tokens(of_others(own.keys), of_others(own.values), of_others(own.weight))


@torch.no_grad()
def _rater_latent(
    mean: Tensor,
    directions: Tensor,
    target: Tensor,
    is_shared: NDArray[np.bool_],
    rng: np.random.Generator | None,
) -> Tensor:
    """A draw of the z that explains the rater's mask of this image, or of the others.

    Without ``rng`` the likeliest.
    """
    side = min(SOLVE_SIDE, mean.shape[-1] // 2)
    stacked = torch.cat([mean, directions, target], 1).float()
    small = functional.adaptive_avg_pool2d(stacked, side).flatten(2)
    m, d, y = small[:, 0], small[:, 1:-1], small[:, -1]
    own, own_root = solve_latent(m, d, y)
    if is_shared.any():
        joint, joint_root = _solve_from_others(m, d, y)
        shared = torch.from_numpy(np.repeat(is_shared, TARGETS)).to(mean.device)
        own = torch.where(shared[:, None], joint, own)
        own_root = torch.where(shared[:, None, None], joint_root, own_root)
    if rng is None:
        return own
    noise = torch.from_numpy(rng.standard_normal(tuple(own.shape)).astype(np.float32)).to(
        mean.device
    )
    return draw_latent(own, own_root, noise)


def _solve_from_others(m: Tensor, d: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    def of_others(x: Tensor) -> Tensor:
        grouped = rearrange(x, "(E G) ... -> E G ...", G=TARGETS)
        others = [
            torch.cat([grouped[:, j] for j in range(TARGETS) if j != i], -1) for i in range(TARGETS)
        ]
        laid_out: Tensor = rearrange(torch.stack(others, 1), "E G ... -> (E G) ...")
        return laid_out

    return solve_latent(of_others(m), of_others(d), of_others(y))


def _first_prompts(
    target: NDArray[np.bool_],
    has_context: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Marks:
    marks = empty_marks(*target.shape)
    blank = np.zeros_like(target[0])
    radius = disk_radius(target.shape[-1])
    for row, mask in enumerate(target):
        if not mask.any() or (has_context[row] and rng.random() < 0.5):
            continue
        toss = rng.random()
        if toss < 0.12:
            _draw_box(marks.box[row], mask, rng)
        elif toss < 0.65:
            _click(marks, row, blank, mask, radius, rng)
        else:
            _scatter(marks, row, mask, radius, rng)
    return marks


def _draw_box(canvas: NDArray[np.bool_], mask: NDArray[np.bool_], rng: np.random.Generator) -> None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    slack = rng.integers(0, 3, size=4)
    canvas[
        max(0, rows[0] - slack[0]) : rows[-1] + 1 + slack[1],
        max(0, columns[0] - slack[2]) : columns[-1] + 1 + slack[3],
    ] = True


def _click(
    marks: Marks,
    row: int,
    mask: NDArray[np.bool_],
    target: NDArray[np.bool_],
    radius: int,
    rng: np.random.Generator,
) -> None:
    click = next_click(mask[None], target[None], rng=rng)
    if click is not None:
        canvas = marks.positive if click.positive else marks.negative
        draw_disk(canvas[row], *click.at_zyx[1:], radius)


def _scatter(
    marks: Marks, row: int, target: NDArray[np.bool_], radius: int, rng: np.random.Generator
) -> None:
    """A few random prompts of both signs; some are short strokes instead of clicks."""
    for region, canvas, least in ((target, marks.positive, 1), (~target, marks.negative, 0)):
        spots = np.argwhere(region)
        if not len(spots):
            continue
        for _ in range(int(rng.integers(least, 4))):
            start = spots[int(rng.integers(len(spots)))]
            if rng.random() < 0.3:
                end = spots[int(rng.integers(len(spots)))]
                path = np.linspace(start, end, 24).round().astype(int)
                for y, x in path[region[path[:, 0], path[:, 1]]]:
                    canvas[row, y, x] = True
            else:
                draw_disk(canvas[row], int(start[0]), int(start[1]), radius)


def _correct(
    marks: Marks, mask: NDArray[np.bool_], target: NDArray[np.bool_], rng: np.random.Generator
) -> None:
    radius = disk_radius(target.shape[-1])
    for row in range(len(target)):
        _click(marks, row, mask[row], target[row], radius, rng)
