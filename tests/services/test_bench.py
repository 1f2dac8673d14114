"""Benchmarks as a service: what is refused before anything runs, and what is handed on."""

from dataclasses import replace

import pytest

from assent.bench import suite
from assent.core.errors import InputError
from assent.services.bench import BenchConfig, BenchRequest, SuiteRequest, bench, bench_suite
from interfaces.small_files import write_set

SUITE = """
title = "Orders"
[defaults]
data = "synthetic:raters2d"
label = "wide"
images = 1
rounds = 1
splits = []
annotator = "click"
[[run]]
name = "{method}"
method = "geodesic"
seed = [3, 4]
[[run]]
name = "{method}"
method = "unet"
weights = "unet-{label}"
"""


def test_a_changed_folder_is_not_resumed(tmp_path):
    folder = write_set(tmp_path / "mine", 3)
    request = BenchRequest(
        config=BenchConfig(method="nearest-seed", annotator="click", rounds=1, splits=()),
        data=str(folder),
        out=tmp_path / "r.jsonl",
    )
    bench(request)
    again = replace(request, resume=True)
    assert bench(again).summary["trials"] > 1
    next((folder / "masks").rglob("*.png")).unlink()
    with pytest.raises(InputError, match="The files of mine are not those"):
        bench(again)


def test_a_suite_takes_fewer_orders_and_a_folder_of_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "load", lambda name: suite.parse(name, SUITE))
    weights = tmp_path / "trained"
    request = SuiteRequest(
        name="orders", data=None, out=tmp_path / "out", weights=weights, orders=1
    )
    with pytest.raises(InputError, match="no folder of weights 'trained'"):
        bench_suite(request)
    assert not (tmp_path / "out").exists()
    weights.mkdir()
    outcome = bench_suite(request)
    assert {r.seed for r in outcome.rows["geodesic"].records} == {3}
    assert (
        "unet-wide.safetensors, which does not ship and is not in trained"
        in (outcome.not_run["unet"])
    )
    assert "at most 1 orders" in (tmp_path / "out" / "report.md").read_text()
