import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core.errors import InputError, ShapeError
from assent.methods.posterior.bases import Bases, dice_between, reduce_points
from assent.methods.posterior.choice import (
    answer_probabilities,
    log_accept,
    log_answers,
    log_judgement,
    log_label,
)
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import (
    AcceptAnswer,
    BoxAnswer,
    JudgeAnswer,
    PackedMasks,
    PickAnswer,
    StrokeAnswer,
    log_likelihood,
)
from methods.posterior.posterior_toy import CONFIG, SIDE, toy_bases

RNG = np.random.default_rng(3)
BASES = toy_bases()
Z = RNG.standard_normal((40, BASES.latent))
SHAPE = BASES.shape
unit = st.floats(0, 1, allow_nan=False)
lapses = st.sampled_from([0.0, 0.1, 0.5])


def one_dice(a, b):
    total = a.sum() + b.sum()
    return 1.0 if total == 0 else 2 * (a & b).sum() / total


@given(arrays(float, st.tuples(st.integers(1, 4), st.integers(0, 5)), elements=unit), lapses)
@settings(max_examples=40, deadline=None)
def test_picks_with_and_without_none_sum_to_one(dice, lapse):
    config = PosteriorConfig(lapse=lapse, beta=200)
    table = answer_probabilities(dice, config)
    assert table.shape == (len(dice), dice.shape[1] + 1)
    assert np.allclose(table.sum(1), 1)
    if dice.shape[1]:
        without = answer_probabilities(dice, config, none_offered=False)
        assert without.shape == dice.shape
        assert np.allclose(without.sum(1), 1)


@given(st.floats(-1, 1), lapses)
@settings(max_examples=40, deadline=None)
def test_better_and_worse_sum_to_one_and_cannot_tell_says_nothing(gain, lapse):
    config = PosteriorConfig(lapse=lapse, beta=200)
    gain = np.array([gain])
    both = np.exp(log_judgement(gain, "better", config)) + np.exp(
        log_judgement(gain, "worse", config)
    )
    assert both == pytest.approx(1)
    assert log_judgement(gain, "cannot_tell", config) == 0


@given(st.floats(-500, 500, width=32), st.sampled_from([0.0, 0.02, 0.5]))
@settings(max_examples=40, deadline=None)
def test_the_two_labels_of_a_pixel_sum_to_one(logit, error):
    config = PosteriorConfig(prompt_lapse=error)
    logits = np.array([logit], np.float32)
    pair = np.exp(log_label(logits, config)) + np.exp(log_label(-logits, config))
    assert np.isfinite(log_label(-np.abs(logits), config)).all()
    assert pair == pytest.approx(1, abs=1e-5)


def test_the_formulas_of_the_table_by_hand():
    dice = np.array([[0.9, 0.6]])
    e, beta, t = CONFIG.lapse, CONFIG.beta, CONFIG.none_at
    terms = np.exp([beta * 0.9, beta * 0.6, beta * t])
    wanted = (1 - e) * terms / terms.sum() + e / 3
    assert np.allclose(np.exp(log_answers(dice, CONFIG))[0], wanted)
    better = (1 - e) / (1 + np.exp(-beta * 0.3)) + e / 2
    assert np.exp(log_judgement(np.array([0.3]), "better", CONFIG)) == pytest.approx(better)
    accepted = (1 - e) * 0.9**CONFIG.accept_power + e
    assert np.exp(log_accept(np.array([0.9]), CONFIG)) == pytest.approx(accepted)


def test_dice_by_matrix_product_is_dice():
    masks, shown = BASES.masks(Z), BASES.masks(2 * Z[:5]) ^ (RNG.random((5, SIDE**2)) < 0.1)
    wanted = [[one_dice(a, b) for b in shown] for a in masks]
    assert np.allclose(BASES.dice(Z, shown), wanted)
    assert np.allclose(dice_between(masks, shown), wanted)


