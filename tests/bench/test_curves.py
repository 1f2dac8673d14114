"""One view counts once, however often it was played; intervals draw what hangs together."""

import numpy as np
import pytest

from assent.bench.config import BenchConfig
from assent.bench.curves import curves
from assent.bench.pooled import paired, pooled
from assent.bench.summarise import summarise
from bench.test_results import trial

CONFIG = BenchConfig(method="m", rounds=2, target_dice=0.9)


def first(curve):
    return curve.dice[0]


def compare(left, right, value, other=None):
    pairs = paired(left, right, value, other)
    return None if pairs is None else pooled([pairs])


def played(starts, *, gain=0.0, seeds=1, spread=0.0, **kwargs):
    """Trials of images with these starts, in several orders that scatter around them."""
    rng = np.random.default_rng(8)
    return [
        record
        for seed in range(seeds)
        for case, start in enumerate(starts)
        for record in trial(
            str(case), start + gain + spread * rng.standard_normal(), seed=seed, **kwargs
        )
    ]


def test_a_view_is_the_mean_of_its_orders():
    records = [*trial("1", 0.2, 0.9, 0.9), *trial("1", 0.4, 0.5, 0.6, seed=1)]
    (curve,) = curves(records, CONFIG).values()
    assert curve.group == ("ds", "1")
    assert curve.dice.tolist() == pytest.approx([0.3, 0.7, 0.75])
    assert curve.seconds.tolist() == pytest.approx([0.0, 1.6, 3.2])
    assert curve.noc == 1.5
    assert curve.failed == 0.5


def test_nothing_is_counted_where_nobody_answers_or_there_is_no_target():
    for config in (BenchConfig(method="m", rounds=0, target_dice=0.9), BenchConfig(method="m")):
        (curve,) = curves(trial("1", 0.2), config).values()
        assert curve.noc is None
        assert curve.failed is None
        assert "noc" not in summarise(trial("1", 0.2), config)


def test_twenty_orders_of_an_image_are_one_unit():
    starts = [0.2, 0.5, 0.6, 0.9]
    config = BenchConfig(method="m", rounds=0)
    once, often = (summarise(played(starts, seeds=n), config) for n in (1, 20))
    assert once["dice_at"] == pytest.approx(often["dice_at"])
    assert once["dice_at_ci"][0] == pytest.approx(often["dice_at_ci"][0])
    assert (often["trials"], often["cases"], often["orders"]) == (80, 4, 20)


def test_an_image_that_came_in_more_orders_counts_no_more():
    records = [*trial("1", 0.0), *trial("2", 1.0), *trial("2", 1.0, seed=1)]
    summary = summarise(records, BenchConfig(method="m", rounds=0))
    assert summary["dice_at"] == [0.5]
    assert summary["dice_at_ci"] == [[0.0, 1.0]]


def test_work_is_that_of_one_order():
    one = summarise(trial("1", 0.1, 0.2, 0.3), CONFIG)
    four = summarise([r for s in range(4) for r in trial("1", 0.1, 0.2, 0.3, seed=s)], CONFIG)
    assert one["total_actions"] == four["total_actions"] == 2
    assert one["actions"] == four["actions"] == {"click": 2}


def test_a_run_of_one_order_is_paired_with_the_mean_of_many():
    starts = np.random.default_rng(1).random(30) * 0.5
    config = BenchConfig(method="m", rounds=0)
    plain = curves(played(starts), config)
    carried = curves(played(starts, gain=0.03, seeds=20, spread=0.05), config)
    gain = compare(carried, plain, first)
    assert 0.0 < gain.low < 0.03 < gain.high < 0.05
    one_order = curves(played(starts, gain=0.03, seeds=1, spread=0.05), config)
    alone = compare(one_order, plain, first)
    assert gain.high - gain.low < 0.4 * (alone.high - alone.low)


def test_an_interval_over_orders_is_as_wide_as_the_images_are_few():
    config = BenchConfig(method="m", rounds=0)
    plain = curves(played([0.5] * 4), config)
    gains = [0.1, 0.1, 0.1, -0.1]
    carried = curves(played([0.5 + gain for gain in gains], seeds=20), config)
    found = compare(carried, plain, first)
    assert found.mean == pytest.approx(0.05)
    assert found.low == pytest.approx(-0.05)


def test_a_difference_is_paired_by_view_and_drawn_by_image():
    raters = [f"r{n}" for n in range(20)]
    left = [r for w in raters for c, d in (("1", 0.6), ("2", 0.9)) for r in trial(c, d, rater=w)]
    right = [r for w in raters for c, d in (("1", 0.5), ("2", 0.5)) for r in trial(c, d, rater=w)]
    config = BenchConfig(method="m", rounds=0)
    found = compare(curves(left, config), curves(right, config), first)
    assert (found.mean, found.low, found.high) == pytest.approx((0.25, 0.1, 0.4))


def test_volumes_of_a_patient_are_drawn_together_and_images_are_not():
    starts = [0.2, 0.2, 0.2, 0.2, 0.8, 0.8]
    patients = ["ann", "ann", "ann", "ann", "bob", "bob"]
    volumes = [
        record
        for case, (start, patient) in enumerate(zip(starts, patients, strict=True))
        for record in trial(str(case), start, group=patient)
    ]
    config = BenchConfig(method="m", rounds=0)
    together, apart = summarise(volumes, config), summarise(played(starts), config)
    assert together["cases"] == apart["cases"] == 6
    assert together["dice_at"] == pytest.approx([0.4])
    assert apart["dice_at"] == pytest.approx([0.4])
    assert together["dice_at_ci"][0] == pytest.approx([0.2, 0.8])
    assert apart["dice_at_ci"][0][1] < 0.75


def test_runs_with_nothing_in_common_have_no_difference():
    config = BenchConfig(method="m", rounds=0)
    left, right = curves(trial("1", 0.5), config), curves(trial("2", 0.5), config)
    assert compare(left, right, first) is None
    shared = curves([*trial("1", 0.2), *trial("2", 0.5)], config)
    assert compare(left, shared, first).mean == pytest.approx(0.3)


def test_two_answers_can_be_compared_within_a_run():
    found = curves([*trial("1", 0.5, 0.6, 0.9), *trial("2", 0.3, 0.4, 0.5)], CONFIG)
    gain = compare(found, found, lambda curve: curve.dice[2], first)
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.3, 0.2, 0.4))
