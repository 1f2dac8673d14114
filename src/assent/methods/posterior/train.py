"""The training run: batches, steps, averaged weights, checkpoints, curves, several devices."""

import csv
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assent.core.case import TaskSource
from assent.core.errors import InputError, WeightsError
from assent.methods.posterior.batches import Batches
from assent.methods.posterior.checkpoints import (
    Stored,
    checkpoint_of,
    moments_of,
    read_checkpoint,
    shape_of,
    write_checkpoint,
)
from assent.methods.posterior.episodes import EpisodeMix, EpisodeSampler
from assent.methods.posterior.network import PosteriorNetwork, grown
from assent.methods.posterior.rehearse import PosteriorTraining, episode_loss, rounds_of
from assent.methods.posterior.tasks import LeftOut, Task, read_tasks
from assent.methods.protocol import Progress, Report, TrainConfig
from assent.models.device import Compute, choose_compute, join_processes
from assent.models.weights import digest, previous_of, save_weights

BANK_SIDE = 256
"""Longest side at which images are held in memory."""

VALIDATION_BATCHES = 6

NAMED, LISTED = 5, 500
"""Files that are named in a sentence, and in the metadata, when they are left out."""

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
    left_out: list[LeftOut] = field(default_factory=list)
    note: str = ""
    """What a person should know about the start of the run."""


def train(
    sources: Sequence[TaskSource], config: TrainConfig, report: Report, resume: Path | None
) -> Path:
    """Train from scratch or go on from a checkpoint; write averaged weights in half precision.

    Beside ``config.out`` a checkpoint (``.checkpoint.safetensors``), the one before it and a curve
    (``.csv``) are kept. Interrupting leaves the last checkpoint, from which ``resume`` goes on; one
    that is cut short is replaced by the one before. What cannot be learned from is passed over, and
    named in a note of the first report and in the metadata.

    Raises:
        InputError: If the sources hold nothing to train on, or there is no room for what is
            written; the last checkpoint is then whole.
        WeightsError: If the checkpoint does not fit.
    """
    settings = PosteriorTraining.from_settings(config.settings)
    rank, _ = join_processes()
    compute = choose_compute(config.device)
    left_out: list[LeftOut] = []
    tasks = read_tasks(sources, "train", side=BANK_SIDE, leave_out=left_out.append)
    if not tasks:
        raise InputError(_nothing(left_out))
    held_out = read_tasks(sources, "val", side=BANK_SIDE, leave_out=left_out.append)
    run = _start(settings, config.seed, compute, resume)
    run.left_out = left_out
    seen = [{"name": s.name, "use": s.use} for s in sources]
    run.sets = seen + [known for known in run.sets if known not in seen]
    if notes := " ".join([*filter(None, [run.note]), *_sentences(left_out)]):
        report(Progress(run.step, _done(run, config), {}, doing="reading images", note=notes))
    if rank:
        _steps(run, tasks, held_out, config, report, None)
        return config.out
    with _kept(run, config, settings, append=resume is not None) as curve:
        _steps(run, tasks, held_out, config, report, curve)
    final = _validate(run, held_out, settings, compute, config.seed) if held_out else {}
    with _room(config):
        _save(run, config, tasks, settings, final)
    return config.out


def _steps(
    run: _Run,
    tasks: Sequence[Task],
    held_out: Sequence[Task],
    config: TrainConfig,
    report: Report,
    curve: "_Curve | None",
) -> None:
    """All steps of a run; the process that has a curve also validates and keeps checkpoints."""
    settings = PosteriorTraining.from_settings(config.settings)
    compute, (rank, world) = choose_compute(config.device), join_processes()
    seed = [config.seed, rank, run.step]
    rng = np.random.default_rng(seed)
    last_saved = last_checked = time.monotonic()
    with closing(Batches(tasks, settings, seed=seed, workers=settings.workers)) as batches:
        while (done := _agreed(_done(run, config), world, compute)) < 1.0:
            started = time.monotonic()
            figures = _step(run, batches, settings, compute, rng, done, world)
            run.seconds += time.monotonic() - started
            report(Progress(run.step, _done(run, config), figures))
            if curve is None:
                continue
            now = time.monotonic()
            if held_out and now - last_checked > 60 * max(1.0, config.checkpoint_minutes):
                figures |= _validate(run, held_out, settings, compute, config.seed)
                last_checked = time.monotonic()
            curve.write(run.step, run.seconds, figures)
            if now - last_saved > 60 * config.checkpoint_minutes:
                _checkpoint(run, config)
                last_saved = time.monotonic()


