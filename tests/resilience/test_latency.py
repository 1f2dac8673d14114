"""The latencies are measured to the end, each as often as asked; what they are is not tested."""

import pytest

from resilience.measuring import measured


@pytest.mark.slow
def test_every_promise_is_measured():
    words = ["--repeats", "2", "--starts", "1", "--method", "geodesic", "--json"]
    rows = {row["what"]: row for row in measured("latency.py", *words, timeout_s=300)["rows"]}
    kinds = ("picture opened anew", "prefetched picture", "right after an acceptance")
    assert [rows[f"first proposal, {kind}"]["repeats"] for kind in kinds] == [2, 2, 2]
    assert rows["answer to a pick"]["repeats"] == 6
    assert rows["idle memory, all processes"]["median"] > 10
    assert all(0 < row["median"] <= row["p95"] for row in rows.values())
