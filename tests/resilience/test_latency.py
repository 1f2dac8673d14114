"""The latencies are measured to the end, each as often as asked; what they are is not tested."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LATENCY = Path(__file__).parents[2] / "benchmarks" / "latency.py"


@pytest.mark.slow
def test_every_promise_is_measured():
    words = ["--repeats", "2", "--starts", "1", "--method", "geodesic", "--json"]
    done = subprocess.run(
        [sys.executable, LATENCY, *words], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = {row["what"]: row for row in json.loads(done.stdout)["rows"]}
    kinds = ("picture opened anew", "prefetched picture", "right after an acceptance")
    assert [rows[f"first proposal, {kind}"]["repeats"] for kind in kinds] == [2, 2, 2]
    assert rows["answer to a pick"]["repeats"] == 6
    assert rows["idle memory, all processes"]["median"] > 10
    assert all(0 < row["median"] <= row["p95"] for row in rows.values())