@contextmanager
def _kept(
    run: _Run, config: TrainConfig, settings: PosteriorTraining, *, append: bool
) -> Iterator["_Curve"]:
    """A curve while the block runs, and a checkpoint however it ends."""
    with _room(config):
        curve = _Curve(config.out.with_suffix(".csv"), settings.rounds, append=append)
        try:
            yield curve
        finally:
            try:
                curve.close()
            finally:
                _checkpoint(run, config)


@contextmanager
def _room(config: TrainConfig) -> Iterator[None]:
    """What the disk refuses within the block, as one sentence."""
    try:
        yield
    except OSError as error:
        kept = checkpoint_of(config.out).name
        raise InputError(
            f"Training stopped, because {config.out.stem} cannot be written:"
            f" {error.strerror or 'the disk refused it'}. Make room, and go on with"
            f" --resume {kept}, which holds the last checkpoint, if one was written."
        ) from error


def _nothing(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "There are no training cases: every folder's train split is empty."
    first = left_out[0]
    return (
        f"There are no training cases: all {len(left_out)} images or masks of the train split were"
        f" left out. The first was {first.name} of {first.dataset}: {first.reason}."
    )


def _sentences(left_out: Sequence[LeftOut]) -> list[str]:
    """One sentence for each set and reason, naming a few."""
    names: dict[tuple[str, str], list[str]] = {}
    for item in left_out:
        names.setdefault((item.dataset, item.reason), []).append(item.name)
    said = []
    for (dataset, reason), found in names.items():
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        said.append(f"Left out of {dataset}: {', '.join(found[:NAMED])}{more}, as {reason}.")
    return said


def _start(settings: PosteriorTraining, seed: int, compute: Compute, resume: Path | None) -> _Run:
    stored, note = (None, "") if resume is None else read_checkpoint(resume)
    shape = settings.network or (None if stored is None else shape_of(stored))
    torch.manual_seed(seed)
    network = PosteriorNetwork(shape).to(compute.device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    average = {k: v.detach().clone() for k, v in network.state_dict().items()}
    run = _Run(network, average, optimiser, seed, note=note)
    if resume is not None and stored is not None:
        _restore(run, resume, stored)
    return run


def _step(
    run: _Run,
    batches: Batches | EpisodeSampler,
    settings: PosteriorTraining,
    compute: Compute,
    rng: np.random.Generator,
    done: float,
    world: int,
) -> dict[str, float]:
    side = settings.side_at(done)
    began = time.monotonic()
    batch = batches.batch(settings.episodes_at(side), side)
    waited = time.monotonic() - began
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
    rate = run.optimiser.param_groups[0]["lr"]
    return figures | {"side": float(side), "rate": rate, "waited": waited}


@torch.no_grad()
def _validate(
    run: _Run, tasks: Sequence[Task], settings: PosteriorTraining, compute: Compute, seed: int
) -> dict[str, float]:
    """Mean figures of the averaged weights on the same held-out episodes every time."""
    network = PosteriorNetwork(run.network.shape).to(compute.device)
    network.load_state_dict(run.average)
    network.eval()
    mix = EpisodeMix(phantoms=0.0, superpixels=0.0, raters=0.3, appearance=0.0)
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
    facts = {"step": run.step, "seconds": run.seconds, "origin": run.origin, "sets": run.sets}
    path = checkpoint_of(config.out)
    write_checkpoint(path, run.network, run.average, run.optimiser, facts)


def _restore(run: _Run, path: Path, stored: Stored) -> None:
    """Go on from a checkpoint, or start from finished weights with the clock at zero."""
    tensors, facts = stored
    device = next(run.network.parameters()).device
    try:
        run.sets = list(facts.get("sets", []))
        if facts.get("architecture") == "posterior":
            run.network.load_state_dict(grown(tensors))
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
            " an interrupted training run left behind, or weights of `posterior` to start from, and"
            " the same [training.network]."
        ) from error
    groups = run.optimiser.state_dict()["param_groups"]
    run.optimiser.load_state_dict({"state": moments_of(tensors), "param_groups": groups})


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
        "fold": config.fold,
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "processes": join_processes()[1],
        "origin": run.origin,
        "figures": {k: round(v, 4) for k, v in figures.items()},
        "left_out": [f"{o.dataset}/{o.name}: {o.reason}" for o in run.left_out[:LISTED]],
        "licence": "Apache-2.0",
    }
    save_weights(config.out, run.average, facts, half=True)
    previous_of(checkpoint_of(config.out)).unlink(missing_ok=True)


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
        self._columns = [*told, "side", "rate", *(f"val_{name}" for name in told), "waited"]
        if self._file.tell() == 0:
            self._writer.writerow(["step", "seconds", *self._columns])

    def write(self, step: int, seconds: float, figures: dict[str, float]) -> None:
        row = [f"{figures[c]:.5g}" if c in figures else "" for c in self._columns]
        self._writer.writerow([step, f"{seconds:.1f}", *row])
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
