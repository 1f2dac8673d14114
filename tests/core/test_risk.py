"""The threshold for automatic acceptance keeps the stated risk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import InputError
from assent.core.risk import accept_threshold, images_needed

FINISHED = st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)), min_size=0, max_size=120)
RISKS = st.sampled_from([0.02, 0.05, 0.07, 0.1, 0.29, 0.5])
quick = settings(max_examples=50, deadline=None)


def population(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and achieved Dice that go together loosely; a third is bad."""
    achieved = rng.beta(9.0, 1.2, count)
    return np.clip(achieved + rng.normal(0.0, 0.08, count), 0.0, 1.0), achieved


def split(pairs):
    return np.array([p for p, _ in pairs]), np.array([a for _, a in pairs])


def test_nineteen_images_for_five_percent_and_fiftynine_for_confidence():
    assert images_needed(0.05) == 19
    assert images_needed(0.05, 0.95) == 59
    assert images_needed(0.1) == 9
    assert images_needed(0.5) == 1


@pytest.mark.parametrize(("confidence", "needed"), [(None, 19), (0.95, 59)])
def test_nothing_is_accepted_before_enough_images_are_finished(confidence, needed):
    def threshold(count):
        perfect = np.ones(count)
        return accept_threshold(perfect, perfect, risk=0.05, confidence=confidence)

    assert threshold(0) is None
    assert threshold(needed - 1) is None
    assert threshold(needed) == 0.0


def test_with_the_fewest_images_no_bad_one_may_pass():
    predicted = np.linspace(0.5, 0.95, 19)
    achieved = np.where(np.arange(19) == 10, 0.5, 0.95)
    threshold = accept_threshold(predicted, achieved, risk=0.05)
    assert threshold == np.nextafter(predicted[10], 1.0)


def test_one_bad_image_may_pass_once_there_are_twice_as_many():
    predicted = np.linspace(0.5, 0.95, 39)
    achieved = np.full(39, 0.95)
    achieved[[10, 20, 30]] = 0.3
    assert accept_threshold(predicted, achieved, risk=0.05) == np.nextafter(predicted[20], 1.0)


def test_bad_images_predicted_perfect_lift_the_threshold_out_of_reach():
    threshold = accept_threshold(np.ones(40), np.zeros(40), risk=0.05)
    assert threshold is not None
    assert threshold > 1.0


@quick
@given(FINISHED, RISKS)
def test_the_threshold_is_the_lowest_that_meets_the_bound(pairs, risk):
    predicted, achieved = split(pairs)
    threshold = accept_threshold(predicted, achieved, risk=risk)

    def bound(at):
        lost = int(((predicted >= at) & (achieved < 0.85)).sum())
        return (lost + 1) / (len(predicted) + 1)

    if threshold is None:
        assert bound(2.0) > risk
        assert len(predicted) < images_needed(risk)
        return
    assert bound(threshold) <= risk + 1e-9
    if threshold > 0.0:
        assert bound(np.nextafter(threshold, -1.0)) > risk


@quick
@given(FINISHED, RISKS)
def test_more_risk_or_less_confidence_never_accepts_fewer(pairs, risk):
    predicted, achieved = split(pairs)

    def threshold(r, confidence=None):
        found = accept_threshold(predicted, achieved, risk=r, confidence=confidence)
        return np.inf if found is None else found

    assert threshold(risk) >= threshold(min(0.9, 1.5 * risk))
    assert threshold(risk, 0.99) >= threshold(risk, 0.9) >= threshold(risk, 0.6)


def test_the_next_image_is_automatic_and_bad_no_more_often_than_stated():
    rng = np.random.default_rng(0)
    trials, risk = 4000, 0.1
    lost = accepted = 0
    for _ in range(trials):
        predicted, achieved = population(rng, 41)
        threshold = accept_threshold(predicted[:40], achieved[:40], risk=risk)
        assert threshold is not None
        accepted += predicted[40] >= threshold
        lost += predicted[40] >= threshold and achieved[40] < 0.85
    noise = 3.0 * np.sqrt(risk * (1.0 - risk) / trials)
    assert lost / trials <= risk + noise
    # Not by accepting nothing: the method's slack is 1 / (n + 1) at most.
    assert lost / trials >= risk - 1.0 / 41 - noise
    assert accepted / trials > 0.4


def test_with_confidence_few_folders_exceed_the_risk():
    rng = np.random.default_rng(1)
    predicted, achieved = population(rng, 200_000)
    bad = np.sort(predicted[achieved < 0.85])
    trials, exceeded, useful = 1500, 0, 0
    for _ in range(trials):
        drawn = rng.integers(len(predicted), size=100)
        threshold = accept_threshold(predicted[drawn], achieved[drawn], risk=0.1, confidence=0.9)
        assert threshold is not None
        true_risk = (len(bad) - np.searchsorted(bad, threshold)) / len(predicted)
        exceeded += true_risk > 0.1
        useful += true_risk > 0.02
    assert exceeded / trials <= 0.1 + 3.0 * np.sqrt(0.1 * 0.9 / trials)
    assert useful / trials > 0.8


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match=r"equally long lists without NaN; got shapes \(2,\)"):
        accept_threshold([0.5, 0.6], [0.5])
    with pytest.raises(InputError, match="without NaN"):
        accept_threshold([np.nan], [0.5])
    for risk in (0.0, 1.0, -0.1):
        with pytest.raises(InputError, match="risk must lie between 0 and 1, both excluded"):
            accept_threshold([0.5], [0.5], risk=risk)
        with pytest.raises(InputError, match="risk must lie between 0 and 1"):
            images_needed(risk)
    with pytest.raises(InputError, match=r"confidence must lie .* got 1\.5"):
        images_needed(0.05, 1.5)
