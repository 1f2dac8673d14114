"""Killed at random moments, the server loses no acknowledged answer and counts none twice."""

import pytest

from resilience.measuring import measured
from storage.cluster import find_programs

KILLS = 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def test_ten_kills_cost_no_answer(database):
    if database == "postgres" and find_programs() is None:
        pytest.skip("no PostgreSQL server programs (initdb, pg_ctl): apt-get install postgresql")
    words = ["--kills", str(KILLS), "--database", database, "--lanes", "1"]
    counted = measured("crash.py", *words, timeout_s=550)["databases"][database]
    assert counted["kills"] == KILLS
    assert counted["acknowledged"] > KILLS
    assert counted["sessions"] > 1
    assert {counted[name] for name in ("lost", "doubled", "differs", "refused")} == {0}
