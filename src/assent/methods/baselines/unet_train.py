"""Training the plain U-Net: batches, steps, validation, checkpoints and the curve.

Every random number follows from (seed, step), so that a run that was stopped and resumed ends
on the same weights as one that was not.
"""

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assent.core.case import TaskSource
from assent.core.errors import ConfigError, InputError, WeightsError
from assent.methods.baselines.unet import MULTIPLE, UnetConfig
from assent.methods.baselines.unet_augment import Augmentation, augment
from assent.methods.baselines.unet_samples import Sample, read_samples
from assent.methods.protocol import Progress, Report, TrainConfig
from assent.methods.settings import to_config
from assent.models.device import Compute, choose_compute
from assent.models.losses import bce_loss, soft_dice_loss
from assent.models.unet import build_unet
from assent.models.weights import read_weights, save_weights


@dataclass(frozen=True, kw_only=True)
class UnetTraining:
    """Settings of the training."""

    label: str = ""
    """Target or rater to learn; may be left out where there is one target."""

    batch: int = 8
    """Images in a step."""

    learning_rate: float = 1e-3
    """Of AdamW, at the start; it falls to nothing along a cosine."""

    weight_decay: float = 1e-2
    """Of AdamW."""

    validate_steps: int = 100
    """Steps between two validations; the best weights of all are kept."""

    augment: bool = True
    """Whether images are moved and recoloured at random."""

    def __post_init__(self) -> None:
        if self.batch < 1 or self.validate_steps < 1:
            raise ConfigError("training.batch and training.validate_steps must be at least 1.")
        if self.learning_rate <= 0 or self.weight_decay < 0:
            raise ConfigError(
                "training.learning_rate must be positive, training.weight_decay not negative."
            )


@dataclass(eq=False)
class _Run:
    """What changes while training."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    best: dict[str, Tensor] = field(default_factory=dict)
    best_dice: float = -1.0
    step: int = 0
    seconds: float = 0.0


def train(
    sources: Sequence[TaskSource],
    unet: UnetConfig,
    config: TrainConfig,
    report: Report,
    resume: Path | None,
) -> Path:
    """Train on the train split, keep the weights that are best on the val split.

    Beside ``config.out`` lie a checkpoint (``.checkpoint.safetensors``) and a curve (``.csv``).
    Interrupting leaves the checkpoint, from which ``resume`` goes on.

    Raises:
        InputError: If there is nothing to train on.
        ConfigError: If a setting is wrong, or the label is not clear.
        WeightsError: If the checkpoint does not fit.
    """
    settings = to_config(UnetTraining, config.settings)
    size = -(-unet.working_size // MULTIPLE) * MULTIPLE
    samples = read_samples(sources, "train", label=settings.label, size=size)
    held_out = read_samples(sources, "val", label=settings.label, size=size)
    if not samples:
        raise InputError("There is nothing to train on: the train split of the data is empty.")
    compute = choose_compute(config.device)
    run = _start(unet, settings, config.seed, compute)
    if resume is not None:
        _restore(run, resume)
    try:
        _steps(run, samples, held_out, settings, config, report, compute)
    finally:
        _checkpoint(run, config.out)
    tensors = run.best or run.network.state_dict()
    save_weights(config.out, tensors, _facts(run, sources, unet, settings, config), half=True)
    return config.out


def _steps(
    run: _Run,
    samples: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: UnetTraining,
    config: TrainConfig,
    report: Report,
    compute: Compute,
) -> None:
    saved = time.monotonic()
    while (done := _done(run, config)) < 1.0:
        started = time.monotonic()
        rate = 0.5 * settings.learning_rate * (1.0 + np.cos(np.pi * done))
        images, masks = _batch(samples, settings, config.seed, run.step)
        loss = _step(run, images.to(compute.device), masks.to(compute.device), rate, compute)
        run.step += 1
        run.seconds += time.monotonic() - started
        figures = {"loss": loss}
        finished = _done(run, config)
        if held_out and (run.step % settings.validate_steps == 0 or finished >= 1.0):
            figures["val_dice"] = _validate(run, held_out, compute)
        _write_curve(config.out.with_suffix(".csv"), run, figures)
        if time.monotonic() - saved > 60.0 * config.checkpoint_minutes:
            _checkpoint(run, config.out)
            saved = time.monotonic()
        report(Progress(run.step, min(1.0, finished), figures))


def _start(unet: UnetConfig, settings: UnetTraining, seed: int, compute: Compute) -> _Run:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_unet(unet.channels).to(compute.device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    return _Run(network, optimiser)


def _batch(
    samples: Sequence[Sample], settings: UnetTraining, seed: int, step: int
) -> tuple[Tensor, Tensor]:
    """Images ``(B, 3, S, S)`` in [0, 1] and one rater's masks ``(B, 1, S, S)``."""
    rng = np.random.default_rng([seed, step])
    drawn = [samples[i] for i in rng.integers(0, len(samples), settings.batch)]
    raters = [int(rng.integers(0, len(sample.masks))) for sample in drawn]
    images = torch.stack([sample.image for sample in drawn]).float() / 255.0
    masks = [sample.masks[rater][None] for sample, rater in zip(drawn, raters, strict=True)]
    generator = torch.Generator().manual_seed(int(rng.integers(0, 2**62)))
    if not settings.augment:
        return images, torch.stack(masks).float()
    return augment(images, torch.stack(masks).float(), Augmentation(), generator)


