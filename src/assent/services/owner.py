"""This process as the owner of jobs, under a name by which others see that it is gone."""

import os
from pathlib import Path
from uuid import uuid4

BOOT, NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), "/proc/self/ns/pid"


def new_owner() -> str:
    """A name that nobody had: where process numbers count, the number, its start, a random word."""
    return " ".join([_place(), str(os.getpid()), _started(os.getpid()), uuid4().hex])


def is_gone(owner: str) -> bool:
    """Whether the process of an owner has ended; false wherever that cannot be told from here."""
    place, _, process = owner.partition(" ")
    if place != _place() or place == "?":
        return False
    pid, started, _ = process.split(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # somebody else's, and alive
    return _started(int(pid)) not in {started, "?"}  # its number may have been given anew


def _place() -> str:
    """Where a process number means one process: one start of one machine, or a container on it."""
    try:
        return f"{BOOT.read_text().strip()}/{os.readlink(NAMESPACE)}"
    except OSError:
        return "?"


def _started(pid: int) -> str:
    """When a process was started, in ticks; "ended" if only its number is left."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "?"
    state, *rest = told.rpartition(")")[2].split()
    return "ended" if state in "ZX" else rest[18]
