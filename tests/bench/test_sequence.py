"""Images one after another: what is known of earlier ones, in which order, and what it brings."""

from dataclasses import replace

import pytest

from assent.bench.config import BenchConfig
from assent.bench.record import by_trial
from assent.bench.run import run
from assent.bench.summarise import summarise
from assent.bench.trials import plan
from assent.core.errors import ConfigError, InputError
from assent.testing import ThresholdMethod
from bench.small import Blobs, Noting
from bench.test_results import trial

MANY = Blobs(images=12)


def config(**settings):
    return BenchConfig(
        **{"method": "threshold", "rounds": 1, "splits": (), "label": "wide", **settings}
    )


def play(source=MANY, method=None, *, finished=(), **settings):
    chosen = config(sequence=True, **settings)
    return list(run([source], method or ThresholdMethod(), chosen, finished=finished))


def without_latency(records):
    return [replace(record, latency_ms=None) for record in records]


def test_every_image_knows_all_that_came_before_it():
    method = Noting()
    records = play(method=method)
    opened = [r for r in records if r.round == 0]
    assert [r.context_size for r in opened] == [r.place for r in opened] == list(range(12))
    assert method.calls["remember"] == 12
    # What was known when an image was opened does not grow with what came later.
    assert [len(memory) for memory in method.memories] == list(range(12))


def test_raters_learn_from_their_own_masks_only():
    method = Noting()
    play(Blobs(images=3), method, label=None)
    assert [len(memory) for memory in method.memories] == [0, 0, 1, 1, 2, 2]
    tight, wide = method.memories[4], method.memories[5]
    assert all(a != b for a, b in zip(tight, wide, strict=True))


def test_an_image_that_fails_teaches_nothing():
    records = play(Blobs(images=4, broken=frozenset({"02"})))
    opened = [r for r in records if r.round == 0 and not r.error]
    assert [r.context_size for r in opened] == [0, 1, 2]
    assert [r.case for r in records if r.error] == ["02"]


def test_a_resumed_sequence_goes_on_with_what_was_finished():
    whole = play()
    keys = list(dict.fromkeys(r.key for r in whole))
    method = Noting()
    rest = play(method=method, finished=set(keys[:5]))
    assert without_latency(rest) == without_latency(r for r in whole if r.key not in keys[:5])
    assert len(method.memories) == 7  # finished images are remembered, not played


def test_orders_of_the_same_images():
    def ids(**settings):
        return [c.id for c in plan(MANY, config(images=5, **settings)).cases]

    first, second = ids(seed=1, images_seed=0), ids(seed=2, images_seed=0)
    assert sorted(first) == sorted(second) == sorted(ids(seed=0))
    assert first != second
    assert sorted(ids(seed=1)) != sorted(first)


def test_left_out_images_are_neither_played_nor_examples():
    chosen = config(images=4, context=True, leave_out=("03", "07"))
    drawn = plan(MANY, chosen)
    seen = {c.id for c in (*drawn.cases, *drawn.pool)}
    assert seen == {c.id for c in MANY.cases()} - {"03", "07"}
    assert "03" in {c.id for c in plan(MANY, replace(chosen, leave_out=("07",))).pool} | {
        c.id for c in plan(MANY, replace(chosen, leave_out=("07",))).cases
    }
    with pytest.raises(InputError, match="no case"):
        plan(Blobs(images=1), config(leave_out=("00",)))


def test_examples_come_from_elsewhere_or_from_before():
    with pytest.raises(ConfigError, match=r"context and bench\.sequence are both on"):
        config(context=True, sequence=True)


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"sequence": True}, {"images 1 to 5": 5, "images from 6": 3}),
        ({"carry_over": True}, {"images 1 to 4": 4, "images from 5": 4}),
    ],
)
def test_the_first_images_are_summarised_apart(settings, parts):
    records = [r for n in range(8) for r in trial(str(n), n / 10, place=n)]
    found = summarise(records, config(rounds=0, **settings))["targets"]
    assert {name.removeprefix("ds cell "): part["cases"] for name, part in found.items()} == parts
    first = parts["images 1 to 5"] if "sequence" in settings else 4
    assert next(iter(found.values()))["dice_at"] == pytest.approx([sum(range(first)) / 10 / first])


def test_places_are_told_only_where_they_matter():
    assert {r.place for r in play(Blobs(images=3))} == {0, 1, 2}
    plain = list(run([Blobs()], ThresholdMethod(), config(images=2)))
    assert {r.place for r in plain} == {None}
    carried = list(run([Blobs()], ThresholdMethod(), config(carry_over=True)))
    assert [rounds[0].place for rounds in by_trial(carried).values()] == list(range(6))
