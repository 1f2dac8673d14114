"""Running a benchmark: who is played, what is counted, and that it repeats."""

from dataclasses import replace

import numpy as np
import pytest

import assent.bench.play as table
from assent.bench.config import BenchConfig
from assent.bench.record import by_trial
from assent.bench.run import run
from assent.bench.summarise import summarise
from assent.bench.trials import FUSED, fuse, look, plan
from assent.core import metrics
from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.raters import generalised_energy_distance
from assent.core.simulate import consensus_click
from assent.sessions.session import Session
from assent.testing import ThresholdMethod
from bench.small import Blobs, Noting, Shy


def config(**settings):
    return BenchConfig(**{"method": "threshold", "rounds": 3, **settings})


def play(source=None, method=None, **settings):
    return list(run([source or Blobs()], method or ThresholdMethod(), config(**settings)))


def without_latency(records):
    return [replace(r, latency_ms=None) for r in records]


@pytest.mark.parametrize("annotator", ["pick", "judge", "click", "scribble", "mixed"])
@pytest.mark.parametrize("extra", [{}, {"context": True, "carry_over": True, "lapse": 0.5}])
def test_the_same_seed_gives_the_same_records(annotator, extra):
    first = play(annotator=annotator, target_dice=0.9, **extra)
    second = play(annotator=annotator, target_dice=0.9, **extra)
    assert without_latency(first) == without_latency(second)
    assert {r.error for r in first} == {""}


@pytest.mark.parametrize("annotator", ["pick", "click"])
def test_every_rater_of_every_case_gets_every_round(annotator):
    trials = by_trial(play(annotator=annotator, target_dice=0.5, splits=()))
    assert len(trials) == 12
    for rounds in trials.values():
        assert [r.round for r in rounds] == [0, 1, 2, 3]


def test_raters_share_the_proposal_of_round_0_and_the_embedding():
    method = Noting()
    trials = by_trial(play(method=method))
    assert method.calls["embed"] == 2
    assert len(trials) == 4


def test_every_measure_of_a_record_comes_from_one_look_at_the_surfaces(monkeypatch):
    looks = []

    def look_at_large_pixels(mask, reference, spacing_zyx_mm):
        looks.append((mask, reference, tuple(4 * size for size in spacing_zyx_mm)))
        return metrics.surface_distances_mm(*looks[-1])

    monkeypatch.setattr(table, "surface_distances_mm", look_at_large_pixels)
    records = play(rounds=0, splits=())
    assert len(looks) == len(records) == 12
    for (mask, reference, spacing), record in zip(looks, records, strict=True):
        assert record.iou == metrics.iou(mask, reference)
        assert record.nsd == metrics.nsd(mask, reference, spacing, tolerance_mm=1.0)
        assert record.hd95_mm == metrics.hd95_mm(mask, reference, spacing)
        assert record.assd_mm == metrics.assd_mm(mask, reference, spacing)
    assert any(0.0 < record.nsd < 1.0 for record in records)


def test_actions_and_seconds_add_up():
    for rounds in by_trial(play(annotator="click", splits=())).values():
        for record in rounds:
            assert record.seconds_modelled == pytest.approx(1.6 * record.actions.get("click", 0))
            assert (record.latency_ms is not None) == (
                record.round > 0 and record.actions.get("click", 0) == record.round
            )


def test_a_content_annotator_stops_and_the_last_value_is_carried_forward():
    method = Noting()
    first, *rest = play(method=method, target_dice=0.0, images=1, label="wide")
    assert method.given == []
    assert [r.dice for r in rest] == [first.dice] * 3
    assert all(r.latency_ms is None and r.actions == {} for r in rest)


