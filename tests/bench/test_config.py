"""Settings that make no sense are refused in words."""

import json

import pytest

from assent.bench.config import BenchConfig
from assent.core.errors import ConfigError


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"rounds": -1}, "bench.rounds is -1, but must be at least 0"),
        ({"annotator": "guess"}, "expected one of: pick, judge, click, scribble, mixed"),
        ({"raters": "all"}, "individual, fused"),
        ({"splits": ("dev",)}, "train, val, test"),
        ({"images": 0}, "at least 1"),
        ({"context_size": 0}, "at least 1"),
        ({"lapse": 1.5}, "between 0 and 1"),
        ({"target_dice": -0.1}, "between 0 and 1"),
        ({"seconds": {"blink": 1.0}}, "bench.seconds"),
        ({"seconds": {"pick": -1.0}}, "0 or more"),
    ],
)
def test_a_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        BenchConfig(method="threshold", **setting)


def test_digest_tells_settings_apart():
    a = BenchConfig(method="threshold")
    assert a.digest == BenchConfig(method="threshold").digest
    assert a.digest != BenchConfig(method="threshold", lapse=0.2).digest
    assert json.loads(json.dumps(a.to_json()))["splits"] == ["test"]


def test_seconds_can_be_set_and_differ_for_volumes():
    config = BenchConfig(method="threshold", seconds={"click": 2.0})
    assert config.seconds_of(is_volume=False)["click"] == 2.0
    assert config.seconds_of(is_volume=True)["click"] == 2.0
    assert BenchConfig(method="threshold").seconds_of(is_volume=True)["pick"] == 14.0
