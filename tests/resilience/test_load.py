"""Thirty people at once for a minute: nothing is refused, nothing has to be sent again."""

import pytest
from load import Memory, growth
from report import percentile

from resilience.measuring import measured

PEOPLE = 30


@pytest.mark.slow
@pytest.mark.weights
def test_thirty_people_for_a_minute_meet_no_error():
    words = ["--people", str(PEOPLE), "--minutes", "1", "--answers", "0"]
    told = measured("load.py", *words, timeout_s=550)
    assert (told["errors"], told["people"]) == (0, PEOPLE)
    assert told["seconds"] >= 60
    assert told["waited"]["open"]["count"] >= PEOPLE
    assert told["answers"] > PEOPLE


def test_growth_is_the_slope_of_the_second_half():
    filling = [Memory(n, 100.0 + n, 50.0) for n in range(0, 500, 100)]
    full = [Memory(n, 600.0, 50.0) for n in range(500, 1001, 100)]
    leaking = [Memory(n, 600.0, 50.0 + 0.01 * (n - 500)) for n in range(500, 1001, 100)]
    assert growth([*filling, *full])["slope"] == pytest.approx(0.0, abs=1e-6)
    told = growth([*filling, *leaking])
    assert told["slope"] == pytest.approx(100.0)
    assert (told["start"], told["half"], told["end"]) == (150.0, 650.0, 655.0)


def test_a_percentile_is_the_value_that_so_many_do_not_exceed():
    assert percentile(list(range(100, 0, -1)), 0.95) == 95
    assert percentile([7.0], 0.95) == 7.0