@pytest.mark.parametrize("annotator", ["click", "mixed"])
def test_once_the_target_is_reached_its_value_is_carried_forward(annotator):
    source, rounds = Blobs(images=4), 6
    free = by_trial(play(source, annotator="click", splits=(), rounds=rounds))
    aims = {key: trial[2].dice for key, trial in free.items() if trial[2].dice > trial[1].dice}
    key, aim = next(
        (key, aim) for key, aim in aims.items() if max(r.dice for r in free[key][:2]) < aim
    )
    method = Noting()
    stopped = by_trial(
        play(source, method, annotator=annotator, splits=(), rounds=rounds, target_dice=aim)
    )[key]
    reached = next(r.round for r in stopped if r.dice >= aim)
    assert 0 < reached < rounds
    assert [r.round for r in stopped] == list(range(rounds + 1))
    after = stopped[reached + 1 :]
    assert {r.dice for r in after} == {stopped[reached].dice}
    assert {tuple(r.actions.items()) for r in after} == {tuple(stopped[reached].actions.items())}
    assert {r.latency_ms for r in after} == {None}
    assert stopped[reached].latency_ms is not None
    accepted = {"accept": 1} if annotator == "mixed" else {}
    answers = sum(count for kind, count in stopped[-1].actions.items() if kind != "accept")
    assert answers == reached
    assert {k: v for k, v in stopped[-1].actions.items() if k == "accept"} == accepted


def test_mixed_accepts_when_content():
    first, *rest = play(annotator="mixed", target_dice=0.0, images=1, label="wide")
    assert first.actions == rest[-1].actions == {"accept": 1}
    assert first.seconds_modelled == 1.0


def test_each_annotator_answers_in_its_own_way():
    for annotator, kind in [("pick", Pick), ("judge", Judge), ("click", Correct)]:
        method = Noting()
        play(method=method, annotator=annotator, splits=())
        assert {type(f) for f in method.given} == {kind}


def test_careless_picks_differ_from_careful_ones():
    careful, careless = Noting(), Noting()
    play(method=careful, splits=())
    play(method=careless, splits=(), lapse=1.0)
    assert [f.candidate for f in careful.given] != [f.candidate for f in careless.given]


def test_the_lapse_rate_of_the_settings_reaches_the_annotator():
    method = Noting()
    play(Blobs(images=40), method, splits=(), rounds=1, lapse=0.5, label="wide")
    careful = Noting()
    play(Blobs(images=40), careful, splits=(), rounds=1, label="wide")
    first = [given.candidate for given in method.given]
    best = [given.candidate for given in careful.given]
    assert len(first) == 40
    slipped = np.mean([a != b for a, b in zip(first, best, strict=True)])
    # Half of the answers are careless, and a fourth of these hit the best of four all the same.
    assert 0.2 < slipped < 0.55


def test_a_method_that_must_be_told_gets_one_click_that_is_no_answer():
    method = Shy()
    records = play(method=method, annotator="pick", images=1)
    source = Blobs()
    case = plan(source, config(images=1)).cases[0]
    masks = look(case, "blob", config()).everyone
    click = consensus_click(masks, rng=np.random.default_rng(0))
    assert isinstance(method.given[0], Correct)
    z, y, x = method.given[0].prompts[0].at_zyx
    assert all(mask[z, y, x] for mask in masks)
    assert click.positive
    assert records[0].round == 0
    assert records[0].actions == {"click": 1}
    assert records[3].actions == {"click": 1, "pick": 3}


def test_before_the_first_click_nothing_is_on_screen():
    method = Shy()
    records = play(method=method, annotator="click", images=1, label="wide")
    assert records[0].dice == 0.0
    assert (records[0].hd95_mm, records[0].assd_mm) == (None, None)
    assert (records[0].nsd, records[0].iou) == (0.0, 0.0)
    first = method.given[0].prompts[0]
    assert first.positive
    assert records[1].dice > 0.0


def test_with_context_nobody_has_to_be_told():
    method = Shy()
    records = play(method=method, annotator="click", images=1, label="wide", context=True)
    assert records[0].dice > 0.0
    assert records[0].actions == {}


def test_context_is_remembered_once_and_never_from_an_evaluated_case():
    method = Noting()
    records = play(method=method, context=True, context_size=2)
    assert method.calls["remember"] == 2 * 2  # two raters, two entries each
    assert {r.context_size for r in records} == {2}
    assert all(len(memory) == 2 for memory in method.memories)
    drawn = plan(Blobs(), config(splits=(), images=4))
    assert not {c.group for c in drawn.cases} & {c.group for c in drawn.pool}
    assert len(drawn.pool) == 2


