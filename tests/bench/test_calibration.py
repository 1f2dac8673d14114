"""What a method expects of its masks, and what is accepted without a look."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from assent.bench import acceptance
from assent.bench.acceptance import accept_from
from assent.bench.config import BenchConfig
from assent.bench.curves import curves
from assent.bench.run import run
from assent.bench.summarise import summarise
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError
from assent.core.metrics import dice
from assent.core.risk import accept_threshold
from assent.sessions.session import Session
from assent.testing import ThresholdMethod
from bench.small import Blobs, Noting, Shy
from bench.test_results import record, trial


def config(**settings):
    return BenchConfig(
        **{"method": "threshold", "rounds": 2, "splits": (), "label": "wide", **settings}
    )


def play(source=None, method=None, **settings):
    return list(run([source or Blobs()], method or ThresholdMethod(), config(**settings)))


def test_what_the_method_expects_is_recorded_with_every_mask():
    (first, *_) = play(rounds=0, images=1)
    source = Blobs()
    image = next(c for c in source.cases() if c.id == first.case).read_image()
    assert first.predicted_dice == Session(ThresholdMethod(), image).propose().predicted_dice


def test_nothing_is_expected_before_a_method_was_told_anything():
    told = play(method=Shy(), annotator="click", images=1)
    assert [r.predicted_dice is None for r in told] == [True, False, False]
    picked = play(method=Shy(), annotator="pick", images=1)
    assert picked[0].predicted_dice is not None  # one click said which object is meant
    with_examples = play(method=Shy(), annotator="click", images=1, context=True)
    assert with_examples[0].predicted_dice is not None


def test_masks_that_are_only_repeated_are_not_expected_again():
    records = play(annotator="click", target_dice=0.0, images=1)
    assert [r.predicted_dice is None for r in records] == [False, True, True]


def test_the_error_is_that_of_every_mask_whichever_way_it_errs():
    records = [
        record("1", 0, 0.5, predicted_dice=None),
        record("1", 1, 0.6, predicted_dice=0.8),
        record("1", 2, 0.9, predicted_dice=0.8),
        record("2", 0, 0.5, predicted_dice=0.5),
        record("3", 0, 0.5),
    ]
    found = {key[1]: c.calibration_error for key, c in curves(records, config()).items()}
    assert found["1"] == pytest.approx(0.15)
    assert (found["2"], found["3"]) == (0.0, None)
    assert summarise(records, config())["calibration_error"] == pytest.approx(0.075)
    assert "calibration_error" not in summarise(trial("1", 0.5), config())


def entries(count):
    cases = Blobs(images=count, raters=("wide",)).cases()
    return [ContextEntry(c.id, c.read_image(), c.references[0].read()) for c in cases]


def test_the_threshold_is_set_on_examples_that_are_predicted_from_the_others(monkeypatch):
    given = []
    monkeypatch.setattr(
        acceptance,
        "accept_threshold",
        lambda predicted, achieved, *, risk: given.append((predicted, achieved, risk)),
    )
    method = Noting()
    examples = entries(5)
    memory = [method.remember(entry) for entry in examples]
    assert accept_from(method, examples, memory, risk=0.2, seed=0) == inf
    assert [tuple(m) for m in method.memories] == [
        tuple(other for other in memory if other is not own) for own in memory
    ]
    ((predicted, achieved, risk),) = given
    assert risk == 0.2
    for number, entry in enumerate(examples):
        others = memory[:number] + memory[number + 1 :]
        shown = Session(ThresholdMethod(), entry.image, memory=others, context=examples[1:])
        mask = shown.propose()
        assert predicted[number] == mask.predicted_dice
        assert achieved[number] == dice(mask.recommended, entry.mask)


def test_enough_examples_give_the_threshold_of_the_product():
    examples = entries(24)
    method = ThresholdMethod()
    memory = [method.remember(entry) for entry in examples]
    found = accept_from(method, examples, memory, risk=0.05, seed=0)
    predicted, achieved = [], []
    for number, entry in enumerate(examples):
        others = slice(0, number), slice(number + 1, None)
        session = Session(
            method,
            entry.image,
            context=[e for part in others for e in examples[part]],
            memory=[m for part in others for m in memory[part]],
        )
        predicted.append(session.propose().predicted_dice)
        achieved.append(dice(session.propose().recommended, entry.mask))
    assert found == accept_threshold(predicted, achieved, risk=0.05)
    assert accept_from(method, examples[:10], memory[:10], risk=0.05, seed=0) == inf


@pytest.mark.parametrize(("threshold", "accepted"), [(0.0, True), (1.1, False)])
def test_a_mask_is_accepted_from_the_threshold_on(monkeypatch, threshold, accepted):
    monkeypatch.setattr("assent.bench.run.accept_from", lambda *args, **kwargs: threshold)
    records = play(images=2, rounds=1, context=True, context_size=3, auto_accept_risk=0.05)
    assert [r.accepted for r in records] == [accepted, None] * 2


def test_the_threshold_is_set_once_for_all_images(monkeypatch):
    calls = []

    def counted(method, entries, memory, *, risk, seed):
        calls.append((len(entries), len(memory), risk, seed))
        return 0.5

    monkeypatch.setattr("assent.bench.run.accept_from", counted)
    play(images=3, rounds=0, context=True, context_size=3, auto_accept_risk=0.1, seed=4)
    assert calls == [(3, 3, 0.1, 4)]
    assert {r.accepted for r in play(images=3, rounds=0, context=True)} == {None}


def test_a_threshold_needs_examples():
    with pytest.raises(ConfigError, match="needs finished examples"):
        config(auto_accept_risk=0.05)


def test_what_is_accepted_and_bad_is_a_share_of_all_images():
    outcomes = [(0.9, True), (0.84, True), (0.85, True), (0.3, False), (0.99, None)]
    records = [record(str(n), 0, d, accepted=a) for n, (d, a) in enumerate(outcomes)]
    summary = summarise(records, config(rounds=0))
    assert summary["accepted"] == pytest.approx(3 / 4)
    assert summary["accepted_bad"] == pytest.approx(1 / 4)
    again = [replace(r, seed=1, accepted=False) for r in records[:4]]
    both = summarise([*records[:4], *again], config(rounds=0))
    assert both["accepted"] == pytest.approx(3 / 8)
    assert both["accepted_bad"] == pytest.approx(1 / 8)
    assert np.isfinite(both["accepted_ci"]).all()
