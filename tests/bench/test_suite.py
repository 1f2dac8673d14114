"""Suites: what the package ships can be read, runs, and reports claims."""

import csv
import json

import pytest

from assent.bench import suite
from assent.bench.config import BenchConfig
from assent.bench.suite_run import run_suite
from assent.core.errors import ConfigError, InputError, NotFoundError, WeightsError
from assent.testing import ThresholdMethod

TEXT = """
title = "Try"
[defaults]
data = "synthetic:raters2d"
images = 1
rounds = 1
splits = []
label = "careful"
[[run]]
name = "{method}, lapse {lapse}"
method = "threshold"
lapse = [0.0, 1.0]
[[run]]
name = "orders"
method = "threshold"
seed = [0, 1]
[[run]]
name = "elsewhere"
method = "missing"
[[check]]
check = "at least something"
run = "threshold, lapse 0.0"
round = 1
at_least = 0.01
[[check]]
check = "a difference"
run = "threshold, lapse 0.0"
minus = "threshold, lapse 1.0"
round = 0
at_most = 0.0
[[check]]
check = "needs what is not there"
run = "elsewhere"
at_least = 0.0
"""


def build(name, settings):
    if name == "missing":
        raise WeightsError("The weights of missing are not here.")
    return ThresholdMethod(**settings)


@pytest.mark.parametrize("name", suite.names())
def test_shipped_suites_can_be_read(name):
    loaded = suite.load(name)
    assert loaded.runs
    assert len({(r.name, r.config.seed) for r in loaded.runs}) == len(loaded.runs)


def test_the_promised_suites_are_there():
    assert {"preference", "clicks", "smoke"} <= set(suite.names())
    with pytest.raises(NotFoundError, match="clicks"):
        suite.load("nonsense")


def test_lists_become_runs_and_names_their_values():
    runs = suite.parse("try", TEXT).runs
    assert [r.name for r in runs] == [
        "threshold, lapse 0.0",
        "threshold, lapse 1.0",
        "orders",
        "orders",
        "elsewhere",
    ]
    assert runs[1].config == BenchConfig(
        method="threshold", images=1, rounds=1, splits=(), label="careful", lapse=1.0
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("rounds = 1", "rounds = 0", "rounds"),
        ("rounds = 1", "turns = 1", "unknown field 'turns'"),
        ("title", "titel", "title"),
        ("[[run]]", "[[run", "cannot be read"),
        ('run = "elsewhere"', 'run = "nowhere"', "nowhere"),
        ("at_least = 0.01", "", "either at_least or at_most"),
        ("round = 0", 'metric = "hd95_mm"', "expected one of: dice_at, noc"),
    ],
)
def test_a_damaged_suite_is_refused(old, new, sentence):
    with pytest.raises((ConfigError, NotFoundError), match=sentence):
        suite.parse("try", TEXT.replace(old, new, 1))


def test_a_suite_writes_its_report(tmp_path):
    told = []
    outcome = run_suite(
        suite.parse("try", TEXT),
        None,
        tmp_path,
        build=build,
        report=lambda name, done: told.append((name, done.done)),
    )
    claims = json.loads((tmp_path / "summary.json").read_text())
    assert [list(c) for c in claims] == [["check", "value", "low", "high", "target", "pass"]] * 3
    assert [c["pass"] for c in claims] == [True, True, False]
    assert claims[1]["value"] == 0.0
    assert claims[2]["value"] is None
    report = (tmp_path / "report.md").read_text()
    assert "# Try" in report
    assert "- elsewhere: The weights of missing are not here." in report
    lines = list(csv.DictReader((tmp_path / "report.csv").read_text().splitlines()))
    assert len(lines) == 3 * 2
    assert (tmp_path / "curves.png").stat().st_size > 1000
    assert outcome.rows["orders"].summary["trials"] == 2
    assert len(list((tmp_path / "runs").iterdir())) == 4
    assert told == [
        (r, 1) for r in ("threshold, lapse 0.0", "threshold, lapse 1.0", "orders", "orders")
    ]


def test_a_suite_resumes(tmp_path):
    parsed = suite.parse("try", TEXT)
    run_suite(parsed, None, tmp_path, build=build)
    before = (tmp_path / "report.csv").read_text()
    run_suite(parsed, None, tmp_path, build=build, resume=True)
    assert (tmp_path / "report.csv").read_text() == before


def test_a_missing_dataset_stops_a_suite_before_it_starts(tmp_path):
    parsed = suite.parse("try", TEXT.replace("synthetic:raters2d", "bubil_ds1"))
    for root in (None, tmp_path):
        with pytest.raises(InputError, match="bubil_ds1 was not found"):
            run_suite(parsed, root, tmp_path / "out", build=build)
    assert not (tmp_path / "out").exists()