@pytest.mark.parametrize("images", [1, 2, 3])
def test_with_every_split_context_comes_from_groups_that_are_not_evaluated(images):
    drawn = plan(Blobs(images=12, per_group=3), config(splits=(), images=images, context=True))
    groups = {c.group for c in drawn.cases}
    assert len(drawn.cases) == images
    assert not groups & {c.group for c in drawn.pool}
    # Everything else is there: only whole groups that are evaluated are held back.
    assert len(drawn.pool) == 12 - 3 * len(groups)


def test_with_some_splits_context_comes_from_the_others():
    drawn = plan(Blobs(images=12), config(splits=("test",), images=2, context=True))
    assert {c.split for c in drawn.pool} == {"train", "val"}
    assert len(drawn.pool) == 8


def test_context_needs_images_that_are_not_evaluated():
    with pytest.raises(InputError, match="none is left to serve as context"):
        play(context=True, splits=())


def test_an_unusable_example_is_passed_over():
    records = play(Blobs(empty=frozenset({"00"})), context=True, splits=("test",))
    sizes = {r.rater: r.context_size for r in records}
    assert sizes == {"tight": 3, "wide": 4}


def test_carry_over_hands_each_rater_their_own_profile():
    method = Noting()
    play(method=method, carry_over=True, splits=())
    tight, wide = method.priors[0::2], method.priors[1::2]
    for priors in (tight, wide):
        assert priors[0] is None
        assert [p["images"] for p in priors[1:]] == [1, 2, 3, 4, 5]
    assert [p["threshold"] for p in wide[1:]] < [p["threshold"] for p in tight[1:]]
    assert sum(isinstance(f, Accept) for f in method.given) == 12


def test_without_carry_over_there_is_no_profile():
    method = Noting()
    play(method=method, splits=())
    assert set(method.priors) == {None}


@pytest.mark.parametrize("carry_over", [False, True])
def test_what_is_finished_is_not_yielded_again_and_the_rest_is_the_same(carry_over):
    whole = play(splits=(), carry_over=carry_over)
    keys = list({r.key: None for r in whole})
    finished = set(keys[:5])
    rest = list(
        run(
            [Blobs()],
            ThresholdMethod(),
            config(splits=(), carry_over=carry_over),
            finished=finished,
        )
    )
    wanted = [r for r in whole if r.key not in finished]
    assert without_latency(rest) == without_latency(wanted)


def test_images_are_the_first_of_one_permutation():
    many = [c.id for c in plan(Blobs(images=12), config(splits=(), images=7)).cases]
    few = [c.id for c in plan(Blobs(images=12), config(splits=(), images=3)).cases]
    other = [c.id for c in plan(Blobs(images=12), config(splits=(), images=7, seed=1)).cases]
    assert few == many[:3]
    assert many != other


def test_a_broken_case_is_recorded_and_the_run_goes_on():
    told = []
    records = list(
        run([Blobs(broken=frozenset({"04"}))], ThresholdMethod(), config(), report=told.append)
    )
    failed = [r for r in records if r.error]
    assert {r.key for r in failed} == {("blobs", "04", "blob", r) for r in ("tight", "wide")}
    assert "the file is damaged" in failed[0].error
    assert len(by_trial(records)) == 2
    assert [(t.done, t.total) for t in told] == [(1, 2), (2, 2)]
    assert told[-1].failures == 2


def test_an_empty_reference_is_not_played():
    records = play(Blobs(empty=frozenset({"04"})))
    assert ("blobs", "04", "blob", "tight") not in {r.key for r in records}
    assert not any(r.error for r in records)


def test_fused_raters_are_one_target_with_a_majority_of_some():
    records = play(raters="fused", splits=())
    assert {r.rater for r in records} == {FUSED}
    assert len(by_trial(records)) == 6


