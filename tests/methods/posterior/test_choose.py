from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from assent.core.errors import ShapeError
from assent.methods.posterior.bases import dice_between
from assent.methods.posterior.choose import choose, information_bits, judge_information_bits
from assent.methods.posterior.decide import decide
from assent.methods.posterior.evidence import PackedMasks, PickAnswer
from assent.methods.posterior.particles import LatentPrior, infer
from methods.posterior.posterior_toy import CONFIG, toy_bases

BASES = toy_bases()
NONE = np.empty((0, 1024), bool)


def scene(count=40, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    z = spread * rng.standard_normal((count, 4))
    weights = rng.dirichlet(np.ones(count))
    return BASES.masks(z), weights, BASES.masks(np.zeros((1, 4)))[0]


def enumerated_information(dice, weights, config):
    """Mutual information from the joint table, answer by answer."""
    utility = np.hstack([config.beta * dice, np.full((len(dice), 1), config.beta * config.none_at)])
    share = np.exp(utility) / np.exp(utility).sum(1, keepdims=True)
    joint = weights[:, None] * ((1 - config.lapse) * share + config.lapse / utility.shape[1])
    outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    return float((joint * np.log2(joint / outer)).sum())


@pytest.mark.parametrize("seed", range(3))
def test_information_is_that_of_the_joint_table(seed):
    masks, weights, _ = scene(seed=seed)
    dice = dice_between(masks, masks[:4])
    wanted = enumerated_information(dice, weights, CONFIG)
    assert information_bits(dice, weights, CONFIG) == pytest.approx(wanted)
    assert 0 < wanted < np.log2(5)


def test_a_judgement_tells_as_much_as_its_joint_table():
    masks, weights, recommended = scene()
    dice, incumbent = dice_between(masks, masks[:3]), dice_between(masks, recommended[None])[:, 0]
    bits = judge_information_bits(dice, incumbent, weights, CONFIG)
    for column, found in enumerate(bits):
        better = 1 / (1 + np.exp(-CONFIG.beta * (dice[:, column] - incumbent)))
        better = (1 - CONFIG.lapse) * better + CONFIG.lapse / 2
        joint = weights[:, None] * np.stack([better, 1 - better], 1)
        outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        assert found == pytest.approx((joint * np.log2(joint / outer)).sum())


@pytest.mark.parametrize("seed", range(8))
def test_a_page_comes_close_to_the_best_of_all_pages(seed):
    masks, weights, recommended = scene(count=10, seed=seed)
    config = replace(CONFIG, candidates=2, support_floor=0.0)
    choice = choose(masks, weights, NONE, recommended, config)
    dice = dice_between(masks, masks)
    to_recommended = dice_between(masks, recommended[None])[:, 0]
    allowed = [
        pair
        for pair in combinations(range(10), 2)
        if dice[pair] <= 0.97 and max(to_recommended[list(pair)]) <= 0.97
    ]
    scores = [information_bits(dice[:, list(pair)], weights, config) for pair in allowed]
    assert choice.information_bits > 0.85 * max(scores)


def test_alternatives_differ_from_the_recommendation_and_each_other():
    masks, weights, recommended = scene(spread=0.6)
    choice = choose(masks, weights, NONE, recommended, CONFIG)
    shown = masks[list(choice.shown)]
    assert len(shown) == 4
    every = np.concatenate([shown, recommended[None]])
    assert dice_between(every, every)[np.triu_indices(5, 1)].max() <= 0.97


def test_one_alternative_lies_far_from_the_recommendation():
    masks, weights, recommended = scene(count=64, spread=0.8)
    choice = choose(masks, weights, NONE, recommended, CONFIG)
    near = dice_between(masks, recommended[None])[:, 0]
    eligible = near[near <= 0.97]
    assert near[list(choice.shown)].min() <= np.quantile(eligible, 0.25) + 1e-9


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_posterior_that_is_sure_of_itself_still_shows_one_that_is_far(seed):
    """Where the most telling page has none, the mask that is missed least makes room for it."""
    rng = np.random.default_rng(seed)
    z = 1.2 * rng.standard_normal((40, 4))
    weights = np.exp(-np.square(z).sum(1) / 1.44 * 2)
    masks, recommended = BASES.masks(z), BASES.masks(np.zeros((1, 4)))[0]
    choice = choose(masks, weights / weights.sum(), NONE, recommended, CONFIG)
    near = dice_between(masks, recommended[None])[:, 0]
    support = weights / weights.sum() @ np.exp(CONFIG.beta * (dice_between(masks, masks) - 1))
    eligible = (near <= CONFIG.max_similarity) & (support >= CONFIG.support_floor)
    far = eligible & (near <= np.quantile(near[eligible], 0.25))
    shown = list(choice.shown)
    assert len(shown) == 4
    assert far[shown].any()
    assert not far[shown].all()


def test_pages_never_repeat_and_run_out():
    masks, weights, recommended = scene(count=12, spread=1.2)
    seen = []
    for page in range(20):
        shown = choose(masks, weights, NONE, recommended, CONFIG, page=page).shown
        seen.extend(shown)
        if not shown:
            break
    assert len(seen) == len(set(seen)) > 4
    similarity = dice_between(masks[seen], masks[seen])
    assert similarity[np.triu_indices(len(seen), 1)].max() <= 0.97
    last = choose(masks, weights, NONE, recommended, CONFIG, page=page)
    assert last.shown == ()
    assert last.judged_bits == ()


def test_fewer_are_shown_when_fewer_exist():
    masks, _, recommended = scene(count=1)
    same = np.repeat(recommended[None], 6, axis=0)
    assert choose(same, np.full(6, 1 / 6), NONE, recommended, CONFIG).shown == ()
    two = np.concatenate([same[:5], masks])
    choice = choose(two, np.full(6, 1 / 6), NONE, recommended, CONFIG)
    assert choice.shown == (5,)


def test_masks_that_nothing_supports_are_not_shown():
    masks, weights, recommended = scene()
    nonsense = np.random.default_rng(0).random((5, 1024)) < 0.5
    choice = choose(masks, weights, nonsense, recommended, CONFIG)
    assert max(choice.shown) < len(masks)


def test_an_extra_mask_is_shown_where_it_tells_most():
    masks, weights, recommended = scene(spread=0.05)
    satellite = recommended.copy()
    satellite[:160] = True
    half = np.concatenate([masks, masks | satellite])
    weights = np.concatenate([weights, weights]) / 2
    choice = choose(half[:-1], weights[:-1] / weights[:-1].sum(), half[-1:], recommended, CONFIG)
    shown = np.concatenate([half[:-1], half[-1:]])[list(choice.shown)]
    assert dice_between(satellite[None], shown).max() > 0.95


def test_what_a_judgement_tells_comes_with_each_mask_shown():
    masks, weights, recommended = scene()
    choice = choose(masks, weights, NONE, recommended, CONFIG)
    incumbent = dice_between(masks, recommended[None])[:, 0]
    bits = judge_information_bits(
        dice_between(masks, masks[list(choice.shown)]), incumbent, weights, CONFIG
    )
    assert choice.judged_bits == pytest.approx(bits)
    assert len(set(choice.judged_bits)) == 4


def test_grids_that_do_not_fit_are_refused():
    masks, weights, recommended = scene()
    with pytest.raises(ShapeError, match="extras"):
        choose(masks, weights, np.empty((0, 9), bool), recommended, CONFIG)


def dice_after_picks(seed, rounds, *, informative):
    bases, prior = toy_bases(latent=8), LatentPrior.standard(8)
    rng = np.random.default_rng(seed)
    wanted, answers, particles = bases.masks(rng.standard_normal((1, 8))), [], None
    for number in range(rounds + 1):
        particles = infer(
            bases, answers, prior, seed=seed, round=number, config=CONFIG, previous=particles
        )
        decision, heaviest = decide(bases, particles), particles.heaviest(CONFIG.heaviest)
        masks = bases.masks(heaviest.z)
        page = choose(masks, heaviest.weights, NONE, decision.mask, CONFIG).shown
        if not informative:
            page = rng.choice(len(masks), 4, replace=False, p=heaviest.weights)
        shown = masks[list(page)]
        best = int(np.argmax(dice_between(wanted, shown)[0]))
        answers.append(PickAnswer(PackedMasks.of(shown), best))
    return dice_between(wanted, decision.mask[None])[0, 0]


def test_informative_pages_teach_more_than_random_ones():
    seeds = range(12)
    chosen = np.mean([dice_after_picks(s, 4, informative=True) for s in seeds])
    drawn = np.mean([dice_after_picks(s, 4, informative=False) for s in seeds])
    assert chosen > drawn + 0.01
