"""Train a method's weights on datasets."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.core.errors import ConfigError, InputError
from assent.datasets.folds import in_fold
from assent.io.atomic import check_writable
from assent.methods import registry
from assent.methods.protocol import Progress, Report, Trainable, TrainConfig
from assent.models.weights import previous_of
from assent.services.sources import open_sources

__all__ = ["SUFFIX", "TABLE", "Progress", "TrainRequest", "is_first_process", "train"]

TABLE = "training"
"""The table of settings that is handed to a method's training."""

SUFFIX = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What to train, on what, for how long.

    Attributes:
        method: Registered name.
        data: Dataset folders, or "synthetic:NAME".
        out: The weights file; checkpoint and curve are written beside it.
        steps: Optimiser steps; None for ``minutes``.
        minutes: Wall-clock minutes; None for ``steps``.
        device: "auto", "cpu", "cuda" or "cuda:N".
        seed: Of every random draw.
        fold: Turn of the split, from 0 to 4; 0 is the usual one.
        resume: Checkpoint to go on from.
        method_settings: Settings of the method.
        training: Further settings of its training.
        command: Recorded with the weights.
    """

    method: str
    data: tuple[str, ...]
    out: Path
    steps: int | None = None
    minutes: float | None = None
    device: str = "auto"
    seed: int = 0
    fold: int = 0
    resume: Path | None = None
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ConfigError("Say how long to train: either --steps N or --minutes M.")
        if (self.steps or self.minutes or 0) <= 0:
            raise ConfigError(
                f"Training of {self.steps if self.minutes is None else self.minutes}"
                f" {'steps' if self.minutes is None else 'minutes'} does nothing; expected more"
                " than 0."
            )
        if not self.data:
            raise ConfigError("There is nothing to train on: name a folder with --data DIR.")
        if self.out.suffix != SUFFIX:
            raise InputError(f"{self.out.name} is no name for weights: expected one in {SUFFIX}.")
        # A crash between two checkpoints may leave the one before alone.
        if self.resume is not None and not (
            self.resume.is_file() or previous_of(self.resume).is_file()
        ):
            raise InputError(f"There is no checkpoint {self.resume.name} there. Check the path.")


def is_first_process() -> bool:
    """Whether this is the one process that writes, of those that torchrun or the like started."""
    return os.environ.get("RANK", "0") == "0"


def train(request: TrainRequest, report: Report) -> Path:
    """Train, and return the path of the weights; of several processes the first writes them.

    Raises:
        NotFoundError: If the method or a dataset is unknown.
        ConfigError: If the method has nothing to train, there is no such fold, or a setting is
            wrong.
        InputError: If a folder cannot be read, or the output folder cannot be written.
    """
    method = registry.build(request.method, settings=request.method_settings)
    if not method.capabilities.trainable or not isinstance(method, Trainable):
        raise ConfigError(
            f"The method {request.method!r} has no weights that can be trained; `assent methods`"
            " lists those that have."
        )
    sources = [in_fold(source, request.fold) for source in open_sources(list(request.data))]
    check_writable(request.out.parent)
    config = TrainConfig(
        out=request.out,
        steps=request.steps,
        minutes=request.minutes,
        device=request.device,
        seed=request.seed,
        fold=request.fold,
        command=request.command,
        settings=dict(request.training),
    )
    return method.train(sources, config, report, request.resume)
