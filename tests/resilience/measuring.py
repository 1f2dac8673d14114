"""A benchmark as a program of its own, and the facts that it tells."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def measured(name, *words, timeout_s):
    """The last line of what a benchmark prints, once it ended well."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
