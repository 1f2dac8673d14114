"""What a measurement says: the machine, a table, and one line of JSON for programs."""

import json
import math
import os
import platform
from collections.abc import Sequence
from typing import Any


def machine(threads: int | None = None) -> dict[str, Any]:
    """On what it was measured.

    Args:
        threads: Of one operation; as the environment says where it is not known.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "threads": threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
    }


def print_machine(facts: dict[str, Any]) -> None:
    print(f"{facts['processor']}, {facts['threads']} threads, {facts['memory_gib']} GiB")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Lines of equal columns, the first of them to the left; the first row names the columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        others = (each.rjust(width) for each, width in zip(rest, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *others]))


def print_json(**told: Any) -> None:
    """The last line of the output."""
    print(json.dumps(told))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; NaN without any.

    >>> percentile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    if not values:
        return float("nan")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as facts:
            names = [line.split(":", 1)[1].strip() for line in facts if "model name" in line]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