def test_padding_does_not_count_and_empty_masks_agree():
    weight = np.ones(SIDE**2, np.float32)
    weight[: SIDE**2 // 2] = 0
    weighted = Bases(BASES.mean, BASES.directions, SHAPE, weight)
    kept = weight > 0
    shown = BASES.masks(Z[:3])
    wanted = [[one_dice(a[kept], b[kept]) for b in shown] for a in BASES.masks(Z)]
    assert np.allclose(weighted.dice(Z, shown), wanted)
    nothing = np.zeros((1, SIDE**2), bool)
    assert dice_between(nothing, nothing) == 1
    assert dice_between(nothing, shown).max() == 0


def test_a_coarser_grid_carries_the_same_z():
    parts = np.vstack([BASES.mean, BASES.directions])
    both, shape = reduce_points(parts, SHAPE, 16)
    pooled, _ = reduce_points(BASES.logits(Z), SHAPE, 16)
    assert shape == (1, 16, 16)
    assert np.allclose(Bases(both[0], both[1:], shape).logits(Z), pooled, atol=1e-3)
    ragged, shape = reduce_points(np.ones((2, 5 * 7)), (1, 5, 7), 4)
    assert shape == (1, 3, 4)
    assert np.allclose(ragged, 1)


def test_a_mixed_history_is_the_sum_of_its_parts_in_any_order():
    shown, masks = PackedMasks.of(BASES.masks(Z[:4])), BASES.masks(Z[4:6])
    answers = [
        PickAnswer(shown, 2),
        StrokeAnswer.of(np.array([[0, 16, 16], [0, 16, 17]]), SHAPE, positive=True),
        JudgeAnswer.of(masks[0], masks[1], "worse"),
        BoxAnswer((0, 6, 6), (1, 26, 26)),
        PickAnswer(shown, None),
        AcceptAnswer(PackedMasks.of(masks[:1])),
    ]
    whole = log_likelihood(BASES, answers, Z, CONFIG)
    parts = sum(log_likelihood(BASES, [answer], Z, CONFIG) for answer in answers)
    assert np.allclose(whole, parts)
    assert np.allclose(whole, log_likelihood(BASES, answers[::-1], Z, CONFIG))
    assert (log_likelihood(BASES, [], Z, CONFIG) == 0).all()


def test_a_stroke_counts_once_however_long_it_is():
    index = np.flatnonzero(BASES.masks(np.zeros((1, 4)))[0])
    one = log_likelihood(BASES, [StrokeAnswer(index[:1], False)], Z, CONFIG)
    points = np.stack(np.unravel_index(np.repeat(index[:1], 50), SHAPE), 1)
    many = log_likelihood(BASES, [StrokeAnswer.of(points, SHAPE, positive=False)], Z, CONFIG)
    assert np.allclose(one, many)
    empty = StrokeAnswer.of(np.empty((0, 3), np.int64), SHAPE, positive=True)
    assert (log_likelihood(BASES, [empty], Z, CONFIG) == 0).all()
    with pytest.raises(InputError, match="grid"):
        StrokeAnswer.of(np.array([[0, 0, SIDE]]), SHAPE, positive=True)


def test_a_box_prefers_the_particle_it_was_drawn_around():
    z = np.array([[0.0, 0, 0, 0], [2.5, 0, 0, 0], [-3.0, 0, 0, 0]])
    masks = BASES.masks(z).reshape(3, SIDE, SIDE)
    for wanted, mask in enumerate(masks):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        low, high = (0, rows[0], columns[0]), (1, rows[-1] + 1, columns[-1] + 1)
        box = BoxAnswer(low, high, reach_yx=(0, 0))
        assert np.argmax(log_likelihood(BASES, [box], z, CONFIG)) == wanted


def test_each_side_of_a_box_that_is_not_touched_costs_its_factor():
    mean = np.full((1, 20, 20), -9, np.float32)
    mean[0, 5:10, 5:10] = 9
    bases = Bases(mean.ravel(), np.zeros((2, 400), np.float32), (1, 20, 20))

    def weigh(high):
        box = BoxAnswer((0, 5, 5), high, reach_yx=(3, 3))
        return log_likelihood(bases, [box], np.zeros((1, 2)), CONFIG)[0]

    missed = np.log(CONFIG.prompt_lapse / (1 - CONFIG.prompt_lapse))
    assert weigh((1, 13, 10)) == pytest.approx(weigh((1, 10, 10)), abs=1e-3)
    assert weigh((1, 14, 10)) - weigh((1, 10, 10)) == pytest.approx(missed, abs=1e-3)


def solid(*slices, where=slice(5, 10), depth=4):
    """Bases of a volume with a square on some slices, whatever z is."""
    mean = np.full((depth, 20, 20), -9, np.float32)
    mean[list(slices), where, where] = 9
    return Bases(mean.ravel(), np.zeros((2, mean.size), np.float32), mean.shape)


def weigh(bases, *answers):
    return log_likelihood(bases, answers, np.zeros((1, 2)), CONFIG)[0]


def test_a_box_on_one_slice_says_nothing_about_the_others():
    box = BoxAnswer((1, 5, 5), (2, 10, 10))
    assert weigh(solid(1), box) == pytest.approx(weigh(solid(0, 1, 2, 3), box))
    assert weigh(solid(1, where=slice(5, 18)), box) < weigh(solid(1), box) - 1
    elsewhere = BoxAnswer((0, 5, 5), (0, 10, 10))
    assert weigh(solid(0, 3), elsewhere) == 0


def test_a_box_over_several_slices_is_outside_on_the_others_too():
    box = BoxAnswer((1, 5, 5), (3, 10, 10), ends=((0, 1, 2), (1, 2, 3)))
    assert weigh(solid(0, 1, 2, 3), box) < weigh(solid(1, 2), box) - 0.01


def test_both_ends_of_a_box_must_be_reached():
    missed = np.log(CONFIG.prompt_lapse / (1 - CONFIG.prompt_lapse))
    box = BoxAnswer((1, 5, 5), (5, 10, 10), ends=((0, 1, 2), (3, 4, 5)))
    whole = weigh(solid(1, 2, 3, 4, depth=6), box)
    assert weigh(solid(2, 3, depth=6), box) == pytest.approx(whole)
    assert weigh(solid(3, 4, depth=6), box) - whole == pytest.approx(missed)
    not_held = BoxAnswer((1, 5, 5), (5, 10, 10), ends=((), (3, 4, 5)))
    unjudged = -np.log(1 - CONFIG.prompt_lapse)
    assert weigh(solid(3, 4, depth=6), not_held) - whole == pytest.approx(unjudged)


def test_packed_masks_come_back_and_impossible_picks_are_refused():
    masks = RNG.random((3, 1, 5, 7)) < 0.5
    assert (PackedMasks.of(masks).unpack() == masks.reshape(3, -1)).all()
    with pytest.raises(InputError, match="3 were shown"):
        PickAnswer(PackedMasks.of(masks), 3)
    with pytest.raises(InputError, match="not on offer"):
        PickAnswer(PackedMasks.of(masks), None, none_offered=False)
    with pytest.raises(ShapeError, match="masks shown"):
        log_likelihood(BASES, [PickAnswer(PackedMasks.of(masks), 0)], Z, CONFIG)