def _step(run: _Run, images: Tensor, masks: Tensor, rate: float, compute: Compute) -> float:
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    run.network.train()
    with compute.autocast():
        logits = run.network(images)
    loss = soft_dice_loss(logits, masks) + bce_loss(logits, masks)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _validate(run: _Run, held_out: Sequence[Sample], compute: Compute) -> float:
    """Mean Dice over held-out images and their raters; the best weights are noted."""
    run.network.eval()
    scores = []
    for sample in held_out:
        with compute.autocast():
            logits = run.network(sample.image[None].to(compute.device).float() / 255.0)
        mask, masks = (logits[0].cpu() > 0), sample.masks.bool()
        total = mask.sum() + masks.sum(dim=(1, 2))
        overlap = 2.0 * (mask & masks).sum(dim=(1, 2)) / total.clamp(min=1)
        scores.append(float(torch.where(total == 0, 1.0, overlap).mean()))
    dice = float(np.mean(scores))
    if dice > run.best_dice:
        run.best_dice = dice
        run.best = {k: v.detach().cpu().clone() for k, v in run.network.state_dict().items()}
    return dice


def _done(run: _Run, config: TrainConfig) -> float:
    if config.steps is not None:
        return run.step / max(1, config.steps)
    return run.seconds / (60.0 * (config.minutes or 1.0))


def _checkpoint(run: _Run, out: Path) -> None:
    tensors = {f"network.{name}": value for name, value in run.network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in run.best.items()}
    for index, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": torch.as_tensor(v) for name, v in state.items()}
    facts = {"step": run.step, "seconds": run.seconds, "best_dice": run.best_dice}
    save_weights(out.with_suffix(".checkpoint.safetensors"), tensors, facts)


def _restore(run: _Run, path: Path) -> None:
    tensors, facts = read_weights(path)
    groups: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "adam": {}}
    try:
        for name, value in tensors.items():
            group, _, rest = name.partition(".")
            groups[group][rest] = value
        run.network.load_state_dict(groups["network"])
        run.step, run.seconds = int(facts["step"]), float(facts["seconds"])
        run.best_dice = float(facts["best_dice"])
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"{path.name} is not a checkpoint of this network; expected the .checkpoint.safetensors"
            " file of a run with the same settings."
        ) from error
    run.best = groups["best"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in groups["adam"].items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    current = run.optimiser.state_dict()["param_groups"]
    run.optimiser.load_state_dict({"state": state, "param_groups": current})


def _facts(
    run: _Run,
    sources: Sequence[TaskSource],
    unet: UnetConfig,
    settings: UnetTraining,
    config: TrainConfig,
) -> Mapping[str, Any]:
    return {
        "architecture": "unet",
        "settings": {"channels": list(unet.channels), "working_size": unet.working_size},
        "training": asdict(settings),
        "sets": [{"name": source.name, "use": source.use} for source in sources],
        "split": "train (60 % of groups by hash); weights chosen on val (20 %)",
        "command": config.command,
        "seed": config.seed,
        "fold": config.fold,
        "steps": run.step,
        "minutes": round(run.seconds / 60.0, 2),
        "figures": {"val_dice": round(run.best_dice, 4)} if run.best else {},
        "licence": "Apache-2.0",
    }


def _write_curve(path: Path, run: _Run, figures: Mapping[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = run.step == 1 or not path.exists()
    with path.open("w" if fresh else "a", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        if fresh:
            writer.writerow(["step", "seconds", "loss", "val_dice"])
        dice = f"{figures['val_dice']:.5f}" if "val_dice" in figures else ""
        writer.writerow([run.step, f"{run.seconds:.1f}", f"{figures['loss']:.5f}", dice])
