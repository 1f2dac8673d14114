"""Killed at random moments, the server loses no acknowledged answer and counts none twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage.cluster import find_programs

CRASH = Path(__file__).parents[2] / "benchmarks" / "crash.py"
KILLS = 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def test_ten_kills_cost_no_answer(database):
    if database == "postgres" and find_programs() is None:
        pytest.skip("no PostgreSQL server programs (initdb, pg_ctl): apt-get install postgresql")
    words = ["--kills", str(KILLS), "--database", database, "--lanes", "1"]
    done = subprocess.run(
        [sys.executable, CRASH, *words],
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])["databases"][database]
    assert counted["kills"] == KILLS
    assert counted["acknowledged"] > KILLS
    assert counted["sessions"] > 1
    assert {counted[name] for name in ("lost", "doubled", "differs", "refused")} == {0}
