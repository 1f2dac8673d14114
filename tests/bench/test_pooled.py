"""Several rows as one figure: each row counts once, and images are drawn within their row."""

import numpy as np
import pytest

from assent.bench.pooled import Paired, pooled


def part(values, minus=None, groups=None):
    values = np.array(values, float)
    names = groups if groups is not None else range(len(values))
    subtracted = np.zeros_like(values) if minus is None else np.array(minus, float)
    return Paired(values, subtracted, [("ds", str(name)) for name in names])


def test_every_row_counts_once_however_many_images_it_has():
    found = pooled([part([1.0] * 30), part([3.0])])
    assert (found.mean, found.low, found.high) == (2.0, 2.0, 2.0)
    assert pooled([part([1.0] * 30, [0.5] * 30), part([3.0], [1.0])]).mean == pytest.approx(1.25)


def test_a_share_is_that_of_the_means():
    rows = [part([1.0, 1.0], [2.0, 2.0]), part([8.0], [8.0])]
    found = pooled(rows, relative=True)
    # 4.5 instead of 5 answers; the mean of the shares would be a fourth.
    assert found.mean == pytest.approx(-0.1)
    assert pooled([part([3.0, 5.0], [8.0, 8.0])], relative=True).mean == -0.5


def test_a_share_of_nothing_cannot_be_told():
    assert pooled([part([1.0], [0.0])], relative=True) is None
    some = pooled([part([1.0, 1.0], [0.0, 2.0])], relative=True)
    assert np.isfinite([some.mean, some.low, some.high]).all()


def test_pairs_are_drawn_together():
    before = np.random.default_rng(0).random(20) * 10.0 + 1.0
    found = pooled([part(0.5 * before, before), part(before, 2 * before)], relative=True)
    assert (found.mean, found.low, found.high) == pytest.approx((-0.5, -0.5, -0.5))


def test_what_hangs_together_is_drawn_together():
    values = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    apart = pooled([part(values), part([0.0])])
    together = pooled([part(values, groups=[0, 0, 0, 1, 1, 1]), part([0.0])])
    assert (together.low, together.high) == (0.0, 0.5)
    assert 0.0 < apart.low < 0.25 < apart.high < 0.5


def test_rows_are_drawn_apart():
    values = np.random.default_rng(1).random(40)
    one = pooled([part(values)])
    many = pooled([part(values) for _ in range(16)])
    assert many.mean == pytest.approx(one.mean)
    assert many.high - many.low < 0.4 * (one.high - one.low)
