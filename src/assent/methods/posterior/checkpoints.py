"""Where an interrupted run goes on: written whole, the one before kept until the next is safe."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assent.core.errors import ConfigError, WeightsError
from assent.methods.posterior.network import NetworkShape, PosteriorNetwork
from assent.models.weights import previous_of, read_weights, save_weights

Stored = tuple[dict[str, Tensor], dict[str, Any]]
"""Tensors by name, and metadata."""


def checkpoint_of(out: Path) -> Path:
    """The checkpoint beside weights that are being trained."""
    return out.with_suffix(".checkpoint.safetensors")


def write_checkpoint(
    path: Path,
    network: PosteriorNetwork,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    facts: dict[str, Any],
) -> None:
    """Write a checkpoint; the one that was there becomes the previous one.

    Raises:
        OSError: If there is no room; what was there is then as it was.
    """
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
    coming = path.with_suffix(".next.safetensors")
    save_weights(coming, tensors, {**facts, "shape": asdict(network.shape)})
    if path.exists():
        path.replace(previous_of(path))
    coming.replace(path)


def read_checkpoint(path: Path) -> tuple[Stored, str]:
    """A checkpoint, or finished weights to start from, and a sentence if it is another one.

    A checkpoint that is missing or cut short, as by a crash of the machine, is replaced by the one
    before it.

    Raises:
        WeightsError: If neither can be read.
    """
    try:
        return read_weights(path), ""
    except WeightsError:
        previous = previous_of(path)
        if not previous.is_file():
            raise
        found = read_weights(previous)
        what = "is cut short" if path.is_file() else "is not there"
        return found, f"{path.name} {what}; training goes on from {previous.name}."


def shape_of(stored: Stored) -> NetworkShape | None:
    """Sizes of the network that a checkpoint or weights belong to; None where not stated."""
    try:
        return NetworkShape.read(stored[1]["shape"])
    except (KeyError, TypeError, ValueError, ConfigError):
        return None


def moments_of(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """State of the optimiser by number of the parameter."""
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, index, key = name.split(".")
            found.setdefault(int(index), {})[key] = value
    return found
