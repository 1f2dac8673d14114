"""A benchmark on a real folder, end to end."""

import os
from pathlib import Path

import pytest

from assent.bench.config import BenchConfig
from assent.bench.record import by_trial
from assent.bench.run import run
from assent.bench.suite import open_source
from assent.testing import ThresholdMethod


@pytest.mark.data
def test_raters_of_a_real_folder_are_targets_of_their_own():
    root = os.environ.get("ASSENT_DATA")
    if not root or not (Path(root) / "bubil_ds4").is_dir():
        pytest.skip("ASSENT_DATA does not name a folder that holds bubil_ds4")
    source = open_source("bubil_ds4", Path(root))
    config = BenchConfig(method="threshold", images=2, rounds=2, context=True, context_size=2)
    records = list(run([source], ThresholdMethod(), config))
    assert {r.error for r in records} == {""}
    trials = by_trial(records)
    assert {key[3] for key, _ in trials} == {"Expert1", "Expert2", "Expert3"}
    assert {r.context_size for r in records} == {2}
