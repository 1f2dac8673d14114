"""The training run: batches, steps, averaged weights, checkpoints, curves, several devices."""

import csv
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assent.core.case import TaskSource
from assent.core.errors import InputError, WeightsError
from assent.methods.posterior.episodes import EpisodeMix, EpisodeSampler
from assent.methods.posterior.network import PosteriorNetwork
from assent.methods.posterior.rehearse import PosteriorTraining, episode_loss, rounds_of
from assent.methods.posterior.tasks import Task, read_tasks
from assent.methods.protocol import Progress, Report, TrainConfig
from assent.models.device import Compute, choose_compute, join_processes
from assent.models.weights import digest, read_weights, save_weights

BANK_SIDE = 256
"""Longest side at which images are held in memory."""

VALIDATION_BATCHES = 6

WARM_UP = 50
"""Steps over which the learning rate rises."""


@dataclass(eq=False)
class _Run:
    """What changes while training."""

    network: PosteriorNetwork
    average: dict[str, Tensor]
    optimiser: torch.optim.Optimizer
    seed: int = 0
    step: int = 0
    seconds: float = 0.0
    origin: dict[str, Any] = field(default_factory=dict)
    """Digest, minutes and origin of the weights that this run started from, if any."""
    sets: list[dict[str, str]] = field(default_factory=list)
    """Name and use of every set seen, by this run and by what it started from."""


def train(
    sources: Sequence[TaskSource], config: TrainConfig, report: Report, resume: Path | None
) -> Path:
    """Train from scratch or go on from a checkpoint; write averaged weights in half precision.

    Beside ``config.out`` a checkpoint (``.checkpoint.safetensors``) and a curve (``.csv``) are
    kept. Interrupting leaves the last checkpoint, from which ``resume`` goes on.

    Raises:
        InputError: If the sources hold nothing to train on.
        WeightsError: If the checkpoint does not fit.
    """
    settings = PosteriorTraining.from_settings(config.settings)
    rank, world = join_processes()
    compute = choose_compute(config.device)
    tasks = read_tasks(sources, "train", side=BANK_SIDE)
    if not tasks:
        raise InputError("There are no training cases: every folder's train split is empty.")
    held_out = read_tasks(sources, "val", side=BANK_SIDE)
    run = _start(settings, config.seed, compute, resume)
    seen = [{"name": s.name, "use": s.use} for s in sources]
    run.sets = seen + [known for known in run.sets if known not in seen]

    sampler = EpisodeSampler(tasks, EpisodeMix(), seed=[config.seed, rank, run.step])
    rng = np.random.default_rng([config.seed, rank, run.step])
    last_saved = last_checked = time.monotonic()
    curve = None
    if rank == 0:
        curve = _Curve(config.out.with_suffix(".csv"), settings.rounds, append=resume is not None)
    try:
        while (done := _agreed(_done(run, config), world, compute)) < 1.0:
            started = time.monotonic()
            figures = _step(run, sampler, settings, compute, rng, done, world)
            run.seconds += time.monotonic() - started
            report(Progress(run.step, _done(run, config), figures))
            now = time.monotonic()
            if (
                rank == 0
                and held_out
                and now - last_checked > 60 * max(1.0, config.checkpoint_minutes)
            ):
                figures |= _validate(run, held_out, settings, compute, config.seed)
                last_checked = time.monotonic()
            if curve is not None:
                curve.write(run.step, run.seconds, figures)
            if rank == 0 and now - last_saved > 60 * config.checkpoint_minutes:
                _checkpoint(run, config)
                last_saved = time.monotonic()
    finally:
        if curve is not None:
            curve.close()
            _checkpoint(run, config)
    if rank == 0:
        final = _validate(run, held_out, settings, compute, config.seed) if held_out else {}
        _save(run, config, tasks, settings, final)
    return config.out


def _start(settings: PosteriorTraining, seed: int, compute: Compute, resume: Path | None) -> _Run:
    torch.manual_seed(seed)
    network = PosteriorNetwork().to(compute.device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    average = {k: v.detach().clone() for k, v in network.state_dict().items()}
    run = _Run(network, average, optimiser, seed)
    if resume is not None:
        _restore(run, resume)
    return run


def _step(
    run: _Run,
    sampler: EpisodeSampler,
    settings: PosteriorTraining,
    compute: Compute,
    rng: np.random.Generator,
    done: float,
    world: int,
) -> dict[str, float]:
    side = settings.side_at(done)
    batch = sampler.batch(settings.episodes_at(side), side)
    rate = settings.learning_rate * min(1.0, (run.step + 1) / WARM_UP)
    for group in run.optimiser.param_groups:
        group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))
    with compute.autocast():
        loss, figures = episode_loss(
            run.network, batch, settings, rng, played=rounds_of(settings, run.seed, run.step)
        )
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if world > 1:
        _average_gradients(run.network, world)
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    if torch.isfinite(norm):
        run.optimiser.step()
    run.step += 1
    decay = min(settings.average, run.step / (run.step + 50))
    with torch.no_grad():
        for name, value in run.network.state_dict().items():
            run.average[name].lerp_(value, 1 - decay)
    return figures | {"side": float(side), "rate": run.optimiser.param_groups[0]["lr"]}


