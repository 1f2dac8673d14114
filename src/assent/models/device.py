"""Choose device and precision; the only code that asks for CUDA or for bf16 on a CPU."""

import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch

from assent.core.errors import ConfigError


@dataclass(frozen=True)
class Compute:
    """Where a network runs, and in which precision its large products are taken.

    Attributes:
        device: A CPU or one GPU.
        precision: ``torch.bfloat16`` where the hardware has it, else ``torch.float32``.
    """

    device: torch.device
    precision: torch.dtype

    def autocast(self) -> AbstractContextManager[Any]:
        """Mixed precision within a ``with`` block; does nothing in float32."""
        mixed = self.precision != torch.float32
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=mixed)


def choose_compute(name: str = "auto", *, mixed: bool = True) -> Compute:
    """The device of a name, with the best precision it supports.

    Args:
        name: "auto" (the first GPU, else the CPU), "cpu", "cuda" or "cuda:N".
        mixed: Whether bf16 may be used at all.

    Raises:
        ConfigError: If the name is another one, or that GPU is not there.
    """
    device = _device_of(name)
    if device.type == "cuda":
        with torch.cuda.device(device):
            has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_bf16 = cpu_has_bf16()
    return Compute(device, torch.bfloat16 if mixed and has_bf16 else torch.float32)


def join_processes() -> tuple[int, int]:
    """Join the processes that a launcher such as torchrun started, if any.

    Each process then takes the GPU of its local rank when "auto" is asked for.

    Returns:
        Rank of this process and number of processes; (0, 1) without a launcher.
    """
    distributed = torch.distributed
    if not distributed.is_available():
        return 0, 1
    if not distributed.is_initialized():
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return 0, 1
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware; emulated bf16 is slower than fp32."""
    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is not None:
        found = ask()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    older = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in older)


def thread_count() -> int:
    """CPU threads that an operation uses in this process."""
    return torch.get_num_threads()


def _device_of(name: str) -> torch.device:
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    first = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    match = re.fullmatch(r"cuda(?::(\d+))?", first if name == "auto" else name)
    if match is None:
        raise ConfigError(f"There is no device {name!r}; expected auto, cpu, cuda or cuda:N.")
    index, count = int(match[1] or 0), torch.cuda.device_count()
    if index >= count:
        raise ConfigError(
            f"The device {name} is not there: this machine shows {count} GPU(s), counted from 0."
            ' Use "auto" or "cpu", or install a torch build that knows your GPU.'
        )
    return torch.device("cuda", index)
