"""Killed at random moments, the server loses no acknowledged answer and counts none twice."""

import pytest

from resilience.measuring import measured
from storage.cluster import find_programs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "database", "kills"),
    [
        ("geodesic", "sqlite", 10),
        pytest.param("geodesic", "postgres", 10, marks=pytest.mark.postgres),
        pytest.param("posterior", "sqlite", 2, marks=pytest.mark.weights),
    ],
)
def test_kills_cost_no_answer(method, database, kills):
    if database == "postgres" and find_programs() is None:
        pytest.skip("no PostgreSQL server programs (initdb, pg_ctl): apt-get install postgresql")
    words = ["--method", method, "--kills", str(kills), "--database", database, "--lanes", "1"]
    counted = measured("crash.py", *words, timeout_s=550)["databases"][database]
    assert counted["kills"] == kills
    assert counted["acknowledged"] > kills
    assert counted["sessions"] > 1
    for beginning in ("with_context", "with_profile"):
        assert (counted[beginning] > 0) == (method == "posterior")
    assert {counted[name] for name in ("lost", "doubled", "differs", "refused")} == {0}