@torch.no_grad()
def _validate(
    run: _Run, tasks: Sequence[Task], settings: PosteriorTraining, compute: Compute, seed: int
) -> dict[str, float]:
    """Mean figures of the averaged weights on the same held-out episodes every time."""
    network = PosteriorNetwork(run.network.shape).to(compute.device)
    network.load_state_dict(run.average)
    network.eval()
    mix = EpisodeMix(phantoms=0.0, superpixels=0.0, raters=0.3)
    sampler = EpisodeSampler(tasks, mix, seed=[seed + 1])
    rng = np.random.default_rng(seed + 1)
    seen = []
    for _ in range(VALIDATION_BATCHES):
        with compute.autocast():
            seen.append(episode_loss(network, sampler.batch(4, 128), settings, rng)[1])
    return {f"val_{name}": float(np.mean([s[name] for s in seen])) for name in seen[0]}


def _done(run: _Run, config: TrainConfig) -> float:
    if config.steps is not None:
        return run.step / config.steps if config.steps > 0 else 1.0
    minutes = 120.0 if config.minutes is None else config.minutes
    return run.seconds / (60.0 * minutes) if minutes > 0 else 1.0


def _agreed(done: float, world: int, compute: Compute) -> float:
    """The first process's share of the run: clocks differ, and all must stop at the same step."""
    if world == 1:
        return done
    told = torch.tensor([done], dtype=torch.float64, device=compute.device)
    torch.distributed.broadcast(told, 0)
    return float(told)


def _checkpoint(run: _Run, config: TrainConfig) -> None:
    tensors = {f"network.{k}": v for k, v in run.network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in run.average.items()}
    for index, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
    facts = {
        "step": run.step,
        "seconds": run.seconds,
        "origin": run.origin,
        "sets": run.sets,
        "shape": asdict(run.network.shape),
    }
    save_weights(config.out.with_suffix(".checkpoint.safetensors"), tensors, facts)


def _restore(run: _Run, path: Path) -> None:
    """Go on from a checkpoint, or start from finished weights with the clock at zero."""
    tensors, facts = read_weights(path)
    device = next(run.network.parameters()).device
    try:
        run.sets = list(facts.get("sets", []))
        if facts.get("architecture") == "posterior":
            run.network.load_state_dict(tensors)
            run.average = {k: v.detach().clone() for k, v in run.network.state_dict().items()}
            run.origin = {
                "sha256": digest(path),
                "minutes": facts["minutes"],
                "origin": facts.get("origin", {}),
            }
            return
        run.step, run.seconds = int(facts["step"]), float(facts["seconds"])
        run.origin = dict(facts.get("origin", {}))
        run.network.load_state_dict(
            {k[8:]: v for k, v in tensors.items() if k.startswith("network.")}
        )
        run.average = {
            k[8:]: v.to(device, copy=True) for k, v in tensors.items() if k.startswith("average.")
        }
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"{path.name} does not fit this network; expected the .checkpoint.safetensors file that"
            " an interrupted training run left behind, or weights of `posterior` to start from."
        ) from error
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, index, key = name.split(".")
            state.setdefault(int(index), {})[key] = value
    current = run.optimiser.state_dict()
    run.optimiser.load_state_dict({"state": state, "param_groups": current["param_groups"]})


def _save(
    run: _Run,
    config: TrainConfig,
    tasks: Sequence[Task],
    settings: PosteriorTraining,
    figures: dict[str, float],
) -> None:
    facts: dict[str, Any] = {
        "architecture": "posterior",
        "shape": asdict(run.network.shape),
        "settings": asdict(settings),
        "sets": run.sets,
        "tasks": sorted({f"{t.dataset}/{t.target}" for t in tasks}),
        "split": "train (60 % of groups by hash)",
        "command": config.command,
        "seed": config.seed,
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "processes": join_processes()[1],
        "origin": run.origin,
        "figures": {k: round(v, 4) for k, v in figures.items()},
        "licence": "Apache-2.0",
    }
    save_weights(config.out, run.average, facts, half=True)


def _average_gradients(network: nn.Module, world: int) -> None:
    """The mean over all processes, in one exchange: each costs a wait for the slowest."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    torch.distributed.all_reduce(flat)
    flat /= world
    means = torch.split(flat, [g.numel() for g in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))


class _Curve:
    """A CSV file of figures by step; empty where a step did not measure one."""

    def __init__(self, path: Path, rounds: int, *, append: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open(
            "a" if append and path.exists() else "w", newline="", encoding="utf-8"
        )
        self._writer = csv.writer(self._file)
        told = [*(f"dice_{turn}" for turn in range(rounds)), "dice_z", "loss", "z"]
        self._columns = [*told, "side", "rate", *(f"val_{name}" for name in told)]
        if self._file.tell() == 0:
            self._writer.writerow(["step", "seconds", *self._columns])

    def write(self, step: int, seconds: float, figures: dict[str, float]) -> None:
        row = [f"{figures[c]:.5g}" if c in figures else "" for c in self._columns]
        self._writer.writerow([step, f"{seconds:.1f}", *row])
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
