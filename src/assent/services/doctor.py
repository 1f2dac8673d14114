"""Is this machine ready: versions, threads, memory, disk, weights, extras."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from assent.core.errors import AssentError
from assent.models.weights import manifest, shipped

EXTRAS = {"fast": "cc3d"}
"""Optional extras, and the module each brings."""

_LEAST_GIB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Name of the thing.
        found: What it is here.
        is_fine: Whether the product works with it.
        remedy: What to do where it does not.
    """

    what: str
    found: str
    is_fine: bool = True
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything; nothing is changed."""
    checks: tuple[Callable[[], list[Finding]], ...] = (
        _python,
        _torch,
        _memory,
        _disk,
        _weights,
        _extras,
        _cache,
    )
    return [finding for check in checks for finding in check()]


def cache_folder() -> Path:
    """Where things that can be made again are kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "assent"


def _python() -> list[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return [
        Finding("assent", _version("assent")),
        Finding("python", found, sys.version_info >= (3, 11), "Install Python 3.11 or newer."),
    ]


def _torch() -> list[Finding]:
    try:
        from assent.models.device import choose_compute, thread_count  # noqa: PLC0415 - torch
    except ImportError as error:
        return [Finding("torch", f"cannot be loaded: {error}", False, "Install assent again.")]
    compute = choose_compute("auto")
    precision = str(compute.precision).removeprefix("torch.")
    return [
        Finding("torch", _version("torch")),
        Finding("device", f"{compute.device}, {precision}"),
        Finding("threads", f"{thread_count()} of {os.cpu_count()} processors"),
    ]


def _memory() -> list[Finding]:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return [Finding("memory", "unknown on this system")]
    found = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    remedy = "Close other programs; a CT of 512 x 512 x 100 takes about 3 GiB."
    return [Finding("memory", found, total / 2**30 >= _LEAST_GIB, remedy)]


def _disk() -> list[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return [Finding("disk", f"{free:.1f} GiB free here", free >= 1.0, "Make room for masks.")]


def _weights() -> list[Finding]:
    findings = []
    try:
        for name in sorted(manifest()):
            findings.append(Finding(f"weights {name}", shipped(name).name))
    except AssentError as error:
        findings.append(Finding("weights", str(error), False, "Install assent again."))
    return findings or [Finding("weights", "none are shipped with this version")]


def _extras() -> list[Finding]:
    return [
        Finding(f"extra {name}", "installed" if find_spec(module) else "not installed, not needed")
        for name, module in EXTRAS.items()
    ]


def _cache() -> list[Finding]:
    findings = []
    for what, folder in (("cache", cache_folder()), ("temporary", Path(tempfile.gettempdir()))):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        fine = os.access(existing, os.W_OK | os.X_OK)
        found = "can be written" if fine else f"{folder} cannot be written"
        findings.append(Finding(f"{what} folder", found, fine, "Ask for permission to write it."))
    return findings


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