def test_fusing_takes_a_strict_majority_of_a_random_subset():
    masks = [np.full((1, 1, 4), False) for _ in range(3)]
    for number, mask in enumerate(masks):
        mask[..., number:] = True
    seen = {fuse(masks, np.random.default_rng(s)).sum() for s in range(60)}
    assert seen == {4, 3, 2}  # any one of them, or the smaller of two, or the middle of three


def test_one_mask_per_target_is_not_fused():
    records = play(Blobs(raters=("",)), raters="fused")
    assert {r.rater for r in records} == {""}


def test_a_volume_is_played_as_its_largest_slice_unless_asked():
    source = Blobs(depth=5)
    case = source.cases("test")[0]
    assert look(case, "blob", config()).image.shape_dhw == (1, 21, 25)
    assert look(case, "blob", config(volume=True)).image.shape_dhw == (5, 21, 25)
    records = play(source, images=1, volume=True, rounds=1)
    assert records[1].seconds_modelled == 14.0


@pytest.mark.parametrize(
    ("depth", "volume", "group"), [(5, True, "03"), (5, False, ""), (1, True, "")]
)
def test_volumes_say_what_they_belong_to(depth, volume, group):
    source = Blobs(images=6, depth=depth, per_group=3)
    records = play(source, splits=(), label="wide", volume=volume, rounds=1)
    of_case = {r.case: r.group for r in records}
    assert set(of_case) == {"00", "01", "02", "03", "04", "05"}
    assert of_case["04"] == of_case["05"] == group
    assert of_case["03"] == ""  # the group is named after it


def test_candidates_are_compared_with_all_raters_before_any_answer():
    source = Blobs()
    first, *rest = play(source, annotator="pick", images=1, label="tight")
    view = look(plan(source, config(images=1)).cases[0], "blob", config())
    shown = Session(ThresholdMethod(), view.image).propose()
    masks = np.concatenate([shown.recommended[None], shown.alternatives])
    wanted = generalised_energy_distance(masks, np.stack(view.everyone))
    assert len(view.everyone) == 2
    assert first.energy_distance == pytest.approx(wanted)
    assert 0.0 < wanted < 2.0
    assert {r.energy_distance for r in rest} == {None}
    summary = summarise([first, *rest], config())
    assert summary["energy_distance"] == pytest.approx(wanted)


def test_without_several_raters_or_alternatives_there_is_no_energy_distance():
    one = play(Blobs(raters=("tight",)), images=1)
    untold = play(method=Shy(), annotator="click", images=1)
    content = play(images=1, target_dice=0.0)
    assert {r.energy_distance for r in [*one, *untold]} == {None}
    assert [r.energy_distance is None for r in content[:4]] == [False, True, True, True]
    assert summarise(one, config())["energy_distance"] is None


def test_in_a_run_without_rounds_nobody_answers():
    method = Noting()
    (record,) = play(method=method, rounds=0, images=1, label="wide", target_dice=0.9)
    assert (record.round, record.actions, record.latency_ms) == (0, {}, None)
    assert method.given == []
    assert record.dice > 0.5
    (deaf,) = play(method=Deaf(), rounds=0, images=1, label="wide")
    assert deaf.dice == record.dice


def test_unknown_label_and_empty_split_are_refused():
    with pytest.raises(NotFoundError, match="blob, tight, wide"):
        play(label="liver")
    with pytest.raises(InputError, match="in the split val"):
        play(Blobs(images=3), splits=("val",))


class Deaf(ThresholdMethod):
    capabilities = replace(ThresholdMethod.capabilities, feedback=frozenset({"click"}))


class Mute(ThresholdMethod):
    capabilities = replace(ThresholdMethod.capabilities, feedback=frozenset())


def test_a_method_that_cannot_hear_the_annotator_is_refused():
    with pytest.raises(ConfigError, match="does not listen to a pick"):
        play(method=Deaf())


def test_a_method_that_hears_nothing_is_measured_as_it_is():
    records = play(method=Mute(), annotator="click", images=1, label="wide")
    assert len({r.dice for r in records}) == 1
    assert records[0].dice > 0.5
